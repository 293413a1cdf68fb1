"""Packed dialogues: several given questions with their answers as one dialogue, and similar problems with solutions.

OpenCodeInterpreter (2402.14658, section 2.2): single-turn packing (16,600 dialogues) and similar problems. Which rows
come together decides stage `query_packs`; no model is asked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from udfs.recipes.dialogue_rows import TARGET, row, turn
from udfs.recipes.steps import Dropped, Recipe, Seed, Steps
from udfs.recipes.writing import fenced, text_of


@dataclass(frozen=True)
class Packing:
    """How stage `query_packs` decides.

    `least_complexity`: mean of both scores that a query needs (paper: 4 and 5 stay). `embeddings`: folder of the
    sentence encoder (`refinelake fetch encoder`), on every worker; without one nothing is packed by meaning.
    `neighbours` nearest are looked at (paper: k is not stated); `nearest`: a pair above that cosine says the same
    thing twice, `farthest`: below it the two have nothing in common (neither is stated). `turns` bounds a dialogue of
    either kind.
    """

    least_complexity: float = 4.0
    embeddings: str = ""
    neighbours: int = 10
    nearest: float = 0.95
    farthest: float = 0.6
    turns: int = 4

    def __post_init__(self) -> None:
        if not -1 <= self.farthest < self.nearest <= 1:
            raise ValueError(
                f"packing: expected farthest below nearest, both from -1 to 1, found {self.farthest} and {self.nearest}"
            )
        if self.turns < 2 or self.neighbours < 1:
            raise ValueError(
                f"packing: expected turns from 2 and neighbours from 1, found {self.turns}, {self.neighbours}"
            )


def play(seed: Seed, p: Packing) -> Steps:
    """One dialogue. Raises Dropped where a member has no answer, or all but one say the same."""
    kind = text_of(seed, "kind")
    members = json.loads(text_of(seed, "members"))
    messages = []
    for member in members:
        answer = member.get("answer") or _solution(member, seed.language)
        if not answer.strip():
            raise Dropped("no_answer", detail=kind)
        messages += [turn("user", member["question"]), turn("assistant", answer)]
    return [row(seed, kind, messages, seed.language, {"similar": float(kind == "similar")})]
    yield


def _solution(member: dict[str, str], language: str) -> str:
    """The first solution of a problem, as an answer."""
    found: list[str] = json.loads(member.get("solutions") or "[]")
    return fenced(language, found[0]) if found else ""


RECIPE = Recipe(
    "packing",
    "Dialogues packed out of questions that are near each other by meaning or by tags.",
    play,
    Packing(),
    TARGET,
    asks=(),
    takes=("pack",),
)
