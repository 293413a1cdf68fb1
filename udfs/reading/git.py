"""The files of a git repository at one commit, read through the git command (git_command.py)."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from udfs.reading.decoding import MAX_BYTES
from udfs.reading.git_command import (
    NETWORK,
    RepositoryError,
    UnreachableError,
    failure,
    is_remote,
    local_path,
    process,
    run,
    tokens,
    without_promises,
)
from udfs.reading.git_history import UNKNOWN, Commit, newest_commits

__all__ = ["GitFile", "RepositoryError", "UnreachableError", "files", "is_remote", "local_copy", "resolve"]

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_FOLDER = b"040000"
# All requests of a batch fit into a pipe (64 KiB), so writing them can never wait for git to be read.
_BATCH = 256


@dataclass(frozen=True)
class GitFile:
    """A path of the tree. `data` is None exactly when there is a `problem`: one of link, submodule, missing_object,
    too_large. `commit_time` and `author` (an e-mail address) are those of the newest commit that touched the path, None
    when history is incomplete."""

    path: str
    size: int | None
    data: bytes | None
    problem: str | None
    detail: str | None
    commit_time: datetime | None
    author: str | None = None


@dataclass(frozen=True)
class Entry:
    """A line of a tree; `size` is `-` of what is no blob."""

    mode: bytes
    oid: bytes
    size: bytes
    path: bytes


def resolve(location: str, revision: str | None = None) -> str:
    """The id of the commit that `revision` (default HEAD) names now, without cloning.

    Raises UnreachableError, or RepositoryError when there is no such commit.
    """
    wanted = _checked(location, revision or "HEAD")
    if is_remote(location):
        return _resolve_remote(location, wanted)
    repository = local_path(location)
    if repository.exists() and not repository.is_dir():
        raise RepositoryError(f"{location}: expected a git repository, found a file: a bundle must be cloned first")
    if not repository.is_dir() or not os.access(repository, os.R_OK | os.X_OK):
        raise UnreachableError(f"{location}: expected a git repository, found no folder to read: check the path")
    done = run(["rev-parse", "--quiet", "--verify", f"{wanted}^{{commit}}"], repository)
    commit = done.stdout.decode().strip()
    if done.returncode or not _COMMIT.fullmatch(commit):
        found = done.stderr.decode("utf-8", "replace").strip() or "none"
        raise RepositoryError(f"{location}: expected a commit named {wanted}, found {found}: check the revision")
    return commit


@contextmanager
def local_copy(location: str) -> Iterator[Path]:
    """The repository itself when it is local, else a bare clone that lasts as long as the context.

    Raises UnreachableError when cloning fails.
    """
    if not is_remote(location):
        yield local_path(location)
        return
    _checked(location, "HEAD")
    with tempfile.TemporaryDirectory(prefix="refinelake-git-") as folder:
        clone = ["clone", "--quiet", "--bare", "--template=", "--", location, os.path.join(folder, "repo.git")]
        done = run(clone, Path(folder), protocols=NETWORK)
        if done.returncode:
            found = done.stderr.decode("utf-8", "replace").strip()
            raise UnreachableError(f"{location}: expected to clone it, found: {found}")
        yield Path(folder, "repo.git")


def files(repository: Path, commit: str, max_file_bytes: int = MAX_BYTES) -> Iterator[GitFile]:
    """Every path of the commit's tree, in git's order. `commit` is an id from `resolve`.

    Raises RepositoryError when the tree or an object is damaged.
    """
    with without_promises(repository) as whole:
        entries = _tree(whole, commit)
        commits = newest_commits(whole, commit, {entry.path for entry in entries})
        wanted = (entry for entry in entries if is_wanted(entry, max_file_bytes))
        texts = blobs(whole, wanted)
        for entry in entries:
            data = next(texts) if is_wanted(entry, max_file_bytes) else None
            yield git_file(entry, data, commits.get(entry.path, UNKNOWN), max_file_bytes)


def _checked(location: str, revision: str) -> str:
    for value in (location, revision):
        if value.startswith("-") or "\0" in value or not value:
            raise RepositoryError(f"{location}: expected a location and a revision, found {value!r}, which is neither")
    return revision


def _resolve_remote(location: str, revision: str) -> str:
    done = run(["ls-remote", "--quiet", "--", location], Path(tempfile.gettempdir()), protocols=NETWORK)
    if done.returncode:
        found = done.stderr.decode("utf-8", "replace").strip()
        raise UnreachableError(f"{location}: expected a repository that answers, found: {found}")
    if _COMMIT.fullmatch(revision):
        return revision
    lines = [line.partition("\t") for line in done.stdout.decode("utf-8", "replace").split("\n")]
    references = {name: commit for commit, _, name in lines}
    # The order in which git itself looks a name up; ^{} is the commit that an annotated tag points to.
    for name in (revision, f"refs/{revision}", f"refs/tags/{revision}", f"refs/heads/{revision}"):
        if name in references:
            return references.get(name + "^{}", references[name])
    expected = "the name of a branch or tag, or a full commit id"
    raise RepositoryError(f"{location}: expected {expected}, found {revision!r}, which the remote does not have")


def _tree(repository: Path, commit: str) -> list[Entry]:
    """All entries below the commit's tree; in place of a folder that is not there the folder itself."""
    try:
        return list(listed(repository, commit, "-r"))
    except RepositoryError:
        return list(_walked(repository, commit))


