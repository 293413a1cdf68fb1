"""The files of a git repository at one commit, read through the git command.

A repository is foreign input: its own configuration, hooks, replacements and remotes must not make git run or fetch
anything, so every call gets the environment of `_environment` and no inherited GIT_ variable.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

from udfs.reading.decoding import MAX_BYTES

_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/]+@[^/]+:")
_FOLDER = b"040000"
_NETWORK = "git:http:https:ssh"
# All requests of a batch fit into a pipe (64 KiB), so writing them can never wait for git to be read.
_BATCH = 256
_SETTINGS = (
    "safe.directory=*",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "log.showSignature=false",
    "log.showRoot=true",
    "diff.relative=false",
    "diff.orderFile=/dev/null",
)


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


class RepositoryError(ValueError):
    """The repository is there, but it is damaged or lacks the revision."""


class UnreachableError(OSError):
    """The repository cannot be reached now; trying again later may help."""


@dataclass(frozen=True)
class _Entry:
    mode: bytes
    oid: bytes
    size: bytes
    path: bytes


def is_remote(location: str) -> bool:
    """Whether `location` is a URL or user@host:path, and not a local path or file:// URL."""
    return bool(_REMOTE.match(location)) and not location.startswith("file://")


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
    done = _run(["rev-parse", "--quiet", "--verify", f"{wanted}^{{commit}}"], repository)
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
        done = _run(clone, Path(folder), protocols=_NETWORK)
        if done.returncode:
            found = done.stderr.decode("utf-8", "replace").strip()
            raise UnreachableError(f"{location}: expected to clone it, found: {found}")
        yield Path(folder, "repo.git")


def files(repository: Path, commit: str, max_file_bytes: int = MAX_BYTES) -> Iterator[GitFile]:
    """Every path of the commit's tree, in git's order. `commit` is an id from `resolve`.

    Raises RepositoryError when the tree or an object is damaged.
    """
    with _without_promises(repository) as whole:
        entries = _tree(whole, commit)
        commits = _newest_commits(whole, commit, {entry.path for entry in entries})
        wanted = (entry for entry in entries if _is_wanted(entry, max_file_bytes))
        blobs = _blobs(whole, wanted)
        for entry in entries:
            data = next(blobs) if _is_wanted(entry, max_file_bytes) else None
            yield _git_file(entry, data, commits.get(entry.path, _UNKNOWN), max_file_bytes)


def local_path(location: str) -> Path:
    """The folder behind a path or a file:// URL."""
    return Path(os.path.realpath(location.removeprefix("file://")))


def _checked(location: str, revision: str) -> str:
    for value in (location, revision):
        if value.startswith("-") or "\0" in value or not value:
            raise RepositoryError(f"{location}: expected a location and a revision, found {value!r}, which is neither")
    return revision


def _resolve_remote(location: str, revision: str) -> str:
    done = _run(["ls-remote", "--quiet", "--", location], Path(tempfile.gettempdir()), protocols=_NETWORK)
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


def _environment(protocols: str, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_ALLOW_PROTOCOL": protocols,
        # A partial clone would fetch what it lacks, with commands that its own configuration names.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ATTR_NOSYSTEM": "1",
        # A folder inside some other repository is no repository.
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }


def _command(arguments: list[str], folder: Path) -> list[str]:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    return ["git", *settings, "-C", str(folder), "--no-pager", *arguments]


def _run(arguments: list[str], folder: Path, protocols: str = "none") -> subprocess.CompletedProcess[bytes]:
    environment = _environment(protocols, folder)
    return subprocess.run(_command(arguments, folder), env=environment, stdin=subprocess.DEVNULL, capture_output=True)


