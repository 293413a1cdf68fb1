"""Python packages that programs of a benchmark import, installed into a folder of their own. Only when asked to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def install(packages: Sequence[str], to: Path, python: str = "") -> Path:
    """Wheels of the packages in `to`, where any user may read them; nothing of theirs is built or run.

    `python`: the interpreter that programs run with, this one if empty. Raises ValueError where pip fails.
    """
    to.mkdir(parents=True, exist_ok=True)
    for place in (to, *to.parents):
        if not place.stat().st_mode & 0o001:
            raise ValueError(
                f"{place}: expected a folder that anybody may enter, as programs run as a user of their own, found "
                "another; chmod o+x it, or choose another --to"
            )
    version = subprocess.run(
        [python or sys.executable, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    told = [sys.executable, "-m", "pip", "install", "-q", "--target", str(to), "--upgrade"]
    told += ["--only-binary", ":all:", "--python-version", version, *packages]
    made = subprocess.run(told, capture_output=True, text=True, umask=0o022, env={**os.environ, "PYTHONPATH": ""})
    if made.returncode:
        said = (made.stderr.strip() or made.stdout.strip()).splitlines()
        raise ValueError(
            f"{to}: expected pip to install {' '.join(packages)}, found: {said[-1] if said else made.returncode}; "
            "install what you can into a folder and name it by --libraries"
        )
    return to