def _walked(repository: Path, commit: str) -> Iterator[Entry]:
    waiting = [Entry(_FOLDER, commit.encode(), b"-", b"")]
    while waiting:
        entry = waiting.pop()
        if entry.mode != _FOLDER:
            yield entry
            continue
        start = entry.path + b"/" if entry.path else b""
        try:
            inner = [replace(below, path=start + below.path) for below in listed(repository, entry.oid.decode())]
        except RepositoryError:
            if not entry.path:
                raise
            yield entry
            continue
        waiting += reversed(inner)


def listed(repository: Path, tree: str, *how: str, paths: tuple[str, ...] = ()) -> Iterator[Entry]:
    """The entries of a tree, or those of these paths below it. Raises RepositoryError."""
    asked = ["ls-tree", *how, "-z", "-l", "--full-tree", tree, *(("--", *paths) if paths else ())]
    with process(asked, repository) as (_, output, _):
        for token in tokens(output):
            facts, _, path = token.partition(b"\t")
            mode, _, oid, size = facts.split()
            yield Entry(mode, oid, size, path)


def is_wanted(entry: Entry, max_file_bytes: int) -> bool:
    """Whether the entry is a file within the limit."""
    return entry.mode.startswith(b"100") and entry.size.isdigit() and int(entry.size) <= max_file_bytes


def blobs(repository: Path, entries: Iterator[Entry]) -> Iterator[bytes | None]:
    """The content of each entry in turn, None where the object is missing."""
    with process(["cat-file", "--batch"], repository) as (requests, answers, complaints):
        while batch := list(islice(entries, _BATCH)):
            requests.write(b"".join(entry.oid + b"\n" for entry in batch))
            requests.flush()
            for entry in batch:
                answer = answers.readline().split()
                if answer[1:] == [b"missing"]:
                    yield None
                    continue
                if len(answer) != 3 or answer[0] != entry.oid:
                    raise failure(repository, "cat-file", complaints)
                data = answers.read(int(answer[2]) + 1)
                if len(data) != int(answer[2]) + 1:
                    raise failure(repository, "cat-file", complaints)
                yield data[:-1]


def git_file(entry: Entry, data: bytes | None, commit: Commit, max_file_bytes: int) -> GitFile:
    """What is reported of an entry, and of its data where it is wanted and there."""
    problem, detail = None, None
    size = int(entry.size) if entry.size.isdigit() else None
    if entry.mode == b"120000":
        problem = "link"
    elif entry.mode == b"160000":
        problem, detail = "submodule", f"at commit {entry.oid.decode()}"
    elif size is not None and size > max_file_bytes:
        problem, detail = "too_large", f"expected at most {max_file_bytes} bytes, found {size}"
    elif data is None:
        problem, detail = "missing_object", f"{'tree' if entry.mode == _FOLDER else 'blob'} {entry.oid.decode()}"
    return GitFile(entry.path.decode("utf-8", "backslashreplace"), size, data, problem, detail, *commit)