@contextmanager
def _process(arguments: list[str], folder: Path) -> Iterator[tuple[IO[bytes], IO[bytes], IO[bytes]]]:
    """A running git: its input, its output and what it complains. Raises RepositoryError when it fails."""
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            _command(arguments, folder),
            env=_environment("none", folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            bufsize=1024**2,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        try:
            yield process.stdin, process.stdout, complaints
            process.stdin.close()
            if process.wait():
                raise _failure(folder, arguments[0], complaints)
        finally:
            # A reader that stops early leaves git waiting on a full pipe.
            process.kill()


def _failure(folder: Path, verb: str, complaints: IO[bytes]) -> RepositoryError:
    complaints.seek(0)
    found = complaints.read(4096).decode("utf-8", "replace").strip()
    return RepositoryError(f"{folder.name}: expected git {verb} to read it, found: {found or 'no answer'}")


def _tokens(stream: IO[bytes]) -> Iterator[bytes]:
    """The NUL-terminated strings of a stream."""
    rest = b""
    while chunk := stream.read(256 * 1024):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


@contextmanager
def _without_promises(repository: Path) -> Iterator[Path]:
    """The repository, or a bare one over the objects of a partial clone: git stops where a promised one is absent."""
    found = _run(["rev-parse", "--git-path", "objects", "--git-path", "shallow"], repository).stdout
    objects, _, shallow = os.fsdecode(found).removesuffix("\n").partition("\n")
    if not any(Path(repository, objects, "pack").glob("*.promisor")):
        yield repository
        return
    with tempfile.TemporaryDirectory(prefix="refinelake-git-") as folder:
        form = _run(["rev-parse", "--show-object-format"], repository).stdout.decode().strip() or "sha1"
        bare, link = Path(folder, repository.name + ".git"), Path(folder, "objects")
        _run(["init", "--quiet", "--bare", "--template=", f"--object-format={form}", str(bare)], Path(folder))
        # Through a link, for the path of the repository may hold letters that mean something in the list.
        link.symlink_to(Path(repository, objects).resolve())
        Path(bare, "objects", "info").mkdir(exist_ok=True)
        Path(bare, "objects", "info", "alternates").write_text(f"{link}\n")
        if Path(repository, shallow).is_file():
            Path(bare, "shallow").write_bytes(Path(repository, shallow).read_bytes())
        yield bare


def _tree(repository: Path, commit: str) -> list[_Entry]:
    """All entries below the commit's tree; in place of a folder that is not there the folder itself."""
    try:
        return list(_listed(repository, commit, "-r"))
    except RepositoryError:
        return list(_walked(repository, commit))


def _walked(repository: Path, commit: str) -> Iterator[_Entry]:
    waiting = [_Entry(_FOLDER, commit.encode(), b"-", b"")]
    while waiting:
        entry = waiting.pop()
        if entry.mode != _FOLDER:
            yield entry
            continue
        start = entry.path + b"/" if entry.path else b""
        try:
            inner = [replace(below, path=start + below.path) for below in _listed(repository, entry.oid.decode())]
        except RepositoryError:
            if not entry.path:
                raise
            yield entry
            continue
        waiting += reversed(inner)


def _listed(repository: Path, tree: str, *how: str) -> Iterator[_Entry]:
    with _process(["ls-tree", *how, "-z", "-l", "--full-tree", tree], repository) as (_, output, _):
        for token in _tokens(output):
            facts, _, path = token.partition(b"\t")
            mode, _, oid, size = facts.split()
            yield _Entry(mode, oid, size, path)


def _is_wanted(entry: _Entry, max_file_bytes: int) -> bool:
    return entry.mode.startswith(b"100") and entry.size.isdigit() and int(entry.size) <= max_file_bytes


def _blobs(repository: Path, entries: Iterator[_Entry]) -> Iterator[bytes | None]:
    """The content of each entry in turn, None where the object is missing."""
    with _process(["cat-file", "--batch"], repository) as (requests, answers, complaints):
        while batch := list(islice(entries, _BATCH)):
            requests.write(b"".join(entry.oid + b"\n" for entry in batch))
            requests.flush()
            for entry in batch:
                answer = answers.readline().split()
                if answer[1:] == [b"missing"]:
                    yield None
                    continue
                if len(answer) != 3 or answer[0] != entry.oid:
                    raise _failure(repository, "cat-file", complaints)
                data = answers.read(int(answer[2]) + 1)
                if len(data) != int(answer[2]) + 1:
                    raise _failure(repository, "cat-file", complaints)
                yield data[:-1]


class _Commit(NamedTuple):
    """What a commit says of itself: None for a date that is none, or that no calendar has."""

    time: datetime | None
    author: str | None


_UNKNOWN = _Commit(None, None)


def _newest_commits(repository: Path, commit: str, paths: set[bytes]) -> dict[bytes, _Commit]:
    """The newest commit of each path, in one pass over the history; nothing at all when history is incomplete.

    With -c a merge counts for the paths in which it differs from all its parents: what a merge brings in unchanged was
    touched by the commits that it merged.
    """
    log = [
        "log",
        "-z",
        "--format=/%ct %ae",
        "--name-only",
        "-c",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        commit,
    ]
    commits: dict[bytes, _Commit] = {}
    at, first = _UNKNOWN, False
    try:
        with _process([*log, "--"], repository) as (_, output, _):
            for token in _tokens(output):
                # No path of a tree begins with a slash, so a token that does is the next commit.
                if token.startswith(b"/"):
                    at, first = _said(token[1:]), True
                    continue
                # An empty token (merges) or a line feed (others) stands between a commit and its first path.
                path = token.removeprefix(b"\n") if first else token
                first = False
                if path in paths:
                    known = commits.setdefault(path, at)
                    if known.time is not None and at.time is not None and known.time < at.time:
                        commits[path] = at
    except RepositoryError:
        return {}
    return commits


def _said(line: bytes) -> _Commit:
    seconds, _, author = line.partition(b" ")
    return _Commit(_date(seconds), author.decode("utf-8", "replace") or None)


def _date(seconds: bytes) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _git_file(entry: _Entry, data: bytes | None, commit: _Commit, max_file_bytes: int) -> GitFile:
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
