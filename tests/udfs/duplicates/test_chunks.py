"""Chunks of a text: where they begin, and what is left when some of them go."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.duplicates.chunks import chunk_spans, without_chunks
from udfs.duplicates.fingerprint import tokens

TEXTS = st.text(st.sampled_from("ab_1 .(\n\u00e4\u4e2d\U0001f600\u2003"), max_size=60)


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(1, 7))
def test_the_chunks_of_a_text_are_the_whole_of_it_and_break_no_character(text: str, size: int) -> None:
    raw = text.encode()
    spans = chunk_spans(raw, size)
    parts = [raw[a:b].decode() for a, b in spans]  # would raise inside of a character
    assert "".join(parts) == text
    counts = [len(tokens(part.encode())) for part in parts]
    assert sum(counts) == len(tokens(raw)), "no token is cut in two"
    assert set(counts[:-1]) <= {size} and counts[-1] <= size


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(1, 4), st.data())
def test_what_is_left_are_the_other_chunks_in_order(text: str, size: int, data: Any) -> None:
    numbers = range(1, len(chunk_spans(text.encode(), size)) + 1)
    cut = data.draw(st.sets(st.sampled_from(numbers)))
    parts = [text.encode()[a:b] for a, b in chunk_spans(text.encode(), size)]
    words = [w for n, part in zip(numbers, parts, strict=True) if n not in cut for w in tokens(part)]
    assert tokens(without_chunks(text, cut, size).encode()) == words


@pytest.mark.parametrize(
    ("cut", "left"),
    [
        (set(), "one(two)three"),
        ({1}, "two)three"),
        ({3}, "one(two)"),
        ({2}, "one(\nthree"),  # what was not side by side stands on its own line
        ({1, 2, 3}, ""),
        ({1, 9}, "two)three"),  # a chunk that is not there
    ],
)
def test_a_line_end_stands_where_a_chunk_was(cut: set[int], left: str) -> None:
    text = "one(two)three"
    assert [text[a:b] for a, b in chunk_spans(text.encode(), 2)] == ["one(", "two)", "three"]
    assert without_chunks(text, cut, 2) == left
    assert without_chunks("a\nb\nc\n", {2}, 1) == "a\nc\n", "no second one where a line has ended"


def test_a_text_without_tokens_is_one_chunk() -> None:
    assert chunk_spans(b"", 3) == [(0, 0)] and chunk_spans(b" \n", 3) == [(0, 2)]
    assert without_chunks(" \n", {1}, 3) == "" and without_chunks(" \n", {2}, 3) == " \n"
