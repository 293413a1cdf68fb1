"""Rows of given tables: whatever a line holds it is a seed or a reason, and a table takes it."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.recipes.given import dialogue_batch

TURNS = [{"from": "human", "value": "How do I add two numbers?"}, {"from": "gpt", "value": "With the sign +."}]


def seeds(*lines: str) -> list[dict[str, Any]]:
    rows = [{"origin": "/data/chats.jsonl.gz", "recipe": "infinity", "row": line} for line in lines]
    return [row for batch in dialogue_batch(pa.RecordBatch.from_pylist(rows)) for row in batch.to_pylist()]


@pytest.mark.parametrize("name", ["language", "licence", "license"])
@pytest.mark.parametrize("value", ['"\\ud800"', '"a\\u0000b"', "[1]", "{}", "7", "null"])
def test_what_stands_beside_a_dialogue_may_be_anything(name: str, value: str) -> None:
    line = json.dumps({"conversations": TURNS})[:-1] + f', "{name}": {value}}}'
    (row,) = seeds(line)
    assert row["reason"] is None and row["source"] == "chats" and json.loads(row["fields"])["answer"]


@pytest.mark.parametrize(
    "line", ["[]", "7", "null", '"text"', '{"conversations": "x"}', '{"conversations": [7]}', "[" * 100_000, "9" * 9000]
)
def test_a_line_that_is_no_dialogue_has_a_reason(line: str) -> None:
    (row,) = seeds(line)
    assert row["reason"] in ("no_dialogue", "not_json") and row["seed_id"] is None


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
NAMES = ("conversation", "conversations", "messages", "instruction", "input", "output", "language", "licence")


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), ANY))
def test_every_object_is_a_seed_or_has_a_reason(said: dict[str, Any]) -> None:
    (row,) = seeds(json.dumps(said))
    assert (row["seed_id"] is None) != (row["reason"] is None)
