"""Which files a location stands for: one, those of a folder, those of a pattern."""

from __future__ import annotations

from itertools import product, zip_longest
from typing import Any

import fsspec

from udfs.reading.units import file_system


def stamped(location: str, endings: tuple[str, ...], what: str) -> dict[str, str]:
    """{file: fingerprint} of a location. Raises FileNotFoundError, saying what was expected, where there is none."""
    files, path = file_system(location)
    found = files_below(files, path, endings)
    if not found:
        raise FileNotFoundError(f"{location}: expected {what}, found none: check the path")
    return {files.unstrip_protocol(name): f"{files.checksum(name):x}" for name in found}


def files_below(files: Any, path: str, endings: tuple[str, ...]) -> list[str]:
    """The files of a pattern, those of these endings below a folder, or the one file that the path names."""
    if fsspec.core.has_magic(path) and not files.exists(path):
        return sorted(name for name in _matching(files, path) if not _hidden(name, path))
    if files.isdir(path):
        return sorted(name for name in files.find(path) if name.endswith(endings) and not _hidden(name, path))
    return [path]


def _matching(files: Any, pattern: str) -> set[str]:
    """`/**/` is no folder too, which fsspec says since 2023.9 only; platforms carry older ones."""
    parts = pattern.split("/**/")
    ways = product(("/**/", "/"), repeat=len(parts) - 1)
    return {name for way in ways for name in files.glob("".join(map("".join, zip(parts, (*way, ""), strict=True))))}


def _hidden(name: str, wanted: str) -> bool:
    """Whether Spark, Hive and Delta would pass it over: what starts with `_` or `.` is theirs, but `_x=1` a partition.
    A name that the user writes out is not hidden."""
    asked = wanted.rstrip("/").split("/")
    return any(
        part.startswith((".", "_")) and not (part.startswith("_") and "=" in part) and part[0] != beside[:1]
        for part, beside in zip_longest(name.split("/"), asked, fillvalue="")
    )
