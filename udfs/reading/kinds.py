"""The kinds of sources: how to tell whether one has moved, and how to read the files of one.

A kind is an entry of KINDS: a cheap state, the locations to read with the fingerprint of what is there now, and a
reader, which gives the files of one location as records, each with a text or a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from udfs.reading import git, parquet
from udfs.reading.archives import ArchiveError, Limits, members
from udfs.reading.declared import Declared
from udfs.reading.folders import folder_records, walk
from udfs.reading.ids import source as ids
from udfs.reading.listing import stamped
from udfs.reading.units import Probe, Record, Unit, digest, file_system, local_file, with_text

__all__ = ["KINDS", "SETS", "Kind", "Probe", "Record", "Unit", "probe", "read"]

_CORRUPT = {"git": "corrupt_repository"}
_DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Kind:
    """`state(unit)` is {location: fingerprint} and may raise anything when the source cannot be reached. A set holds
    files of many repositories, which it names itself.
    """

    state: Callable[[Unit], dict[str, str]]
    records: Callable[[Unit, str, Limits], Iterator[Record]]
    is_set: bool = False


def probe(unit: Unit) -> Probe:
    """The state of the unit without reading its files. Raises ValueError for an unknown kind and nothing else."""
    kind = _kind(unit)
    try:
        return Probe(True, kind.state(unit), None)
    # Every driver has errors of its own, and whatever it is, the source cannot be reached now.
    except Exception as error:
        # Some drivers list every place they looked in, a line for each.
        message, _, _ = (str(error) or type(error).__name__).partition("\n")
        if not any(place in message for place in (unit.location, unit.texts) if place):
            expected = f"expected a {unit.kind} that can be read"
            message = f"{unit.location}: {expected}, found {type(error).__name__}: {message}"
        return Probe(False, {}, message)


def size(unit: Unit, location: str) -> int:
    """Bytes below a location that `probe` gave, for dealing locations to tasks; 0 where it cannot be told, or only by
    listing a store once more.
    """
    if unit.kind == "git" and git.is_remote(location):
        return 0
    try:
        if unit.kind == "ids":
            return ids.size(location)
        files, path = file_system(location)
        if unit.kind in ("git", "folder") and not isinstance(files, LocalFileSystem):
            return 0
        return int(files.du(path))
    except Exception:  # every driver has errors of its own, and reading will say what is wrong
        return 0


def read(unit: Unit, location: str, limits: Limits = _DEFAULT_LIMITS) -> Iterator[Record]:
    """The records of one of the locations that `probe` gave.

    Bad content never raises: if the unit is bad as a whole, the last record has no path and a reason. Raises OSError
    (or the driver's own error) when the location cannot be reached, and ValueError for an unknown kind.
    """
    kind = _kind(unit)
    try:
        yield from kind.records(unit, location, limits)
    except ArchiveError as error:
        yield Record(repo=unit.repo, reason=error.reason, detail=str(error))
    except git.RepositoryError as error:
        yield Record(repo=unit.repo, reason="corrupt_repository", detail=str(error))
    # Numbers, dates and texts that no reader foresaw are facts about the content: only what the network or the file
    # system says means that the source may be better later.
    except (ArithmeticError, LookupError, TypeError, AttributeError, ValueError) as error:
        detail = f"{location}: expected a {unit.kind} that can be read, found {type(error).__name__}: {error}"
        yield Record(repo=unit.repo, reason=_CORRUPT.get(unit.kind, f"corrupt_{unit.kind}"), detail=detail[:500])


def _kind(unit: Unit) -> Kind:
    if unit.kind not in KINDS:
        raise ValueError(f"source {unit.source_id}: expected a kind out of {', '.join(KINDS)}, found {unit.kind!r}")
    return KINDS[unit.kind]


def _archive_records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    declared = Declared()
    with local_file(location) as file:
        for member in members(file, location, limits):
            facts: dict[str, Any] = {
                "path": member.path,
                "repo": unit.repo,
                "revision": unit.revision or member.commit,
                "commit_time": _utc(member.mtime),
            }
            if member.data is None:
                yield Record(**facts, size_bytes=member.size, reason=member.problem, detail=member.detail)
                continue
            record = with_text(facts, member.data)
            declared.look_at(record)
            yield record
    if found := declared.record():
        yield replace(found, repo=unit.repo or found.repo, revision=unit.revision)


def _utc(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _git_records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    commit = git.resolve(location, unit.revision)
    with git.local_copy(location) as repository:
        for file in git.files(repository, commit, limits.max_file_bytes):
            facts: dict[str, Any] = {"path": file.path, "repo": unit.repo, "revision": commit}
            facts["commit_time"], facts["author"] = file.commit_time, file.author
            if file.data is None:
                yield Record(**facts, size_bytes=file.size, reason=file.problem, detail=file.detail)
            else:
                yield with_text(facts, file.data)


def _parquet_records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    files, path = file_system(location)
    reason, detail = "corrupt_parquet", ""
    with files.open(path, "rb") as file:
        try:
            for row in parquet.rows(file, location):
                yield Record(**vars(row) | {"repo": row.repo or unit.repo, "revision": row.revision or unit.revision})
            return
        except pa.ArrowException as error:
            detail = str(error)
        except ValueError as error:
            reason, detail = "unknown_layout", str(error)
        except OSError as error:
            # pyarrow reports damage as OSError too, but without the number that the system gives to its own.
            if error.errno is not None:
                raise
            detail = str(error)
    if reason == "corrupt_parquet":
        detail = f"{location}: expected a parquet file, found damage ({detail})"
    yield Record(repo=unit.repo, reason=reason, detail=detail)


def _archive_state(unit: Unit) -> dict[str, str]:
    files, path = file_system(unit.location)
    return {unit.location: f"{files.checksum(path):x}"}


def _folder_state(unit: Unit) -> dict[str, str]:
    files, path = file_system(unit.location)
    return {unit.location: digest(sorted((entry.path, entry.size, entry.stamp) for entry in walk(files, path)))}


def _git_state(unit: Unit) -> dict[str, str]:
    try:
        return {unit.location: git.resolve(unit.location, unit.revision)}
    except git.RepositoryError as error:  # as a damaged archive has: there is something to read, and reading says what
        return {unit.location: digest([str(error)])}


def _parquet_state(unit: Unit) -> dict[str, str]:
    return stamped(unit.location, (".parquet",), "parquet files")


KINDS = {
    "folder": Kind(_folder_state, folder_records),
    "archive": Kind(_archive_state, _archive_records),
    "git": Kind(_git_state, _git_records),
    "parquet": Kind(_parquet_state, _parquet_records, is_set=True),
    "ids": Kind(ids.state, ids.records, is_set=True),
}
SETS = tuple(name for name, kind in KINDS.items() if kind.is_set)
