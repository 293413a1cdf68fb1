"""Rows for people to label without seeing who wrote them or what a judge said, and their labels read back.

Of each score of a judge about as many are taken, so that `agreement.calibration` has something to say of each; in which
order they stand hangs on a hash, and a row is named by a hash that says nothing of it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.json_lines import objects
from udfs.recipes.asking import said

_EXAMPLE = '{"id": "3f0c2a9b71d84e5f", "label": true}'


class LabelError(ValueError):
    """A file of labels has an error: nothing of it is taken."""


@dataclass(frozen=True)
class Judged:
    """A row with the score that a judge gave it; neither score nor model is shown."""

    row_id: str
    question: str
    answer: str
    score: float


def blind_id(row_id: str, salt: str) -> str:
    """What a row is called in the export: 16 hexadecimal digits."""
    return hashlib.sha256(f"{salt}\0{row_id}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def exported(rows: Iterable[Judged], count: int, salt: str) -> str:
    """JSON lines with id, question, answer and an empty label: at most `count`, of all scores in turn.

    The same rows, count and salt give the same text in whatever order the rows come.
    """
    by_score: dict[float, list[tuple[str, Judged]]] = defaultdict(list)
    for row in rows:
        by_score[row.score].append((blind_id(row.row_id, salt), row))
    waiting = [sorted(found, key=lambda pair: pair[0], reverse=True) for _, found in sorted(by_score.items())]
    taken: dict[str, Judged] = {}
    while len(taken) < count and any(waiting):
        for found in waiting:
            if found and len(taken) < count:
                name, row = found.pop()
                taken[name] = row
    lines = (
        {"id": name, "question": said(row.question), "answer": said(row.answer), "label": None}
        for name, row in sorted(taken.items())
    )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def read_labels(place: str, text: str) -> dict[str, bool]:
    """Labels by id; lines that nobody has labelled yet are left out. Raises LabelError, naming the line."""
    found: dict[str, bool] = {}
    for where, row in objects(place, text, _EXAMPLE, LabelError):
        if not isinstance(row.get("id"), str):
            raise LabelError(f"{where}: expected an object with an id, found {str(row)[:80]}; as in {_EXAMPLE}")
        label = row.get("label")
        if label is None:
            continue
        if not isinstance(label, bool):
            raise LabelError(f"{where}: label: expected true, false or null, found {label!r}; as in {_EXAMPLE}")
        if found.get(row["id"], label) is not label:
            raise LabelError(f"{where}: expected one label for {row['id']}, found true and false; take one out")
        found[row["id"]] = label
    return found


def matched(rows: Iterable[Judged], labels: Mapping[str, bool], salt: str) -> list[tuple[float, bool]]:
    """(judge's score, what the person said) of each labelled row: what `agreement.calibration` takes."""
    named = ((blind_id(row.row_id, salt), row.score) for row in rows)
    return [(score, labels[name]) for name, score in named if name in labels]
