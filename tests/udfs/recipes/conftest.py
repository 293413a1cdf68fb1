"""Folders of installed packages: one for Python and one for Node, readable by anybody as programs run as somebody."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

SMALL = '''"""A small package."""
from os.path import join

__version__ = "1.2.3"
LIMIT = 3


def twice(x, by=object()):
    """Twice of it."""
    return x * 2


def _own():
    return 1


class Box:
    """Holds a value."""

    def open(self):
        """What is in it."""
        return 1

    def _shut(self):
        """Nobody's business."""


class SmallError(Exception):
    """Raised."""
'''
DECLARED = """/** Twice of it.
 * @param x a number */
export declare function twice(x: number): number;
export declare class Box { constructor(value: number); }
"""


@pytest.fixture(scope="session")
def library() -> Iterator[str]:
    """`small` 1.2.3 for both ecosystems, and a real package of this environment."""
    folder = Path(tempfile.mkdtemp())
    try:
        python_package(folder, "small", "1.2.3", SMALL)
        copy_installed(folder, "blinker")
        node = folder / "small-js"  # a folder whose name is not the package's is none
        for place in (node, folder / "@types" / "other"):
            place.mkdir(parents=True)
        (node / "package.json").write_text(json.dumps({"name": "other", "version": "1"}))
        made = folder / "tiny"
        made.mkdir()
        (made / "package.json").write_text(json.dumps({"name": "tiny", "version": "2.0.0", "types": "index.d.ts"}))
        (made / "index.d.ts").write_text(DECLARED)
        (made / "index.js").write_text(
            "exports.twice = (x) => x * 2;\nexports.Box = class { constructor(value) {} };\n"
            "exports.half = function (x, by = 2) { return x / by };\nexports.limit = 3;\n"
        )
        for path in (folder, *folder.rglob("*")):
            os.chmod(path, 0o755 if path.is_dir() else 0o644)
        yield str(folder)
    finally:
        shutil.rmtree(folder)


def python_package(folder: Path, name: str, version: str, source: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(source)
    about = folder / f"{name}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (about / "RECORD").write_text(f"{name}/__init__.py,,\n{about.name}/METADATA,,\n")


def copy_installed(folder: Path, name: str) -> None:
    """A package of pure Python as it is installed here."""
    for file in metadata.distribution(name).files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            place = folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), place)
