"""Rows for people to label: nothing that would lead them, of each score as many, read back with care."""

from __future__ import annotations

import json

import pytest

from udfs.recipes.agreement import calibration
from udfs.recipes.blind import Judged, LabelError, exported, matched, read_labels

ROWS = [Judged(f"row{n}", f"question {n}", f"answer {n}\0\ud800", 5.0 if n % 10 else 1.0) for n in range(100)]


def test_of_each_score_as_many_and_nothing_of_it_is_shown() -> None:
    lines = [json.loads(line) for line in exported(ROWS, 12, "s").splitlines()]
    numbers = [int(line["question"].split()[1]) for line in lines]
    assert len(lines) == 12 and sum(n % 10 == 0 for n in numbers) == 6
    assert {key for line in lines for key in line} == {"id", "question", "answer", "label"}
    assert not any("row" in json.dumps(line) for line in lines) and numbers != sorted(numbers)
    assert exported(list(reversed(ROWS)), 12, "s") == exported(ROWS, 12, "s") != exported(ROWS, 12, "t")
    assert len(exported(ROWS, 500, "s").splitlines()) == 100 and exported([], 5, "s") == ""


def test_labels_come_back_to_the_scores() -> None:
    lines = [json.loads(line) for line in exported(ROWS, 20, "s").splitlines()]
    for line in lines[:15]:
        line["label"] = int(line["question"].split()[1]) % 10 != 0
    labels = read_labels("labels", "\n".join(map(json.dumps, lines)))
    assert len(labels) == 15
    found = calibration(matched(ROWS, labels, "s"))
    assert [(each.score, each.yes) for each in found] == [(1.0, 0.0), (5.0, 1.0)]
    assert sum(each.count for each in found) == 15 and matched(ROWS, labels, "other") == []


BOTH = '{"id": "a", "label": true}\n{"id": "a", "label": false}'


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"label": true}',
        '{"id": "a", "label": 1}',
        '{"id": "a", "label": true}\n{"id": "a", "label": false}',
    ],
)
def test_a_wrong_line_is_named(line: str) -> None:
    with pytest.raises(LabelError, match=r"^labels: line \d+: .*expected .*, found "):
        read_labels("labels", "\n" + line)
