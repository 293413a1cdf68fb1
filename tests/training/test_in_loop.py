"""Held-out rows within a run and loss by source: the numbers are those of independent code, and nothing else moves."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.browser import seen
from tests.training.runs import TOKENIZER, carried, events, held_out_table, inputs, lines, logged, tiny
from training import report
from training.by_source import BySource
from training.checkpoint.export import export
from training.checkpoint.master import master_weights
from training.checkpoint.store import opened
from training.data.reader import Batch
from training.data.source import Piece
from training.evaluation.held_out import held_out_loss
from training.evaluation.in_loop import HeldOut
from training.inputs import open_feed
from training.models import build
from training.runs import Carried
from training.shapes import shape
from training.train import train
from udfs.tokens.tokenizer import TextTokenizer

TOKENS = TextTokenizer.read(TOKENIZER)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    return held_out_table(tmp_path_factory.mktemp("held") / "documents")


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory, table: str) -> Path:
    """Six steps, with all held-out rows after every second one."""
    place = tmp_path_factory.mktemp("looked") / "run"
    carried(tiny(evaluate={"every": 2, "tokens": 100_000}), place, table=table)
    return place


def test_it_is_looked_at_when_asked_and_changes_nothing(looked: Path, table: str, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    carried(tiny(evaluate={"every": 0}), plain, table=table)
    assert logged(looked) == logged(plain)
    one, other = (master_weights(opened(place)) for place in (looked, plain))
    assert all(torch.equal(one[name], other[name]) for name in one)
    asked = [row["step"] for row in lines(looked) if "held_out_bits_per_byte" in row]
    assert asked == [1, 3, 5] and not any("evaluation_seconds" in row for row in lines(plain))


def test_steps_between_logged_ones_are_looked_at_too(table: str, tmp_path: Path) -> None:
    carried(tiny(steps=7, evaluate={"every": 3}, seeing={"steps": 100}), tmp_path / "run", table=table)
    found = [(row["step"], "held_out_bits_per_byte" in row) for row in lines(tmp_path / "run")]
    assert found == [(0, False), (2, True), (5, True), (6, True)]


def test_bits_per_byte_are_those_of_evaluate_on_the_export(looked: Path, table: str, tmp_path: Path) -> None:
    """By language, of the sample's documents: here all of them, in windows of the same length."""
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(export([opened(looked)], tmp_path / "model", "fp32"))
    expected = held_out_loss(model, TOKENS, table, None, tmp_path / "cache")
    found = lines(looked)[-1]["held_out_bits_per_byte"]
    assert set(found) == {"all", "go", "python"} == set(expected)
    assert found == pytest.approx({name: row["bits_per_byte"] for name, row in expected.items()}, rel=1e-5)


def test_a_resumed_run_sees_the_same(looked: Path, table: str, tmp_path: Path) -> None:
    place = tmp_path / "again"
    run = tiny(evaluate={"every": 2, "tokens": 100_000})
    train(replace(run, duration=replace(run.duration, steps=3)), inputs(tmp_path / "cache", table), place)
    carried(run, place, "must", table)
    rows = {row["step"]: row for row in lines(place)}
    whole = {row["step"]: row for row in lines(looked)}
    for step in (3, 5):
        assert rows[step]["held_out_bits_per_byte"] == whole[step]["held_out_bits_per_byte"]
        assert rows[step]["by_source"] == whole[step]["by_source"]


def sample(table: str, folder: Path, **evaluate: Any) -> HeldOut | None:
    return HeldOut.opened(tiny(evaluate=evaluate), inputs(folder, table), TOKENS)


def test_the_sample_is_bounded_and_the_same_each_time(table: str, tmp_path: Path) -> None:
    whole, some, again = (sample(table, tmp_path, tokens=n) for n in (100_000, 2000, 2000))
    assert whole is not None and some is not None and again is not None
    assert 0 < some.tokens < 2 * 2 * 2000 < whole.tokens and some.names == ["go", "python"]
    one, other = ([(w.document, w.begin, w.stop, w.language) for w in held.windows] for held in (some, again))
    assert one == other
    joined = sample(table, tmp_path, tokens=100_000, languages=1)
    assert joined is not None and joined.names[-1] == "others" and joined.tokens == whole.tokens


def test_nothing_is_looked_at_where_nothing_is_held_out_or_it_is_off(table: str, tmp_path: Path) -> None:
    assert sample("documents", tmp_path, every=2) is None and sample(table, tmp_path, every=0) is None


def test_a_run_goes_on_where_held_out_rows_cannot_be_read(table: str, tmp_path: Path) -> None:
    """As after a vacuum: its own cache is whole, that of the held-out rows is not there."""
    folder = tmp_path / "documents"
    copied = held_out_table(folder)
    run = tiny(steps=3, evaluate={"every": 0})
    carried(run, tmp_path / "run", table=copied)
    for file in folder.glob("*.parquet"):
        file.unlink()
    carried(tiny(evaluate={"every": 2}), tmp_path / "run", "must", copied)
    (resumed,) = events(tmp_path / "run", "resumed")
    assert any("without evaluation of held-out rows" in notice for notice in resumed["notices"])
    assert len(logged(tmp_path / "run")) == 6 and not any(
        "held_out_bits_per_byte" in r for r in lines(tmp_path / "run")
    )


