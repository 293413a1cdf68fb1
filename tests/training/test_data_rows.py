"""Chat rows as batches: each row once an epoch, whatever the number of ranks; cut rows keep their end."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.runs import TOKENIZER, inputs, tiny
from training.data.feed import RowFeed
from training.data.rows import first_fit
from training.inputs import open_feed
from udfs.tokens.tokenizer import TextTokenizer


def feed(folder: Path, **sections: Any) -> RowFeed:
    given = {"batch": {"size": 16, "length": 256, "micro": 2}, "duration": {"epochs": 2.0}} | sections
    made = open_feed(tiny("sft1", **given), inputs(folder, "rows"), TextTokenizer.read(TOKENIZER))
    assert isinstance(made, RowFeed)
    return made


def rows_of(made: RowFeed, steps: range, world: int = 1) -> list[str]:
    ranks = (made.batches(step, rank, world) for step in steps for rank in range(world))
    return [piece.content_id for batches in ranks for batch in batches for row in batch.pieces for piece in row]


@pytest.mark.parametrize("packed", [False, True])
def test_each_row_once_an_epoch_in_another_order(tmp_path: Path, packed: bool) -> None:
    made = feed(tmp_path, data={"packed": packed, "isolate": packed})
    epochs = [rows_of(made, range(e * made.steps_an_epoch, (e + 1) * made.steps_an_epoch)) for e in (0, 1)]
    assert len(made.rows) % 16, "the last step of an epoch is a smaller one"
    for epoch in epochs:
        assert Counter(epoch).most_common(1)[0][1] == 1 and len(epoch) == len(made.rows)
    assert set(epochs[0]) == set(epochs[1]) and epochs[0] != epochs[1]
    assert made.steps == 2 * made.steps_an_epoch


@pytest.mark.parametrize("packed", [False, True])
def test_ranks_share_a_step_and_take_equally_many_turns(tmp_path: Path, packed: bool) -> None:
    made = feed(tmp_path, data={"packed": packed, "isolate": packed})
    for step in (0, made.steps_an_epoch - 1):
        assert Counter(rows_of(made, range(step, step + 1), 4)) == Counter(rows_of(made, range(step, step + 1)))
        assert len({len(made.batches(step, rank, 4)) for rank in range(4)}) == 1


def test_rows_that_are_too_long_are_dropped_and_counted_or_cut_with_their_end(tmp_path: Path) -> None:
    dropped, cut = (feed(tmp_path, data={"too_long": how}, batch={"length": 96}) for how in ("drop", "cut"))
    gone = dropped.rows.dropped["too_long"]
    whole = gone + len(dropped.rows)
    assert gone > 5 and dropped.notices[0].startswith(f"tokens: {gone:,} of {whole:,} rows are longer than 96 tokens")
    assert cut.notices[0].startswith(f"tokens: {cut.rows.cut:,} of {whole:,} rows are longer than 96 tokens and cut")
    assert cut.rows.cut + cut.rows.dropped["nothing_supervised_after_cut"] == gone
    assert sum(cut.rows.dropped.values()) == 0 or "have no answer within 96 tokens" in cut.notices[1]
    assert len(dropped.rows) < len(cut.rows) <= len(dropped.rows) + gone
    end = TextTokenizer.read(TOKENIZER).id("<|im_end|>")
    batches = [batch for step in range(cut.steps_an_epoch) for batch in cut.batches(step, 0, 1)]
    full = [(ids, labels) for b in batches for ids, labels in zip(b.ids, b.labels, strict=True) if len(ids) == 96]
    whole = [(ids, labels) for ids, labels in full if ids[-1] == end]
    assert whole and all((labels != -100).any() for _, labels in full)
    assert all(labels[-1] in (end, -100) for _, labels in whole)


def test_supervised_are_the_answers_and_nothing_else(tmp_path: Path) -> None:
    made, tokenizer = feed(tmp_path), TextTokenizer.read(TOKENIZER)
    batch = made.batches(0, 0, 1)[0]
    for ids, labels in zip(batch.ids, batch.labels, strict=True):
        text = tokenizer.decode([int(i) for i, label in zip(ids, labels, strict=True) if label != -100])
        assert text.endswith("<|im_end|>\n") and "<|im_start|>" not in text and "user" not in text.split("\n")[0]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_first_fit_places_each_row_once_and_never_too_many(lengths: list[int]) -> None:
    bins = first_fit(lengths, 50)
    assert sorted(place for b in bins for place in b) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in b) <= 50 for b in bins)
    assert len(bins) <= -(-sum(lengths) // 50) * 2 + 1


def test_positions_of_packed_rows_start_again(tmp_path: Path) -> None:
    made = feed(tmp_path, data={"packed": True, "isolate": True})
    batch = made.batches(0, 0, 1)[0]
    assert batch.positions is not None
    for positions, pieces in zip(batch.positions, batch.pieces, strict=True):
        starts = np.flatnonzero(positions == 0).tolist()
        assert starts[: len(pieces)] == [piece.place for piece in pieces]
