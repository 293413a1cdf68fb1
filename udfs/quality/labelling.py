"""Given labels of files: JSON lines or Parquet, checked row by row before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.json_lines import objects

_FIELDS = ("clean_id", "content", "language", "score", "repo")
_EXAMPLE = '{"content": "def f(): ...", "language": "python", "score": 3.5, "repo": "org/name"}'


@dataclass(frozen=True)
class Given:
    """A label of a text of the corpus (`clean_id`), or of a text that stands beside it (`content`, and its `repo`)."""

    language: str
    score: float
    clean_id: str | None = None
    content: str | None = None
    repo: str | None = None


def read_lines(place: str, text: str) -> list[Given]:
    """The labels of a file of JSON lines. Raises ValueError, naming the line."""
    return some(place, [label_of(where, row) for where, row in objects(place, text, _EXAMPLE)])


def read_rows(place: str, rows: Iterable[Mapping[str, Any]]) -> list[Given]:
    """The labels of a table's rows; other columns are left alone. Raises ValueError, naming the row."""
    named = ({n: row[n] for n in _FIELDS if row.get(n) is not None} for row in rows)
    return some(place, [label_of(f"{place}: row {n}", row) for n, row in enumerate(named, start=1)])


def some(place: str, rows: list[Given]) -> list[Given]:
    """The rows. Raises ValueError where there are none."""
    if not rows:
        raise ValueError(f"{place}: expected at least one label, found none; write one object a line: {_EXAMPLE}")
    return rows


def label_of(where: str, row: Mapping[str, Any]) -> Given:
    """A label. Raises ValueError for fields that are not known, lacking or of another type."""
    for name, value in row.items():
        if name not in _FIELDS:
            raise ValueError(f"{where}: expected fields out of {', '.join(_FIELDS)}, found {name}; leave it out")
        if name != "score" and not isinstance(value, str):
            raise ValueError(f"{where}: {name}: expected a string, found {str(value)[:80]}; correct it")
    score = row.get("score")
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not math.isfinite(score):
        raise ValueError(f"{where}: score: expected a number, found {score!r}; correct it, as in {_EXAMPLE}")
    if not row.get("language"):
        raise ValueError(f"{where}: language: expected a name as python, found none; add it, as in {_EXAMPLE}")
    if bool(row.get("clean_id")) == bool(row.get("content")):
        both = "both" if row.get("content") else "neither"
        raise ValueError(f"{where}: expected a clean_id or a content, found {both}; give one, as in {_EXAMPLE}")
    return Given(row["language"].lower(), float(score), row.get("clean_id"), row.get("content"), row.get("repo"))
