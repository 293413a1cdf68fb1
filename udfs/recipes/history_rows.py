"""Histories of git sources by Arrow batch: a row for each change that is a seed, or why a history cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from schemas.identity import code_identity
from udfs.reading.git import local_copy, resolve
from udfs.reading.git_command import RepositoryError
from udfs.recipes.batches import canonical, seed_id
from udfs.recipes.commits import Commits
from udfs.recipes.histories import History, histories
from udfs.removal.names import author_names, salt, salted

NAME = "commits"
_ABOUT = ("source_id", "unit", "repo_id", "repo", "revision", "licence")
_FILES = "array<struct<path:string,content_ids:array<string>,authors:array<string>>>"
ROWS = (
    ", ".join(f"{name} string" for name in _ABOUT)
    + f", seed_id string, language string, bytes bigint, fields string, files {_FILES}, "
    "reason string, detail string"
)
"""Columns of the rows: seed_id is null in the one row of a history without seeds, or with a `reason`."""
_STRINGS = pa.list_(pa.string())
_ARROW = pa.schema(
    [
        *((name, pa.string()) for name in _ABOUT),
        *(("seed_id", pa.string()), ("language", pa.string()), ("bytes", pa.int64()), ("fields", pa.string())),
        ("files", pa.list_(pa.struct([("path", pa.string()), ("content_ids", _STRINGS), ("authors", _STRINGS)]))),
        *(("reason", pa.string()), ("detail", pa.string())),
    ]
)
_SHOWN = 500


@dataclass(frozen=True)
class Reading:
    """`number` changes of each history, as the settings of the recipe say; names are hashed with `salt`."""

    number: int
    p: Commits
    salt: str

    @classmethod
    def of(cls, number: int, p: Commits) -> Reading:
        return cls(number, p, salt())

    def version(self) -> str:
        """Hash of the code that reads, and of what it hangs on."""
        code = code_identity(__name__, data=("languages.json",))
        return salted("reading", f"{code} {self.number} {self.p!r}", self.salt)[:16]


def history_batch(reading: Reading, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Rows of repositories (source_id, unit, repo_id, repo, revision, licence, location)."""
    for row in batch.to_pylist():
        location = row.pop("location")
        yield pa.RecordBatch.from_pylist(list(_rows(reading, row, location)), _ARROW)


def _rows(reading: Reading, about: dict[str, Any], location: str) -> Iterator[dict[str, Any]]:
    found = 0
    try:
        resolve(location, about["revision"])
        with local_copy(location) as repository:
            for history in histories(repository, about["revision"], reading.number, reading.p):
                found += 1
                yield about | _row(reading, history)
    except (RepositoryError, OSError) as error:
        reason = "damaged" if isinstance(error, RepositoryError) else "unreachable"
        yield about | {"reason": reason, "detail": str(error)[:_SHOWN]}
        return
    if not found:
        yield about


def _row(reading: Reading, history: History) -> dict[str, Any]:
    fields = canonical(history.fields)
    return {
        "seed_id": seed_id(NAME, history.language, fields),
        "language": history.language,
        "bytes": len(fields.encode()),
        "fields": fields,
        "files": [
            {
                "path": file.path,
                "content_ids": list(file.content_ids),
                "authors": _hashes((*history.people, *file.people), reading.salt),
            }
            for file in history.files
        ],
    }


def _hashes(addresses: tuple[str, ...], salt: str) -> list[str]:
    """Of every name that somebody may be asked for by."""
    return sorted({salted("author", name, salt) for address in addresses for name in author_names(address)})
