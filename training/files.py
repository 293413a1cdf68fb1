"""Files that are whole or not there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_json(file: Path, value: Any) -> None:
    """Written aside, brought to the disk, renamed: never seen in part."""
    aside = file.with_name(f".{file.name}.writing")
    with aside.open("w", encoding="utf-8") as opened:
        json.dump(value, opened, indent=1)
        opened.flush()
        os.fsync(opened.fileno())
    aside.replace(file)


def synced(place: Path) -> None:
    """Bring a file or a folder's entries to the disk."""
    opened = os.open(place, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
