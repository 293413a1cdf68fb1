"""Files and folders that are whole or not there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def write_json(file: Path, value: Any) -> None:
    """Written aside, brought to the disk, renamed: never seen in part. Raises OSError that names the file."""
    aside = file.with_name(f".{file.name}.writing")
    try:
        with aside.open("w", encoding="utf-8") as opened:
            json.dump(value, opened, indent=1)
            opened.flush()
            os.fsync(opened.fileno())
        aside.replace(file)
    except OSError as error:
        raise OSError(f"{file}: expected to write it, found {error}; free some space or name another place") from error


def synced(place: Path) -> None:
    """Bring a file or a folder's entries to the disk."""
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def whole_folder(to: Path) -> Iterator[Path]:
    """A folder to write into, which becomes `to` when all is written and on the disk. What stood there stays until
    then; after an error nothing of the new one is left.
    """
    to = to.absolute()
    aside, before = (to.with_name(f".{to.name}.{state}") for state in ("writing", "before"))
    for left in (aside, before):
        shutil.rmtree(left, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        for file in sorted(aside.rglob("*")):
            synced(file)
        synced(aside)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    if to.exists():
        to.rename(before)
    aside.rename(to)
    synced(to.parent)
    shutil.rmtree(before, ignore_errors=True)
