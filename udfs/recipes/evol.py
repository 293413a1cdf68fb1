"""Evol-Instruct: a task is made harder, rarer or otherwise another one by drawn operators, then answered.

OpenCoder, stage 2, takes the published rows (111,183, equal to Magicoder-Evol-Instruct-110K); this makes own ones. The
operators are data: udfs/data/evolution.toml.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from schemas.identity import data_bytes
from udfs.calls.code_in_answers import code_blocks
from udfs.recipes.asking import drawn, said
from udfs.recipes.judging import Judging, judge
from udfs.recipes.rubrics import rubric
from udfs.recipes.steps import Answer, Ask, Dropped, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, instruction, text_of, tongue


@cache
def operators() -> Mapping[str, str]:
    return {str(name): str(text) for name, text in tomllib.loads(data_bytes("evolution.toml").decode()).items()}


@dataclass(frozen=True)
class Evol:
    """`rounds`: how often a task is changed, each time by another operator out of `operators` (() of all), drawn by the
    seed's hash; Evol-Instruct: 4 rounds, each of which is a row of its own. `every` round gives a row, else the last.

    `judged`: each row is scored by the rubric `solution`. `least_chars`: a shorter task is none.
    """

    rounds: int = 1
    operators: tuple[str, ...] = ()
    every: bool = False
    judged: bool = False
    reason_first: bool = True
    second: bool = False
    least_chars: int = 20
    most: int = 3

    def __post_init__(self) -> None:
        if unknown := set(self.operators) - set(operators()):
            raise ValueError(
                f"evol.operators: expected names out of {', '.join(operators())}, found {', '.join(sorted(unknown))}; "
                "correct them"
            )
        at_least("evol", 1, rounds=self.rounds)
        if self.rounds > len(self.operators or operators()):
            raise ValueError(f"evol.rounds: expected at most as many as operators, found {self.rounds}; take fewer")


def play(seed: Seed, p: Evol) -> Steps:
    """A row for the last task, or for each. Raises Dropped `not_evolved` for a task that did not change."""
    task = text_of(seed, "question")
    chosen = drawn(seed.seed_id, p.operators or tuple(operators()), p.rounds)
    spoken = tongue(task)
    rows = []
    for number, name in enumerate(chosen, 1):
        fields = {"task": task, "change": operators()[name], "tongue": spoken}
        evolved: Answer = yield Ask("evolve", "evolve", fields)
        parent, task = task, said(evolved.text)
        if len(task) < p.least_chars or _plain(task) == _plain(parent):
            raise Dropped("not_evolved", len(task), p.least_chars, name)
        if not p.every and number < p.rounds:
            continue
        answer: Answer = yield Ask("answer", "answer", {"pairs": [], "question": task, "tongue": spoken})
        text = said(answer.text)
        scores = {"generation": float(number), "code_blocks": float(len(code_blocks(text)))}
        if p.judged:
            found = yield from judge(task, text, rubric("solution"), Judging(p.reason_first, p.second, p.most))
            scores |= found.as_scores()
        parts = {"operators": json.dumps(chosen[:number]), "parent": parent}
        rows.append(instruction(seed, task, text, 2, seed.language, scores=scores, parts=parts))
    return rows


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _times(p: Evol) -> Mapping[str, float]:
    rows = p.rounds if p.every else 1
    judged = rows if p.judged else 0
    return {"evolve": p.rounds, "answer": rows, "judge": judged, "judge2": judged if p.second else 0}


RECIPE = Recipe(
    "evol",
    "Tasks made harder, rarer or otherwise new by drawn operators, and answered.",
    play,
    Evol(),
    "instructions",
    asks=(("evolve", "evolve", 1.0), ("answer", "answer", 1.0), ("judge", "judge", 0.0)),
    takes=("dialogue", "question"),
    times=_times,
)
