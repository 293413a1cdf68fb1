"""What the commits of a history changed: message, author, and the two objects of each path that they touched."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from udfs.reading.git_command import process, tokens

_LOG = (
    *("log", "-z", "--no-merges", "--raw", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv"),
    "--format=/%H%x00%P%x00%ae%x00%B%x00",
)
_FACTS = 4
_FILE = "100"


class Touched(NamedTuple):
    """A path that a commit touched: the objects before and after, empty where there was none or what was is no file."""

    path: bytes
    before: str
    after: str


class Change(NamedTuple):
    """A commit with at most one parent; `parent` is empty of the first one."""

    commit: str
    parent: str
    author: str
    message: str
    touched: tuple[Touched, ...]


def changes(repository: Path, commit: str, most_files: int) -> Iterator[Change]:
    """Commits that `commit` descends from and that touched at most so many paths, newest first; no merges.

    Raises RepositoryError where the history is damaged.
    """
    for said, touched in _log(repository, commit):
        if 0 < len(touched) <= most_files:
            yield _change(said, touched)


def writers(repository: Path, commit: str, oids: Collection[str]) -> dict[str, str]:
    """The author of the commit that made each object: of several the first in time. Raises RepositoryError."""
    found: dict[str, str] = {}
    for said, touched in _log(repository, commit) if oids else ():
        found |= {one.after: said[2].decode("utf-8", "replace") for one in touched if one.after in oids}
    return found


def _log(repository: Path, commit: str) -> Iterator[tuple[list[bytes], list[Touched]]]:
    """(id, parents, author, message) of each commit and what it touched; of one commit at a time."""
    with process([*_LOG, commit, "--"], repository) as (_, output, _):
        said: list[bytes] = []
        touched: list[Touched] = []
        raw = b""
        for token in tokens(output):
            if 0 < len(said) < _FACTS:
                said.append(token)
                continue
            # Between a message and what it touched stand an empty token and a line feed.
            token = token.removeprefix(b"\n")
            if raw:
                touched.append(_touched(raw, token))
                raw = b""
            elif token.startswith(b":"):
                raw = token
            elif token.startswith(b"/"):
                if said:
                    yield said, touched
                said, touched = [token[1:]], []
        if len(said) == _FACTS:
            yield said, touched


def _touched(raw: bytes, path: bytes) -> Touched:
    modes = raw[1:].decode("ascii", "replace").split(" ")
    old, new, before, after = modes[:4]
    return Touched(path, before if old.startswith(_FILE) else "", after if new.startswith(_FILE) else "")


def _change(said: list[bytes], touched: list[Touched]) -> Change:
    commit, parents, author, message = (part.decode("utf-8", "replace") for part in said)
    return Change(commit, parents.partition(" ")[0], author, message.strip(), tuple(touched))
