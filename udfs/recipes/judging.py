"""A model as a judge: scores by a rubric, two answers compared in both orders, a second judge beside the first."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

from udfs.recipes.asking import ask_json
from udfs.recipes.rubrics import Rubric, closed
from udfs.recipes.steps import Answer, Ask, Dropped

Winner = Literal["a", "b", "tie"]
_OTHER: dict[str, Winner] = {"a": "b", "b": "a", "tie": "tie"}


@dataclass(frozen=True)
class Judging:
    """How is judged. `reason_first`: the judge writes its reason before the score, else behind it (Code-Feedback's
    filter scores first, OpenCodeInstruct's older judge reasons first). `second`: the model of step `judge2` judges
    too. `most` answers are asked for until one is JSON by the rubric.
    """

    reason_first: bool = True
    second: bool = False
    most: int = 3

    def __post_init__(self) -> None:
        if self.most < 1:
            raise ValueError(f"judging.most: expected at least 1, found {self.most}; give more")


@dataclass(frozen=True)
class Judgement:
    """`scores` by criterion of the first judge, `second` those of the other (empty without), `reasons` of the first."""

    rubric: Rubric
    scores: dict[str, int]
    reasons: dict[str, str]
    second: dict[str, int]

    @property
    def mean(self) -> float:
        return sum(self.scores.values()) / len(self.scores)

    @property
    def agree(self) -> float | None:
        """Share of the criteria on which both judges give the same; None with one judge."""
        if not self.second:
            return None
        return sum(self.scores[name] == self.second[name] for name in self.scores) / len(self.scores)

    def as_scores(self, prefix: str = "judge") -> dict[str, float]:
        """For a row: PREFIX (the mean), PREFIX_CRITERION, and with a second judge PREFIX2... and PREFIX_agree."""
        found = {prefix: self.mean} | {f"{prefix}_{name}": float(n) for name, n in self.scores.items()}
        if self.second:
            found[f"{prefix}2"] = sum(self.second.values()) / len(self.second)
            found |= {f"{prefix}2_{name}": float(n) for name, n in self.second.items()}
            found[f"{prefix}_agree"] = self.agree or 0.0
        return found


@dataclass(frozen=True)
class Compared:
    """`winner` of a and b; `first` and `swapped` are what was said in each order, both in terms of a and b. Where the
    two differ the judge looks at places and not at answers: `by_place`, and a tie.
    """

    winner: Winner
    first: Winner
    swapped: Winner

    @property
    def by_place(self) -> bool:
        return self.first != self.swapped


def judge(
    question: str, answer: str, rubric: Rubric, p: Judging = Judging(), step: str = "judge"
) -> Generator[Any, Answer, Judgement]:
    """A judgement, as a part of a recipe: `found = yield from judge(...)`. The second judge is asked as STEP2.

    Raises Dropped as `ask_json` does.
    """
    schema = rubric.schema(p.reason_first)
    fields = {"rubric": rubric, "question": question, "answer": answer, "reason_first": p.reason_first}
    said = []
    for name in (step, f"{step}2") if p.second else (step,):
        said.append((yield from ask_json(Ask(name, "judge", fields), schema, p.most)))
    scores = [{name: each[name]["score"] for name in each} for each in said]
    reasons = {name: str(each.get("reason") or each.get("why") or "") for name, each in said[0].items()}
    return Judgement(rubric, scores[0], reasons, scores[1] if p.second else {})


def compare(
    question: str, a: str, b: str, rubric: Rubric, p: Judging = Judging(), step: str = "compare"
) -> Generator[Any, Answer, Compared]:
    """Which of two answers is better, asked in both orders. Raises Dropped as `ask_json` does."""
    better, reason = {"type": "string", "enum": ["a", "b", "tie"]}, {"type": "string"}
    # Names sort as they are to be written: see Rubric.schema.
    schema = closed({"because": reason, "better": better} if p.reason_first else {"better": better, "reason": reason})
    found: list[Winner] = []
    for first, second, swapped in ((a, b, False), (b, a, True)):
        fields = {"rubric": rubric, "question": question, "first": first, "second": second}
        ask = Ask(step, "compare", fields | {"reason_first": p.reason_first})
        said = yield from ask_json(ask, schema, p.most)
        found.append(_OTHER[said["better"]] if swapped else said["better"])
    return Compared(found[0] if found[0] == found[1] else "tie", found[0], found[1])


def need(found: Judgement, least: float, rule: str) -> None:
    """Raises Dropped where the mean is below the threshold: for what would cost money to go on with."""
    if found.mean < least:
        raise Dropped(rule, found.mean, least)
