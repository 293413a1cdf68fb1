"""The newest commit of each path of a repository: who touched it last, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from udfs.reading.git_command import RepositoryError, process, tokens


class Commit(NamedTuple):
    """What a commit says of itself: None for a date that is none, or that no calendar has."""

    time: datetime | None
    author: str | None


UNKNOWN = Commit(None, None)


def newest_commits(repository: Path, commit: str, paths: set[bytes]) -> dict[bytes, Commit]:
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
    commits: dict[bytes, Commit] = {}
    at, first = UNKNOWN, False
    try:
        with process([*log, "--"], repository) as (_, output, _):
            for token in tokens(output):
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


def _said(line: bytes) -> Commit:
    seconds, _, author = line.partition(b" ")
    return Commit(_date(seconds), author.decode("utf-8", "replace") or None)


def _date(seconds: bytes) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None
