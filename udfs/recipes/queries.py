"""The query pool: a given question with its answer is scored for complexity by two templates; both raw answers stay.

OpenCodeInterpreter (2402.14658, section 2.1): 287,000 queries of four sources, Qwen-72B-Chat gives 1 to 5 under two
templates, score before reason; the mean decides, 4 and 5 stay (156,000). Scores are kept of every query: the threshold
is a decision of stage `query_packs`, and changing it asks nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from udfs.recipes.judging import Judgement, Judging, judge
from udfs.recipes.rubrics import rubric
from udfs.recipes.steps import Made, Recipe, Seed, Steps
from udfs.recipes.writing import text_of

TEMPLATES = ("complexity_levels", "complexity_demands")
"""Rubrics of the two templates."""
TARGET = "seeds:interaction"


@dataclass(frozen=True)
class Queries:
    """`reason_first`: the paper scores first. `most` answers are asked for until one is JSON."""

    reason_first: bool = False
    most: int = 3


def play(seed: Seed, p: Queries) -> Steps:
    """A seed of the dialogues with its scores. Raises Dropped as asking does."""
    question = text_of(seed, "question")
    found: list[Judgement] = []
    for number, name in enumerate(TEMPLATES, 1):
        judging = Judging(p.reason_first, False, p.most)
        found.append((yield from judge("", question, rubric(name), judging, step=f"complexity{number}")))
    scores = {f"complexity{number}": each.mean for number, each in enumerate(found, 1)}
    scores["complexity"] = sum(scores.values()) / len(scores)
    raw = [{"scores": each.scores, "reasons": each.reasons} for each in found]
    parts = {"question": question, "answer": seed.fields.get("answer", ""), "raw": json.dumps(raw, ensure_ascii=False)}
    return [Made(TARGET, text=question, language=seed.language, licence=seed.licence, scores=scores, parts=parts)]


RECIPE = Recipe(
    "queries",
    "Given questions about code with two scores of their complexity: the pool that dialogues are made of.",
    play,
    Queries(),
    TARGET,
    asks=(("complexity1", "judge", 1.0), ("complexity2", "judge", 1.0)),
    takes=("dialogue",),
    stage="questions",
)
