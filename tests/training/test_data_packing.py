"""Packing: no token is lost, sequences can be asked for in any order, isolated documents are marked as such."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.order import I32
from training.data.packing import IGNORED, Packing, Stream

PACKINGS = st.builds(
    Packing,
    length=st.integers(2, 12),
    separator=st.just(1),
    padding=st.just(2),
    bos=st.sampled_from([None, 3]),
    isolate=st.booleans(),
    tail=st.sampled_from(["pad", "drop"]),
)
LENGTHS = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 40)), max_size=12)


def documents(lengths: list[int]) -> list[I32]:
    """Documents whose tokens are all different, so that a wrong place shows."""
    ends = np.cumsum([0, *lengths])
    return [np.arange(100 + a, 100 + b, dtype=np.int32) for a, b in itertools.pairwise(ends)]


def stream_of(lengths: list[int], packing: Packing) -> Stream:
    return Stream(np.cumsum([n + packing.added if n else 0 for n in lengths], dtype=np.int64), packing)


def packed(stream: Stream, texts: list[I32], sequence: int) -> tuple[list[int], list[int], list[int]]:
    ids, labels, positions = (np.full(stream.packing.length, -7, dtype=np.int32) for _ in range(3))
    isolated = positions if stream.packing.isolate else None
    read: Callable[[int, int, int], I32] = lambda document, start, stop: texts[document][start:stop]  # noqa: E731
    stream.fill(stream.spans(sequence), read, ids, labels, isolated)
    return ids.tolist(), labels.tolist(), positions.tolist()


def pieces(texts: list[I32], packing: Packing) -> list[int]:
    """The stream as one would write it by hand."""
    before = [] if packing.bos is None else [packing.bos]
    return [token for text in texts if len(text) for token in [*before, *text.tolist(), packing.separator]]


@settings(max_examples=300, deadline=None)
@given(LENGTHS, PACKINGS)
def test_sequences_are_the_stream_and_the_account_adds_up(lengths: list[int], packing: Packing) -> None:
    texts, stream = documents(lengths), stream_of(lengths, packing)
    whole, account = pieces(texts, packing), stream.account()
    found = [packed(stream, texts, i) for i in range(stream.sequences)]
    ids = [token for sequence, _, _ in found for token in sequence]
    dropped = sum(account.dropped.values())
    kept = whole[: len(whole) - dropped]
    assert ids == kept + [packing.padding] * account.padding
    assert account.tokens == sum(lengths) and account.tokens + account.added == len(whole)
    assert account.tokens + account.added + account.padding == account.sequences * packing.length + dropped
    assert account.empty_documents == lengths.count(0)
    assert dropped < packing.length and (packing.tail == "drop" or not dropped)
    labels = [label for _, sequence, _ in found for label in sequence[1:]]
    assert account.predicted == sum(label != IGNORED for label in labels)


@settings(max_examples=300, deadline=None)
@given(LENGTHS, PACKINGS)
def test_labels_and_positions(lengths: list[int], packing: Packing) -> None:
    texts, stream = documents(lengths), stream_of(lengths, packing)
    first = {text[0]: i for i, text in enumerate(texts) if len(text)}
    opening = {packing.bos} if packing.bos is not None else set(first)
    for number in range(stream.sequences):
        ids, labels, positions = packed(stream, texts, number)
        for place, (token, label, position) in enumerate(zip(ids, labels, positions, strict=True)):
            later = packing.isolate and place > 0 and token in opening
            assert label == (IGNORED if token == packing.padding or later else token)
            if packing.isolate:
                padding_begins = token == packing.padding and (place == 0 or ids[place - 1] != packing.padding)
                restarts = place == 0 or token in opening or padding_begins
                assert position == (0 if restarts else positions[place - 1] + 1)
        assert packing.isolate or set(positions) == {-7}


@settings(max_examples=200, deadline=None)
@given(LENGTHS, PACKINGS)
def test_a_document_is_found_where_it_is(lengths: list[int], packing: Packing) -> None:
    stream = stream_of(lengths, packing)
    held: dict[int, list[int]] = {document: [] for document in range(len(lengths))}
    for number in range(stream.sequences):
        for span in stream.spans(number):
            assert 0 <= span.start < span.stop <= stream.size(span.document)
            held[span.document].append(number)
    assert {document: list(stream.holding(document)) for document in held} == held


def test_a_sequence_far_away_is_found_at_once() -> None:
    """A trillion tokens: nothing before the sequence is looked at."""
    stream = Stream(np.arange(1, 1_000_001, dtype=np.int64) * 1_048_576, Packing(4096, 1, 2))
    assert stream.tokens == 2**20 * 10**6
    (span,) = stream.spans(stream.sequences - 1)
    assert (span.document, span.stop) == (999_999, 2**20)


@pytest.mark.parametrize("number", [-1, 3])
def test_sequences_outside_of_the_stream_are_refused(number: int) -> None:
    with pytest.raises(IndexError, match="packing: expected a sequence from 0 to 2"):
        stream_of([29], Packing(10, 1, 2)).spans(number)


@pytest.mark.parametrize("wrong", [{"length": 1}, {"padding": 1}, {"bos": 2}, {"tail": "cut"}, {"block": 12}])
def test_impossible_packings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="packing: expected"):
        Packing(**({"length": 8, "separator": 1, "padding": 2} | wrong))
