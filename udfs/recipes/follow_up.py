"""Follow-up dialogues: several given solutions of one problem, one after the other, with explanations between.

OpenCodeInterpreter (2402.14658, section 2.2): solutions in other languages or of other complexity (200 such rows),
explanations by GPT-4.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from udfs.recipes.asking import drawn, said
from udfs.recipes.dialogue_rows import TARGET, row, turn
from udfs.recipes.steps import Answer, Ask, Dropped, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, fenced, text_of, tongue

QUESTIONS = (
    "Is there another way to solve it?",
    "Could it be done with less time or memory?",
    "How would somebody else write this?",
    "Please show me a different solution, and how it compares.",
)


@dataclass(frozen=True)
class FollowUp:
    """A problem needs `least_solutions`; `most_solutions` of it are shown."""

    least_solutions: int = 2
    most_solutions: int = 3

    def __post_init__(self) -> None:
        at_least("follow_up", 2, least_solutions=self.least_solutions)


def play(seed: Seed, p: FollowUp) -> Steps:
    """One dialogue. Raises Dropped `too_few_solutions` and what asking raises."""
    question = text_of(seed, "question")
    solutions: list[str] = json.loads(text_of(seed, "solutions"))[: p.most_solutions]
    if len(solutions) < p.least_solutions:
        raise Dropped("too_few_solutions", len(solutions), p.least_solutions)
    language = seed.language or "python"
    shown = [fenced(language, code) for code in solutions]
    befores = ["", *shown[:-1]]
    asks = [
        Ask(
            "explain",
            "explain_solution",
            {"question": question, "solution": s, "before": b, "tongue": tongue(question)},
        )
        for s, b in zip(shown, befores, strict=True)
    ]
    answers: list[Answer] = yield asks
    asked = [question, *drawn(seed.seed_id, QUESTIONS, len(solutions) - 1)]
    messages = []
    for request, code, answer in zip(asked, shown, answers, strict=True):
        first, _, rest = said(answer.text).partition("\n\n")
        if not first:
            raise Dropped("empty", detail="explain")
        messages += [turn("user", request), turn("assistant", "\n\n".join(filter(None, (first, code, rest.strip()))))]
    return [row(seed, "follow_up", messages, language, {"solutions": float(len(solutions))})]


RECIPE = Recipe(
    "follow_up",
    "Dialogues that go from one given solution of a problem to another, with explanations.",
    play,
    FollowUp(),
    TARGET,
    asks=(("explain", "explain_solution", 2.0),),
    takes=("problem",),
)
