"""Code textbooks: a task and its code are explained from several angles.

OpenCoder, annealing data: rows of task and function go to a model for an explanation from several angles; 0.91 billion
tokens of the mixture. Which angles is not said: those here are a choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from udfs.recipes.asking import drawn, said
from udfs.recipes.steps import Answer, Ask, Dropped, Made, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, fenced, says_who_it_is, text_of, tongue

ANGLES = (
    "what the task demands, and how the code meets each demand",
    "how the code runs on one concrete input, step by step",
    "why this approach, and what another one would cost or gain",
    "what it costs in time and in memory, and why",
    "what happens at the edges: empty, extreme and wrong inputs",
    "the idea of computer science behind it, explained to somebody who has not met it",
    "how one would test it, and what each test would find",
    "where the same technique is useful elsewhere, with a small example",
)


@dataclass(frozen=True)
class Textbooks:
    """`angles`: what is looked at; `per_seed` of them are drawn for a seed by its hash. `least_chars`: a shorter
    explanation explains nothing.
    """

    angles: tuple[str, ...] = ANGLES
    per_seed: int = 4
    least_chars: int = 300

    def __post_init__(self) -> None:
        at_least("textbooks", 1, per_seed=self.per_seed, angles=len(self.angles))


def play(seed: Seed, p: Textbooks) -> Steps:
    """One row: the task where there is one, the code, its explanation."""
    code = text_of(seed, "code")
    task = seed.fields.get("task") or seed.fields.get("doc") or ""
    language = seed.language or "text"
    fields = {"code": code, "task": task, "language": language, "tongue": tongue(f"{task}\n{code}")}
    answer: Answer = yield Ask("explain", "textbook", fields | {"angles": drawn(seed.seed_id, p.angles, p.per_seed)})
    explained = said(answer.text)
    if len(explained) < p.least_chars:
        raise Dropped("too_short", len(explained), p.least_chars)
    if says_who_it_is(explained):
        raise Dropped("says_who_it_is")
    text = "\n\n".join(part for part in (task.strip(), fenced(language, code), explained) if part)
    parts = {"task": task, "code": code, "explanation": explained}
    return [Made("textbooks", text=text, language=seed.language, licence=seed.licence, parts=parts)]


RECIPE = Recipe(
    "textbooks",
    "Explanations of code from several angles.",
    play,
    Textbooks(),
    "textbooks",
    asks=(("explain", "textbook", 1.0),),
    takes=("function", "file"),
)
