"""Some files of a git repository, by commit and path or by the hash of their blob, as git.py gives all of a commit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from udfs.reading.git import Entry, GitFile, blobs, git_file, is_wanted, listed
from udfs.reading.git_command import failure, process, without_promises
from udfs.reading.git_history import UNKNOWN, Commit, newest_commits

# So many names of 256 letters fit into a pipe (64 KiB), so writing them never waits for answers to be read.
_NAMES = 200
_PATHS = 200
_PEELED = "^{commit}"
_SHORT = re.compile(r"[0-9A-Fa-f]{4,39}\^\{commit\}")
_FILE, _FOLDER = b"100644", b"040000"


class Wanted(NamedTuple):
    """A path at a commit, or a blob, where there is no commit."""

    path: str
    commit: str | None = None
    blob: str = ""


class Picked(NamedTuple):
    """Number of what was wanted, the whole id of its commit where there is one, and the file; its problem may also be
    commit_missing, commit_ambiguous, path_missing or object_missing.
    """

    number: int
    commit: str | None
    file: GitFile


class _Place(NamedTuple):
    """Where a file lies, or why it cannot be told."""

    entry: Entry | None = None
    last: Commit = UNKNOWN
    commit: str | None = None
    problem: str | None = None
    detail: str | None = None


def picked(repository: Path, wanted: Sequence[Wanted], max_file_bytes: int) -> Iterator[Picked]:
    """Each file, in the order of `wanted`. Raises RepositoryError where the repository is damaged."""
    with without_promises(repository) as whole:
        places = _places(whole, wanted)
        entries = [place.entry for place in places if place.entry]
        texts = blobs(whole, (e for e in entries if is_wanted(e, max_file_bytes)))
        for number, (want, place) in enumerate(zip(wanted, places, strict=True)):
            if place.entry is None:
                missing = GitFile(want.path, None, None, place.problem, place.detail, None)
                yield Picked(number, place.commit, missing)
                continue
            data = next(texts) if is_wanted(place.entry, max_file_bytes) else None
            yield Picked(number, place.commit, git_file(place.entry, data, place.last, max_file_bytes))


def _places(repository: Path, wanted: Sequence[Wanted]) -> list[_Place]:
    names = [f"{w.commit}{_PEELED}" if w.commit else w.blob for w in wanted]
    known = _said(repository, sorted(set(names)))
    places = [_Place()] * len(wanted)
    order = sorted(range(len(wanted)), key=lambda n: names[n])
    for name, numbers in groupby(order, key=lambda n: names[n]):
        mine = list(numbers)
        commit = wanted[mine[0]].commit
        found = _of_commit(repository, commit, known[name], [wanted[n].path for n in mine]) if commit else None
        for n in mine:
            places[n] = found[wanted[n].path] if found else _of_blob(wanted[n], known[name])
    return places


def _known(repository: Path, names: Sequence[str]) -> dict[str, list[bytes]]:
    """What git says of each name: id, type and size of its object, or the name and `missing` or `ambiguous`."""
    found: dict[str, list[bytes]] = {}
    with process(["cat-file", "--batch-check"], repository) as (requests, answers, complaints):
        for some in _cut(names, _NAMES):
            requests.write("".join(f"{name}\n" for name in some).encode())
            requests.flush()
            for name in some:
                found[name] = answers.readline().split()
                if len(found[name]) < 2:
                    raise failure(repository, "cat-file", complaints)
    return found


def _said(repository: Path, names: Sequence[str]) -> dict[str, list[bytes]]:
    """As _known; of a name cut short that stands for several objects git says so only where no kind is asked for."""
    found = _known(repository, names)
    short = {name: name.removesuffix(_PEELED) for name in names if len(found[name]) < 3 and _SHORT.fullmatch(name)}
    again = _known(repository, sorted(short.values()))
    return found | {name: again[bare] for name, bare in short.items() if again[bare][1] == b"ambiguous"}


def _of_blob(wanted: Wanted, said: list[bytes]) -> _Place:
    if len(said) != 3 or said[1] != b"blob":
        return _Place(problem="object_missing", detail=f"blob {wanted.blob}")
    return _Place(Entry(_FILE, said[0], said[2], wanted.path.encode()))


def _of_commit(repository: Path, commit: str, said: list[bytes], paths: list[str]) -> dict[str, _Place]:
    if len(said) != 3:
        kind = "ambiguous" if said[1] == b"ambiguous" else "missing"
        absent = _Place(problem=f"commit_{kind}", detail=f"expected one commit named {commit}, found {kind}")
        return dict.fromkeys(paths, absent)
    oid = said[0].decode()
    entries: dict[bytes, Entry] = {}
    for some in _cut(sorted(set(paths)), _PATHS):
        entries |= {entry.path: entry for entry in listed(repository, oid, paths=tuple(some))}
    last = newest_commits(repository, oid, set(entries))
    absent = _Place(None, UNKNOWN, oid, "path_missing", f"expected a file at commit {oid}, found none")
    return {
        path: absent
        if (entry := entries.get(path.encode())) is None or entry.mode == _FOLDER
        else _Place(entry, last.get(entry.path, UNKNOWN), oid)
        for path in paths
    }


def _cut(names: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    return (names[start : start + most] for start in range(0, len(names), most))
