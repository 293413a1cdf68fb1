"""Which packages lie in a folder of libraries, with their versions: seeds of recipe `package_api`."""

from __future__ import annotations

import importlib.metadata
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class Installed(NamedTuple):
    """`ecosystem` is python (as `pip install --target` leaves it) or npm (a folder node_modules)."""

    ecosystem: str
    package: str
    version: str

    def fields(self) -> dict[str, str]:
        """Of a seed."""
        return self._asdict()


def installed(folder: str | os.PathLike[str]) -> list[Installed]:
    """What lies there, by ecosystem and name. Raises ValueError where there is no such folder.

    A package that does not say its name and version is none.
    """
    place = Path(folder)
    if not place.is_dir():
        raise ValueError(f"libraries: expected a folder of installed packages, found no folder {folder}; correct it")
    return sorted({*_python(place), *_npm(place)})


def _python(place: Path) -> Iterator[Installed]:
    for found in importlib.metadata.distributions(path=[str(place)]):
        name, version = found.metadata["Name"], found.metadata["Version"]
        if name and version:
            yield Installed("python", str(name), str(version))


def _npm(place: Path) -> Iterator[Installed]:
    for file in (*_files(place.glob("*/package.json")), *_files(place.glob("@*/*/package.json"))):
        try:
            about = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        name, version = (about.get("name"), about.get("version")) if isinstance(about, dict) else (None, None)
        if isinstance(name, str) and isinstance(version, str) and name == file.parent.relative_to(place).as_posix():
            yield Installed("npm", name, version)


def _files(found: Iterable[Path]) -> list[Path]:
    return sorted(path for path in found if path.is_file())
