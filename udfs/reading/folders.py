"""Folders, local or behind any file system: a listing that never leaves the tree, and a record for each file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fsspec.implementations.local import LocalFileSystem

from udfs.reading.archives import Limits
from udfs.reading.units import Record, Unit, file_system, with_text


@dataclass(frozen=True)
class _Entry:
    path: str
    size: int
    stamp: str
    location: str
    problem: str | None = None
    detail: str | None = None


def walk(files: Any, path: str) -> Iterator[_Entry]:
    """The files below a folder, sorted, without what git keeps for itself."""
    if isinstance(files, LocalFileSystem):
        yield from _walk_local(os.path.realpath(path))
        return
    if not files.isdir(path):
        raise FileNotFoundError(f"{path}: expected a folder, found none: check the path")
    for name, info in sorted(files.find(path, detail=True).items()):
        inner = name.removeprefix(path.rstrip("/")).lstrip("/")
        if ".git" not in inner.split("/"):
            stamps = (info.get(key) for key in ("mtime", "LastModified", "last_modified", "ETag", "etag", "created"))
            stamp = next((str(value) for value in stamps if value), "")
            yield _Entry(inner, int(info["size"]), stamp, name)


def _walk_local(root: str) -> Iterator[_Entry]:
    waiting = [root]
    while waiting:
        path = waiting.pop()
        info = os.lstat(path)
        if stat.S_ISDIR(info.st_mode):
            children = (name for name in os.listdir(path) if name != ".git")
            waiting += (os.path.join(path, name) for name in sorted(children, reverse=True))
            continue
        problem, detail = None, None
        if stat.S_ISLNK(info.st_mode):
            inside = os.path.realpath(path).startswith(root + os.sep)
            problem, detail = "link" if inside else "link_outside", f"to {_shown(os.readlink(path))}"
        elif path == root:
            raise NotADirectoryError(f"{root}: expected a folder, found a file: use kind archive or parquet for it")
        elif not stat.S_ISREG(info.st_mode):
            problem, detail = "special_file", f"mode {stat.filemode(info.st_mode)}"
        yield _Entry(_shown(os.path.relpath(path, root)), info.st_size, str(info.st_mtime_ns), path, problem, detail)


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def folder_records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    files, root = file_system(location)
    local = isinstance(files, LocalFileSystem)
    for entry in walk(files, root):
        facts: dict[str, Any] = {"path": entry.path, "repo": unit.repo, "revision": unit.revision}
        problem, detail = entry.problem, entry.detail
        if problem is None and entry.size > limits.max_file_bytes:
            problem = "too_large"
            detail = f"expected at most {limits.max_file_bytes} bytes, found {entry.size}"
        if problem is None:
            try:
                with open(entry.location, "rb") if local else files.open(entry.location, "rb") as file:
                    data = file.read(limits.max_file_bytes + 1)
                yield with_text(facts, data)
                continue
            except OSError as error:
                # One file of a local folder that may not be read is a fact about it; a network that fails is not.
                if not local:
                    raise
                problem, detail = "unreadable", error.strerror
        yield Record(**facts, size_bytes=entry.size, reason=problem, detail=detail)
