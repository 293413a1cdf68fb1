"""Rows of `code_feedback`: dialogues of several turns, with how much code their answers hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from udfs.calls.code_in_answers import code_blocks
from udfs.recipes.steps import Dropped, Made, Seed
from udfs.recipes.writing import says_who_it_is

TARGET = "code_feedback"


def turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def row(
    seed: Seed, kind: str, messages: Sequence[Mapping[str, str]], language: str, scores: Mapping[str, float]
) -> Made:
    """A dialogue that begins with a question and ends with an answer. Raises Dropped where it does not, or speaks of
    itself as a model.
    """
    roles = [message["role"] for message in messages]
    if not roles or roles != ["user", "assistant"] * (len(roles) // 2):
        raise Dropped("not_in_turn", len(roles), detail=kind)
    if any(not message["content"].strip() for message in messages):
        raise Dropped("empty", detail=kind)
    answers = [message["content"] for message in messages if message["role"] == "assistant"]
    if any(says_who_it_is(answer) for answer in answers):
        raise Dropped("says_who_it_is")
    numbers = {"turns": float(len(answers))} | code_shares(answers) | dict(scores)
    return Made(TARGET, tuple(messages), language=language, stage=2, scores=numbers, parts={"kind": kind})


def code_shares(answers: Sequence[str]) -> dict[str, float]:
    """`with_code`: share of the answers that hold a block of code; `mixed`: of those that hold text beside it too
    (OpenCodeInterpreter, section 2.3: what its dialogues are meant to teach).
    """
    blocks = [code_blocks(answer) for answer in answers]
    with_code = sum(bool(found) for found in blocks)
    mixed = sum(bool(found) and _beside(answer, found) for answer, found in zip(answers, blocks, strict=True))
    return {"with_code": with_code / len(answers), "mixed": mixed / len(answers)} if answers else {}


def _beside(answer: str, blocks: Sequence[tuple[str, str]]) -> bool:
    """Whether a sentence stands beside the blocks: ten letters say something."""
    letters = sum(map(str.isalpha, answer)) - sum(map(str.isalpha, "".join(tag + body for tag, body in blocks)))
    return letters >= 10
