"""Dialogues as seeds hold them: turns out of JSON, and turns as a prompt shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from udfs.recipes.steps import Dropped, Seed
from udfs.recipes.writing import text_of

Turn = Mapping[str, str]


def pairs_of(seed: Seed) -> list[tuple[str, str]]:
    """(question, answer) of a dialogue seed, in their order. Raises Dropped `not_a_dialogue`."""
    text = text_of(seed, "dialogue")
    try:
        turns = json.loads(text)
        found = [(str(q["content"]), str(a["content"])) for q, a in zip(turns[::2], turns[1::2], strict=True)]
        roles = [turn["role"] for turn in turns]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Dropped("not_a_dialogue", detail=type(error).__name__) from None
    if not found or roles != ["user", "assistant"] * len(found):
        raise Dropped("not_a_dialogue", len(roles), detail="turns do not alternate")
    return found


def messages_of(pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, str], ...]:
    return tuple(
        {"role": role, "content": content}
        for pair in pairs
        for role, content in zip(("user", "assistant"), pair, strict=True)
    )