def test_answers_of_held_out_chat_rows_are_scored_in_nats_a_token(tmp_path: Path) -> None:
    table = held_out_table(tmp_path / "rows", "rows")
    batch = {"size": 15, "length": 256, "micro": 3}
    run = tiny("sft1", batch=batch, evaluate={"every": 2}, rate={"peak": 1e-30})
    carried(run, tmp_path / "run", table=table)
    last = lines(tmp_path / "run")[-1]
    found = last["held_out_loss"]
    # At that rate the weights are still those drawn.
    lm = build(shape("tiny", TOKENS.size, 256), ids=TOKENS.model_ids())
    held = HeldOut.opened(run, inputs(tmp_path / "cache", table), TOKENS)
    assert held is not None
    sums: dict[str, list[float]] = {}
    size = 0
    for window in held.windows:
        ids = torch.from_numpy(window.cache.read(window.document, 0, window.stop).astype(np.int64))
        trained = torch.from_numpy(window.cache.mask(window.document)[1 : window.stop].copy())
        with torch.no_grad():
            nats = F.cross_entropy(lm(ids[None, :-1]).logits[0], ids[1:], reduction="none")[trained]
        for name in ("all", held.names[window.language]):
            sums.setdefault(name, [0.0, 0.0])
            sums[name] = [sums[name][0] + float(nats.sum()), sums[name][1] + len(nats)]
        answers = ids[1:][trained].tolist()
        size += len(TOKENS.decode(answers).replace(TOKENS.special.end_of_turn, "").encode())
    assert last["held_out_bits_per_byte"]["all"] == pytest.approx(sums["all"][0] / size / math.log(2), rel=1e-4)
    assert found == pytest.approx({name: nats / count for name, (nats, count) in sums.items()}, rel=1e-4)


def test_loss_by_source_is_that_of_each_token_by_itself(table: str, tmp_path: Path) -> None:
    """Step 0 by a plain model: each token's loss belongs to the source of the document that the token is of."""
    run = tiny(steps=1)
    carried(run, tmp_path / "run", table=table)
    found = lines(tmp_path / "run")[0]
    feed = open_feed(run, inputs(tmp_path / "cache", table), TOKENS)
    lm = build(shape("tiny", TOKENS.size, 64), ids=TOKENS.model_ids())
    sums = {"kernels": [0.0, 0.0], "signals": [0.0, 0.0]}
    for batch in feed.batches(0, 0, 1):
        for ids, pieces in zip(torch.from_numpy(batch.ids).long(), batch.pieces, strict=True):
            with torch.no_grad():
                nats = F.cross_entropy(lm(ids[None, :-1]).logits[0], ids[1:], reduction="none").tolist()
            for piece in pieces:
                mine = nats[max(0, piece.place - 1) : piece.place - 1 + piece.stop - piece.start]
                sums[piece.source][0] += math.fsum(mine)
                sums[piece.source][1] += len(mine)
    assert all(count for _, count in sums.values())
    assert {name: row["tokens"] for name, row in found["by_source"].items()} == {n: c for n, (_, c) in sums.items()}
    losses = {name: row["loss"] for name, row in found["by_source"].items()}
    assert losses == pytest.approx({name: nats / count for name, (nats, count) in sums.items()}, rel=1e-5)
    assert found["loss"] == pytest.approx(sum(n for n, _ in sums.values()) / found["tokens"], rel=1e-5)


def test_sources_are_summed_between_logged_lines_and_skipped_steps_left_out() -> None:
    by = BySource({("a", "x"), ("b", "x")}, torch.device("cpu"))
    labels = np.array([[5, 5, -100, 5]], np.int32)
    pieces = ((Piece("a", 0, "", 0, 0, 2, 0, "x"), Piece("b", 0, "", 0, 0, 2, 2, "x")),)
    batch = Batch((0,), labels, labels, None, pieces)
    for losses, whole in (([1.0, 9.0, 3.0, 0.0], 2.0), ([2.0, 9.0, 4.0, 0.0], 3.0), ([1.0, 1.0, 1.0, 0.0], math.inf)):
        by.note(batch, torch.tensor([losses]))
        by.keep(whole)
    assert by.names == ["a: x", "b: x"]
    assert by.taken() == {"a: x": {"loss": 1.5, "tokens": 2}, "b: x": {"loss": 3.5, "tokens": 2}}
    assert by.taken() == {}


def test_the_log_is_plain_json(looked: Path) -> None:
    assert all(json.loads(json.dumps(row)) == row for row in lines(looked))


def test_the_page_shows_both_and_a_browser_sees_no_fault(looked: Path, tmp_path: Path) -> None:
    page = report.write([Carried.open(looked)], tmp_path / "training.html").read_text(encoding="utf-8")
    assert "held-out bits per byte by language" in page and "loss by source of the training batch" in page
    first, last = (lines(looked)[n]["held_out_bits_per_byte"]["go"] for n in (1, -1))
    assert f">{first:.3f}</text>" in page and f">{last:.3f}</text>" in page
    assert page.count('class="spark"') == 3 + 2
    assert seen(page) == []
