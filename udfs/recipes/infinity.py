"""Filtered Infinity-Instruct: a model says whether a dialogue is about code; its answer may be written anew.

OpenCoder, stage 1: a classifier keeps code-related rows (1.03 million published). Their card says that the original
answers are often too short or uneven in form and advises to write them again with a stronger model: a setting here.
"""

from __future__ import annotations

from dataclasses import dataclass

from udfs.recipes.asking import ask_json, said
from udfs.recipes.dialogues import messages_of, pairs_of
from udfs.recipes.rubrics import closed
from udfs.recipes.steps import Answer, Ask, Dropped, Made, Recipe, Seed, Steps
from udfs.recipes.writing import says_who_it_is, tongue

LABEL = closed({"reason": {"type": "string"}, "yes": {"type": "boolean"}})


@dataclass(frozen=True)
class Infinity:
    """`rewrite`: the last answer is written anew. `most`: answers asked for until one is JSON."""

    rewrite: bool = False
    most: int = 3


def play(seed: Seed, p: Infinity) -> Steps:
    """The dialogue as a row. Raises Dropped `not_code`, `says_who_it_is` and what asking raises."""
    pairs = pairs_of(seed)
    label = yield from ask_json(Ask("label", "code_label", {"pairs": pairs}), LABEL, p.most)
    if not label["yes"]:
        raise Dropped("not_code", detail=said(label["reason"])[:200])
    if p.rewrite:
        fields = {"pairs": pairs[:-1], "question": pairs[-1][0], "tongue": tongue(pairs[-1][0])}
        answer: Answer = yield Ask("rewrite", "answer", fields)
        pairs = [*pairs[:-1], (pairs[-1][0], said(answer.text))]
    if any(says_who_it_is(answered) for _, answered in pairs):
        raise Dropped("says_who_it_is")
    if not pairs[-1][1]:
        raise Dropped("empty", detail="answer")
    scores = {"rewritten": float(p.rewrite)}
    made = Made("instructions", messages_of(pairs), stage=1, licence=seed.licence, scores=scores)
    return [made]


RECIPE = Recipe(
    "infinity",
    "Dialogues of Infinity-Instruct that are about code.",
    play,
    Infinity(),
    "instructions",
    asks=(("label", "code_label", 1.0), ("rewrite", "answer", 0.0)),
    takes=("dialogue",),
    times=lambda p: {"rewrite": p.rewrite},
)
