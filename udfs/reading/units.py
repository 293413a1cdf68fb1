"""A unit of input, the records read from it, and how its bytes are reached."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from udfs.reading.decoding import Refusal, decode


@dataclass(frozen=True)
class Unit:
    """A source as the user named it. `revision` is a branch, tag or commit of a git repository. A list of ids has the
    place of its `texts`, what kind of place that is, and names of `columns` as JSON.
    """

    source_id: str
    kind: str
    location: str
    revision: str | None = None
    repo: str | None = None
    texts: str | None = None
    texts_kind: str | None = None
    columns: str | None = None


@dataclass(frozen=True)
class Record:
    """A file: a text, or a `reason` why there is none. Without a path it is about the unit: with a reason the unit has
    failed and its other records are void, without one it carries the repository and licences that the unit declares."""

    path: str | None = None
    repo: str | None = None
    revision: str | None = None
    stars: int | None = None
    licences: tuple[str, ...] | None = None
    commit_time: datetime | None = None
    author: str | None = None
    size_bytes: int | None = None
    encoding: str | None = None
    converted: bool = False
    text: str | None = None
    reason: str | None = None
    detail: str | None = None
    language_hint: str | None = None


@dataclass(frozen=True)
class Probe:
    """State of a source: the locations to `read`, each with a fingerprint; equal ones mean equal content."""

    reachable: bool
    units: dict[str, str]
    error: str | None


def digest(listing: list[Any]) -> str:
    return hashlib.sha256(json.dumps(listing).encode("utf-8", "surrogateescape")).hexdigest()


def file_system(location: str) -> tuple[Any, str]:
    try:
        files, path = fsspec.core.url_to_fs(location)
    except ImportError as error:
        protocol = location.partition("://")[0]
        raise ImportError(f"{location}: expected a driver for {protocol}://, found none: {error}") from error
    return files, path


@contextmanager
def local_file(location: str) -> Iterator[IO[bytes]]:
    """The file, on this machine for as long as the context lasts: archives are read twice and zips out of order."""
    files, path = file_system(location)
    if isinstance(files, LocalFileSystem):
        with open(path, "rb") as file:
            yield file
        return
    with tempfile.TemporaryFile(prefix="refinelake-") as copy:
        with files.open(path, "rb") as remote:
            shutil.copyfileobj(remote, copy, 4 * 1024**2)
        copy.seek(0)
        yield copy


def with_text(record: dict[str, Any], data: bytes) -> Record:
    result = decode(data)
    if isinstance(result, Refusal):
        return Record(**record, size_bytes=len(data), reason=result.reason, detail=result.detail)
    encoding, converted = result.encoding, result.converted
    return Record(**record, size_bytes=len(data), text=result.text, encoding=encoding, converted=converted)
