"""Rows of OpenCodeInstruct as they are published: nine columns of text, read into typed ones and written again.

The published set (CC-BY-4.0, 5 million rows) has a text in every column: `llm_judgement` is JSON by criterion,
`unit_tests` and `tests_execution_status` are JSON lists, `average_test_score` a number. A reader that compares the
status with the word "pass" keeps nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udfs.calls.code_in_answers import code_blocks
from udfs.recipes.population import SOLVED_BY
from udfs.recipes.steps import Dropped, Made, Recipe, Seed, Steps
from udfs.recipes.writing import pair, text_of

COLUMNS = (
    *("id", "input", "output", "domain", "generation_algorithm"),
    *("llm_judgement", "unit_tests", "tests_execution_status", "average_test_score"),
)
"""The published columns, in their order; all of them are texts."""


@dataclass(frozen=True)
class OpenCodeRows:
    """Nothing to set: a row is read as it stands."""


def play(seed: Seed, p: OpenCodeRows) -> Steps:
    """The row. Raises Dropped `not_in_form` with what is wrong."""
    try:
        row = json.loads(text_of(seed, "row"))
    except (ValueError, RecursionError):
        raise Dropped("not_in_form", detail="row: expected JSON") from None
    if not isinstance(row, Mapping):
        raise Dropped("not_in_form", detail="row: expected an object")
    return [read(row, seed.licence)]
    yield


def read(row: Mapping[str, Any], licence: str = "") -> Made:
    """A row for `open_code_instruct`; columns that are typed already are taken as they are. Raises Dropped."""
    question, answer = (_text(row, name) for name in ("input", "output"))
    if not question.strip() or not answer.strip():
        raise Dropped("empty", detail="input" if not question.strip() else "output")
    tests, statuses = _list(row, "unit_tests"), [_status(one) for one in _list(row, "tests_execution_status")]
    if len(tests) != len(statuses):
        raise Dropped("not_in_form", len(statuses), len(tests), "tests_execution_status: expected one of each test")
    judged = _judgement(row.get("llm_judgement"))
    domain, algorithm = _text(row, "domain"), _text(row, "generation_algorithm")
    scores = {
        "algorithmic": float(domain == "algorithmic"),
        "crossover": float(algorithm == "self-instruct"),
        "mutation": float(algorithm == "evol-instruct"),
        "code_in_question": float(bool(code_blocks(question))),
        "tests": float(len(tests)),
    }
    if (mean := _number(row.get("average_test_score"), statuses)) is not None:
        scores["average_test_score"] = mean
    if judged:
        numbers = [one["score"] for one in judged]
        scores |= {"judge": sum(numbers) / len(numbers), "judge_least": min(numbers)}
        scores |= {f"judge_{one['criterion']}": one["score"] for one in judged}
    parts = {
        "domain": domain or "generic",
        "generation_algorithm": algorithm,
        "unit_tests": json.dumps(tests, ensure_ascii=False),
        "tests_execution_status": json.dumps(statuses),
        "llm_judgement": json.dumps(judged, ensure_ascii=False),
    }
    return Made(
        SOLVED_BY, pair(question, answer), language="python", stage=2, licence=licence, scores=scores, parts=parts
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _list(row: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts, typed or as JSON. Raises Dropped."""
    value = row.get(name)
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise Dropped("not_in_form", detail=f"{name}: expected a JSON list, found {value[:100]!r}") from None
    if value is None or value == "":
        return []
    if not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
        raise Dropped("not_in_form", detail=f"{name}: expected a list of texts")
    return list(value)


def _status(text: str) -> str:
    """pass or fail. Raises Dropped for another word."""
    if text not in ("pass", "fail"):
        raise Dropped("not_in_form", detail=f"tests_execution_status: expected pass or fail, found {text[:50]!r}")
    return text


def _judgement(value: Any) -> list[dict[str, Any]]:
    """Criteria with score and justification: of JSON by criterion, numbers alone or with a text beside each."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.strip() else None
        except (ValueError, RecursionError):
            raise Dropped("not_in_form", detail=f"llm_judgement: expected JSON, found {value[:100]!r}") from None
    if isinstance(value, Mapping):
        value = [{"criterion": name, **_criterion(one)} for name, one in value.items()]
    if not isinstance(value, Sequence):
        return []
    found = []
    for one in value:
        score = one.get("score") if isinstance(one, Mapping) else None
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not math.isfinite(score):
            raise Dropped("not_in_form", detail="llm_judgement: expected a number for each criterion")
        why = one.get("justification") or ""
        found.append({"criterion": str(one.get("criterion", "")), "score": float(score), "justification": str(why)})
    return found


def _criterion(one: Any) -> dict[str, Any]:
    if isinstance(one, Mapping):
        return {"score": one.get("score"), "justification": one.get("justification") or one.get("reason") or ""}
    return {"score": one, "justification": ""}


def _number(value: Any, statuses: Sequence[str]) -> float | None:
    """The mean as it is given, else of the statuses."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return sum(one == "pass" for one in statuses) / len(statuses) if statuses else None
    if not 0 <= found <= 1:
        raise Dropped("not_in_form", found, 1.0, "average_test_score: expected a share from 0 to 1")
    return found


RECIPE = Recipe(
    "open_code_rows",
    "Published rows of OpenCodeInstruct, read into typed columns.",
    play,
    OpenCodeRows(),
    SOLVED_BY,
    asks=(),
    takes=("row",),
)
