"""Given problems with tags and several solutions (the shape of TACO and APPS): seeds of dialogues about one problem.

OpenCodeInterpreter (2402.14658, section 2.2): problems that share their tags become one dialogue of similar problems;
several solutions of one problem, in other languages or at other cost, become one of follow-up questions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from udfs.recipes.seeds import storable
from udfs.recipes.steps import Dropped, Made, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, text_of

TARGET = "seeds:follow_up"
_QUESTIONS = ("question", "description", "content", "problem", "input", "instruction")
_SOLUTIONS = ("solutions", "solution", "output", "answer", "completion")
_TAGS = ("skill_types", "tags", "raw_tags", "topics")


@dataclass(frozen=True)
class Problems:
    """Of a problem at most `most_solutions` are kept, those between the bounds in characters, different ones."""

    most_solutions: int = 4
    least_chars: int = 20
    most_chars: int = 6_000
    most_tags: int = 6

    def __post_init__(self) -> None:
        at_least("problems", 1, most_solutions=self.most_solutions, most_tags=self.most_tags)


def play(seed: Seed, p: Problems) -> Steps:
    """A seed of follow-up dialogues. Raises Dropped `not_in_form`, `no_solution`."""
    try:
        row = json.loads(text_of(seed, "row"))
    except (ValueError, RecursionError):
        raise Dropped("not_in_form", detail="row: expected JSON") from None
    if not isinstance(row, Mapping):
        raise Dropped("not_in_form", detail="row: expected an object")
    question = next((q for name in _QUESTIONS if isinstance(q := row.get(name), str) and q.strip()), "").strip()
    if not p.least_chars <= len(question) <= p.most_chars or not storable(question):
        raise Dropped("not_in_form", len(question), p.least_chars, "no question, or one out of bounds")
    solutions = [s for s in _texts(row, _SOLUTIONS) if p.least_chars <= len(s) <= p.most_chars and storable(s)]
    solutions = list(dict.fromkeys(s.strip("\n") for s in solutions))[: p.most_solutions]
    if not solutions:
        raise Dropped("no_solution", detail="solutions")
    tags = sorted({" ".join(t.split()).casefold() for t in _texts(row, _TAGS) if t.strip()})[: p.most_tags]
    language = row.get("language") or row.get("lang")
    language = language.casefold() if isinstance(language, str) and language else seed.language or "python"
    parts = {"question": question, "solutions": json.dumps(solutions, ensure_ascii=False), "tags": "|".join(tags)}
    scores = {"solutions": float(len(solutions)), "tags": float(len(tags))}
    return [Made(TARGET, text=question, language=language, licence=seed.licence, scores=scores, parts=parts)]
    yield


def _texts(row: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    """Texts of the first of the columns that has some: a list, a JSON list, or one text."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value.lstrip().startswith("["):
            try:
                value = json.loads(value.replace("'", '"') if '"' not in value else value)
            except (ValueError, RecursionError):
                value = [value]
        found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if texts := [one for one in found if isinstance(one, str) and one.strip()]:
            return texts
    return []


RECIPE = Recipe(
    "problems",
    "Given problems with tags and solutions: seeds of dialogues about one problem or several similar ones.",
    play,
    Problems(),
    TARGET,
    asks=(),
    takes=("row",),
    stage="questions",
)
