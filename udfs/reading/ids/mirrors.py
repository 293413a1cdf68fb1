"""Texts from local git mirrors: a folder that holds repositories as `owner/name` or `owner/name.git`, bare or not.

Ids of one repository are read together, whatever their order: it is opened once for each batch of the list.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from udfs.reading.git_command import RepositoryError
from udfs.reading.git_picked import Picked, Wanted, picked
from udfs.reading.ids import hashes
from udfs.reading.ids.lists import Id
from udfs.reading.ids.outcome import refused, text_of
from udfs.reading.units import Record

_DEEPEST = 5


def resolved(root: str, ids: Sequence[Id], revision: str | None, most: int) -> Iterator[Record]:
    """What the mirrors below a folder have for each id, repository by repository."""
    by_repo = sorted(ids, key=lambda i: (i.repo or "", i.row))
    for repo, of_repo in groupby(by_repo, key=lambda i: i.repo):
        mine = list(of_repo)
        if repo is None:
            detail = "expected a repository beside the hash, found none: mirrors are looked for by name"
            yield from (refused(i, "malformed_id", detail) for i in mine)
            continue
        mirror = find(root, repo)
        if mirror is None:
            detail = f"expected {repo} or {repo}.git below {root}, found none"
            yield from (refused(i, "repository_missing", detail) for i in mine)
            continue
        yield from _of_mirror(mirror, mine, revision, most)


def find(root: str, repo: str) -> Path | None:
    """The mirror of a repository, by its name as the list has it or in small letters, with its host or without."""
    host, _, rest = repo.partition("/")
    spelled = [repo, repo.lower()] + ([rest, rest.lower()] if "." in host and "/" in rest else [])
    places = (Path(root, f"{name}{end}") for name in spelled for end in (".git", ""))
    return next((place for place in places if _objects(place)), None)


def stamp(root: str) -> str:
    """A digest that moves whenever a mirror comes, goes, or has other objects or references: git never changes an
    object in its place, so times of folders tell.
    """
    if not os.path.isdir(root):
        raise FileNotFoundError(f"{root}: expected a folder of git mirrors, found none: check the path")
    digest = hashlib.sha256()
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        if objects := _objects(Path(folder)):
            digest.update(f"{os.path.relpath(folder, root)}\0{_state(objects)}\0".encode("utf-8", "surrogateescape"))
        elif depth < _DEEPEST:
            with os.scandir(folder) as entries:
                inner = sorted((e.path for e in entries if e.is_dir()), reverse=True)
            waiting += ((path, depth + 1) for path in inner)
    return digest.hexdigest()


def _objects(place: Path) -> Path | None:
    """The folder that holds a repository's objects and references; None where the place is no repository."""
    for folder in (place / ".git", place):
        if (folder / "objects").is_dir() and (folder / "HEAD").is_file():
            return folder
    return None


def _state(folder: Path) -> str:
    stores = [folder / "objects", *_borrowed(folder / "objects")]
    seen = [(str(store), *_times(store, 1)) for store in stores]
    seen += [(name, *_times(folder / name, 9)) for name in ("HEAD", "packed-refs", "shallow", "refs", "reftable")]
    return repr(seen)


def _borrowed(objects: Path) -> list[Path]:
    """Stores that a mirror shares with others, as networks of forks do."""
    try:
        lines = (objects / "info" / "alternates").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    return [objects / line for line in lines if line and not line.startswith("#")]


def _times(place: Path, depth: int) -> Iterator[tuple[str, int]]:
    """When a file, a folder and the folders in it, or all down to a depth, last changed."""
    try:
        yield place.name, place.stat().st_mtime_ns
        if depth and place.is_dir():
            for name in sorted(os.listdir(place)):
                inner = place / name
                if depth > 1 or inner.is_dir():
                    yield from _times(inner, depth - 1)
    except OSError:  # gone meanwhile, or never there
        return


def _of_mirror(mirror: Path, ids: list[Id], revision: str | None, most: int) -> Iterator[Record]:
    done = 0
    try:
        for file in picked(mirror, [_wanted(i, revision) for i in ids], most):
            yield _record(ids[file.number], file)
            done += 1
    # One of many mirrors: its damage says nothing about the others. Other errors of the system are no fact about it.
    except (RepositoryError, BrokenPipeError) as error:
        yield from (refused(i, "repository_damaged", str(error)) for i in ids[done:])


def _wanted(i: Id, revision: str | None) -> Wanted:
    """By its commit; else by git's own hash, which needs none; else as the mirror, or the manifest, now says."""
    blob = next((name for name in i.hashes if len(name) == hashes.GIT and hashes.is_hash(name)), "")
    if i.commit is None and blob:
        return Wanted(i.path, None, blob)
    return Wanted(i.path, i.commit or revision or "HEAD")


def _record(i: Id, found: Picked) -> Record:
    file = found.file
    about = {"revision": found.commit, "author": file.author, "commit_time": file.commit_time}
    if file.data is None:
        # A partial clone knows of the blob and lacks it: no text was found.
        reason = "object_missing" if file.problem == "missing_object" else str(file.problem)
        return refused(i, reason, file.detail, size_bytes=file.size, **about)
    return text_of(i, file.data, **about)
