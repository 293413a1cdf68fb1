"""A folder of a location: where a process reaches it, else a copy of it, which is made once on each machine."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from fsspec.implementations.local import LocalFileSystem

from udfs.reading.units import file_system


def folder_here(location: str, what: str) -> Path:
    """Raises ValueError where a URL has no folder with `what`, OSError or the driver's error without access."""
    files, path = file_system(location)
    if isinstance(files, LocalFileSystem):
        return Path(path)
    if not files.isdir(path):
        raise ValueError(f"{location}: expected a folder with {what}, found none")
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
    return folder
