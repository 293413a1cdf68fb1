"""Where a recall model is: a folder that a process reaches, or a URL, which is copied to this machine once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path

from fsspec.implementations.local import LocalFileSystem

from schemas.identity import code_identity
from udfs.reading.units import file_system
from udfs.web.classifier import Recall


@lru_cache(4)
def recall_model(location: str) -> Recall:
    """The model of a location. Raises ValueError where none is there, OSError or the driver's error without access."""
    files, path = file_system(location)
    if isinstance(files, LocalFileSystem):
        return Recall(path)
    if not files.isdir(path):
        raise ValueError(f"{location}: expected a folder with a recall model, found none")
    names = sorted(files.find(path))
    state = hashlib.sha256(repr([(name, files.checksum(name)) for name in names]).encode()).hexdigest()[:32]
    folder = Path(tempfile.gettempdir()) / f"refinelake-models-{os.getuid()}" / state
    if not folder.exists():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as half:
            copy = Path(half) / "model"
            copy.mkdir()
            for name in names:
                files.get_file(name, str(copy / name.rpartition("/")[2]))
            try:
                copy.rename(folder)  # another process may have been faster
            except OSError:
                if not folder.exists():
                    raise
    return Recall(folder)


def scoring_version(models: dict[str, str]) -> str:
    """Kernel version of scores by these models, by tag: moves with the models and the code that scores, and not with
    the folders. Raises ValueError where one is missing.
    """
    if not models:
        return "none"
    versions = [(tag, recall_model(place).version) for tag, place in sorted(models.items())]
    return hashlib.sha256(f"{code_identity('udfs.web.classifier')} {versions}".encode()).hexdigest()[:16]
