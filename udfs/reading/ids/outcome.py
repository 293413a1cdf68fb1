"""What becomes of an id: a record with its text, or with the reason why there is none."""

from __future__ import annotations

from typing import Any

from udfs.reading.ids import hashes
from udfs.reading.ids.lists import Id
from udfs.reading.units import Record, with_text

UNRESOLVED = (
    "malformed_id",
    "repository_missing",
    "repository_damaged",
    "commit_missing",
    "commit_ambiguous",
    "path_missing",
    "object_missing",
    "text_missing",
    "hash_differs",
)
"""Reasons that say that an id has no text here. All others are about a text that was found."""


def facts(i: Id, **found: Any) -> dict[str, Any]:
    """What a record says of its id, and what was found out beside it."""
    said = {"stars": i.stars, "licences": i.licences, "commit_time": i.commit_time}
    return {"path": i.path, "repo": i.repo, "revision": i.commit, **said, **{k: v for k, v in found.items() if v}}


def refused(i: Id, reason: str, detail: str | None, **found: Any) -> Record:
    """An id without a text."""
    size = found.pop("size_bytes", None)
    return Record(**facts(i, **found), size_bytes=size, reason=reason, detail=None if detail is None else detail[:500])


def malformed(i: Id) -> Record:
    """A row that is no id."""
    return refused(i, "malformed_id", i.problem)


def text_of(i: Id, data: bytes, **found: Any) -> Record:
    """The text of an id, once it is what its hashes stand for; names that are no such hash are taken at their word."""
    names = [name for name in i.hashes if hashes.is_hash(name)]
    if names and not hashes.is_of(data, names):
        return refused(i, "hash_differs", f"expected the content of {names[0]}, found another", size_bytes=len(data))
    return with_text(facts(i, **found), data)


def too_large(i: Id, most: int, size: int | None = None) -> Record:
    """An id whose content is over the limit."""
    found = "more" if size is None else size
    return refused(i, "too_large", f"expected at most {most} bytes, found {found}", size_bytes=size)
