"""The reader: the same sequences whatever the layout, the ranks or the moment of a restart; refusals that say why."""

from __future__ import annotations

import json
import random
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.test_data_made import HASH, PACKING, Row, everything, part, reader, row, rows, write
from training.data.prefetch import Prefetch
from training.data.reader import Reader, dealt

WEIGHTS = {"code": 7, "web": 2, "books": 1}


def mixed(tmp_path: Path, **others: Any) -> Reader:
    """Three tables of which web ends first and books is read three times."""
    counts, epochs = {"code": 150, "web": 20, "books": 12}, {"books": 3}
    places = {name: write(tmp_path / name, rows(name, count)) for name, count in counts.items()}
    parts = [part(places[n], n, 0, weight=w, epochs=epochs.get(n, 1)) for n, w in WEIGHTS.items()]
    return reader(tmp_path / "c", *parts, **others)


@pytest.fixture(scope="module")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return mixed(tmp_path_factory.mktemp("mixed"))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_neither_the_order_of_rows_nor_files_matter(seed: int, files: int) -> None:
    made = rows("a", 40)
    shuffled = random.Random(seed).sample(made, len(made))
    with tempfile.TemporaryDirectory() as folder:
        whole = write(Path(folder) / "whole", made)
        for number in range(files):
            write(Path(folder) / "split", shuffled[number::files])
        one, other = (reader(Path(folder) / "c", part(p)) for p in (whole, f"{folder}/split"))
        assert everything(one) == everything(other)


def test_compaction_and_z_order_change_nothing(tmp_path: Path) -> None:
    made = rows("a", 60)
    for number in range(6):
        place = write(tmp_path / "t", made[number::6])
    before = reader(tmp_path / "c", part(place))
    seen = [everything(before)]
    for optimise in (lambda t: t.optimize.compact(), lambda t: t.optimize.z_order(["content_id"])):
        optimise(DeltaTable(place))
        after = reader(tmp_path / "c", part(place))
        seen.append(everything(after))
        with pytest.raises(ValueError, match=r"code\.version was \d, is \d \(the rows are the same\)"):
            after.resume(before.state(5))
        assert after.resume(before.state(5), allow=["code.version"]) == 5
    assert len(set(seen)) == 1
    assert len(part(place).table.files) == 1 and len(part(place, version=5).table.files) == 6


def test_seed_length_rows_and_epoch_do_matter(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 40))
    write(tmp_path / "t", rows("b", 1))
    one = reader(tmp_path / "c", part(place, version=0, epochs=2))
    others = [
        reader(tmp_path / "c", part(place, version=0, epochs=2), seed=1),
        reader(tmp_path / "c", part(place, version=1, epochs=2)),
        reader(tmp_path / "c", part(place, version=0, epochs=2), packing=replace(PACKING, length=32)),
    ]
    assert len({everything(of) for of in (one, *others)}) == 4
    assert not np.array_equal(one.sequences(0, 4).ids, others[0].sequences(0, 4).ids)
    half = one.total // 2
    epochs = [one.sequences(start, half) for start in (0, half)]
    assert not np.array_equal(epochs[0].ids, epochs[1].ids)
    tokens = [np.sort(epoch.ids.ravel()) for epoch in epochs]
    assert np.array_equal(*tokens)
    assert [{p.epoch for pieces in e.pieces for p in pieces} for e in epochs] == [{0}, {1}]


@pytest.mark.parametrize("world", [1, 2, 4])
@pytest.mark.parametrize("micro", [1, 2])
def test_any_number_of_ranks_reads_the_same_global_batches(mixture: Reader, world: int, micro: int) -> None:
    size, first = 8, 3
    for step in range((mixture.total - first) // size):
        dealt_out = [b for r in range(world) for b in mixture.batch(step, r, world, micro, size=size, first=first)]
        rows_of = {number: ids for b in dealt_out for number, ids in zip(b.sequences, b.ids, strict=True)}
        whole = mixture.sequences(first + step * size, size)
        assert all(len(b.sequences) == micro for b in dealt_out)
        assert sorted(n for b in dealt_out for n in b.sequences) == list(whole.sequences)
        assert np.array_equal(np.stack([rows_of[number] for number in sorted(rows_of)]), whole.ids)


def test_the_batch_size_has_no_part_in_the_order(mixture: Reader) -> None:
    by_eights = [mixture.batch(step, size=8, micro=8)[0].ids for step in range(4)]
    by_fours = [mixture.batch(step, size=4, micro=4)[0].ids for step in range(8)]
    assert np.array_equal(np.concatenate(by_eights), np.concatenate(by_fours))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_sequence_can_be_asked_for_at_any_time(mixture: Reader, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, mixture.total - 1))
    count = data.draw(st.integers(1, min(5, mixture.total - number)))
    found = mixture.sequences(number, count)
    assert [mixture.sequences(n, 1).ids.tolist()[0] for n in range(number, number + count)] == found.ids.tolist()


def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    of = mixed(tmp_path)
    whole = [b.ids.tobytes() for step in range(of.total // 4) for b in of.batch(step, size=4, micro=4)]
    stop = len(whole) // 2
    stored = json.loads(json.dumps(of.state(stop * 4)))
    again = mixed(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"books\.table was .*, is .*; code\.table was"):
        again.resume(stored)
    same = reader(tmp_path / "another cache", *(source.part for source in of.sources.values()))
    first = same.resume(stored)
    rest = [
        b.ids.tobytes() for step in range(len(whole) - stop) for b in same.batch(step, size=4, micro=4, first=first)
    ]
    assert whole[:stop] + rest == whole


def test_each_token_is_read_once_per_epoch(mixture: Reader) -> None:
    """Tokens in = trained + padding; of books three times, since its cap is three epochs."""
    whole = mixture.sequences(0, mixture.total)
    found = np.bincount(whole.ids.ravel(), minlength=600)
    wanted = np.zeros(600, dtype=np.int64)
    accounts = mixture.account()
    for name, count, epochs in (("code", 150, 1), ("web", 20, 1), ("books", 12, 3)):
        for made in rows(name, count):
            np.add.at(wanted, made["tokens"], epochs)
        wanted[[PACKING.separator, PACKING.padding]] += epochs * np.array([count, accounts[name].padding])
        assert accounts[name].tokens == sum(r["n_tokens"] for r in rows(name, count))
    assert found.tolist() == wanted.tolist()
    assert mixture.realised(mixture.total)["books"]["epochs"] == 3.0


def test_pieces_say_where_each_token_comes_from(mixture: Reader) -> None:
    made = {
        r["content_id"]: r["tokens"] for name, n in (("code", 150), ("web", 20), ("books", 12)) for r in rows(name, n)
    }
    whole = mixture.sequences(0, mixture.total)
    for ids, pieces in zip(whole.ids.tolist(), whole.pieces, strict=True):
        for piece in pieces:
            text = [*made[piece.content_id], PACKING.separator]
            assert ids[piece.place : piece.place + piece.stop - piece.start] == text[piece.start : piece.stop]


def test_a_content_is_found_in_the_sequences_that_read_it(mixture: Reader) -> None:
    upto = mixture.total - 2
    found = mixture.sequences(0, upto)
    for made in (rows("code", 150)[77], rows("books", 12)[5], rows("web", 20)[19]):
        held = [n for n, pieces in enumerate(found.pieces) if made["content_id"] in {p.content_id for p in pieces}]
        assert mixture.seen(made["content_id"], upto) == held
    assert mixture.seen("0" * 64, upto) == []


def test_shares_hold_at_every_checkpoint_until_a_part_ends(mixture: Reader) -> None:
    for upto in range(1, mixture.plan.segments[0].stop + 1):
        for name, realised in mixture.realised(upto).items():
            assert abs(realised["sequences"] - WEIGHTS[name] * upto / 10) < 1


def test_languages_of_one_table_are_parts_of_their_own(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 50) + rows("b", 50, language="go"))
    python, go = (part(place, n, weight=w, languages=(n,)) for n, w in (("python", 3), ("go", 1)))
    of = reader(tmp_path / "c", python, go)
    assert of.plan.counts(8) == {"go": 2, "python": 6}
    theirs = {r["content_id"] for r in rows("b", 50)}
    whole = of.sequences(0, of.total)
    assert {p.content_id for pieces in whole.pieces for p in pieces if p.part == "go"} == theirs
    assert len([p for p in (tmp_path / "c").iterdir() if p.is_dir()]) == 1


def test_chunks_of_a_document_are_documents(tmp_path: Path) -> None:
    def chunk(number: int) -> Row:
        return rows("a", 1)[0] | {"chunk": number, "tokens": [20 + number] * 3, "n_tokens": 3}

    of = reader(tmp_path / "c", part(write(tmp_path / "t", [chunk(i) for i in range(9)])))
    pieces = [p for row_ in of.sequences(0, of.total).pieces for p in row_]
    assert {p.chunk for p in pieces} == set(range(9)) and len({p.content_id for p in pieces}) == 1


def test_isolated_documents_have_positions_of_their_own(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 20))
    plain, isolated = (
        reader(tmp_path / "c", part(place), packing=replace(PACKING, isolate=on)).sequences(0, 10)
        for on in (False, True)
    )
    assert plain.positions is None and isolated.positions is not None
    assert np.array_equal(plain.ids, isolated.ids)
    for labels, positions, pieces in zip(isolated.labels, isolated.positions, isolated.pieces, strict=True):
        starts = [p.place for p in pieces]
        assert np.flatnonzero(positions == 0).tolist()[: len(starts)] == starts
        assert (labels[starts[1:]] == -100).all() and labels[0] != -100


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"seed": 1}, "seed"),
        ({"packing": replace(PACKING, isolate=True)}, "isolate"),
        ({"packing": replace(PACKING, separator=5)}, "separator"),
        ({"missing": "renormalise"}, "missing"),
    ],
)
def test_another_configuration_is_refused_unless_named(tmp_path: Path, change: dict[str, Any], name: str) -> None:
    of = part(write(tmp_path / "t", rows("a", 30)))
    state = reader(tmp_path / "c", of).state(4)
    other = reader(tmp_path / "c", of, **change)
    with pytest.raises(ValueError, match=f"{name} was .*, is .*allow it by name: {name}$"):
        other.resume(state)
    with pytest.raises(ValueError, match=f"{name} was"):
        other.resume(state, allow=["code.version"])
    assert other.resume(state, allow=[name]) == 4


def test_every_difference_of_a_part_is_named(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 30))
    write(tmp_path / "t", rows("b", 5))
    state = reader(tmp_path / "c", part(place, version=0)).state(4)
    other = reader(tmp_path / "c", part(place, version=1, weight=2, epochs=2))
    with pytest.raises(
        ValueError, match=r"code\.epochs was 1\.0, is 2\.0; code\.version was 0, is 1 \(the rows differ\)"
    ):
        other.resume(state)
    more = reader(tmp_path / "c", part(place, version=0), part(place, "twice", version=0))
    with pytest.raises(ValueError, match="parts were code, are code, twice"):
        more.resume(state)
    for wrong in ({}, state | {"format": 7}):
        with pytest.raises(ValueError, match="checkpoint: expected"):
            other.resume(wrong)


def test_the_length_may_change_in_the_middle(tmp_path: Path) -> None:
    """The paper's 8B model goes from 4,096 to 8,192 tokens: as many tokens lie before the place where it goes on."""
    of = part(write(tmp_path / "t", rows("a", 200)))
    short, long = (reader(tmp_path / "c", of, packing=replace(PACKING, length=n, block=32)) for n in (16, 32))
    first = long.resume(short.state(40), allow=["length"])
    assert np.array_equal(long.sequences(0, 20).ids.ravel(), short.sequences(0, 40).ids.ravel())
    assert first == 20
    assert np.array_equal(long.sequences(first, 5).ids.ravel(), short.sequences(40, 10).ids.ravel())


def test_a_missing_part_fails_or_is_said(tmp_path: Path) -> None:
    there, empty = write(tmp_path / "t", rows("a", 9)), write(tmp_path / "e", [])
    parts = part(there), part(empty, "web")
    with pytest.raises(ValueError, match="expected at least one sequence of each part, found none of web"):
        reader(tmp_path / "c", *parts)
    of = reader(tmp_path / "c", *parts, missing="renormalise")
    assert "web missing" in of.notices[0] and of.realised(of.total)["code"]["share"] == 1.0
    assert of.seen(rows("a", 9)[0]["content_id"], of.total) and of.state(0)["parts"]["web"]["documents"] == 0


def test_reading_past_the_end_is_an_error(mixture: Reader) -> None:
    with pytest.raises(IndexError, match=f"expected a sequence from 0 to {mixture.total - 1}"):
        mixture.sequences(mixture.total - 1, 2)


@pytest.mark.parametrize(("size", "rank", "world", "micro"), [(8, 0, 3, 1), (8, 2, 2, 1), (8, 0, 2, 3), (0, 0, 1, 1)])
def test_batches_that_cannot_be_dealt_are_refused(size: int, rank: int, world: int, micro: int) -> None:
    with pytest.raises(ValueError, match="batch: expected a global batch that is a multiple"):
        list(dealt(0, size, rank, world, micro))


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    of = part(write(tmp_path / "t", rows("a", 9)))
    with pytest.raises(ValueError, match="mixture: expected parts of different names"):
        reader(tmp_path / "c", of, of)


def test_prefetched_batches_are_the_same(mixture: Reader) -> None:
    with Prefetch(lambda step: mixture.batch(step, size=4, micro=2), 2, 6) as batches:
        found = [b.ids.tobytes() for step in batches for b in step]
    assert found == [b.ids.tobytes() for step in range(2, 6) for b in mixture.batch(step, size=4, micro=2)]
    assert mixture.tokenizer_hash == HASH and mixture.largest >= 500


def test_another_block_is_another_order_and_is_refused(tmp_path: Path) -> None:
    of = part(write(tmp_path / "t", rows("a", 200)))
    one, other = (reader(tmp_path / "c", of, packing=replace(PACKING, block=n)) for n in (0, 64))
    assert not np.array_equal(one.sequences(0, 40).ids, other.sequences(0, 40).ids)
    with pytest.raises(ValueError, match="block was 16, is 64"):
        other.resume(one.state(8))
    before = one.state(8)
    del before["settings"]["block"]  # a checkpoint from before sequences were permuted
    with pytest.raises(ValueError, match="block was None, is 16"):
        one.resume(before)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 40),
    length=st.sampled_from([4, 16]),
    of=st.integers(1, 5),
    tail=st.sampled_from(["pad", "drop"]),
)
def test_an_epoch_is_every_sequence_of_the_stream_once(count: int, length: int, of: int, tail: Any) -> None:
    packing = replace(PACKING, length=length, block=length * of, tail=tail)
    with tempfile.TemporaryDirectory() as folder:
        place = write(Path(folder) / "t", rows("a", count, text_bytes=1))
        given_parts = part(place, epochs=2)
        try:
            made = reader(Path(folder) / "c", given_parts, packing=packing)
        except ValueError:
            assert tail == "drop"  # too few tokens for a sequence
            return
        source = made.sources["code"]
        stream = source._epoch(0).stream
        want = [tuple((s.start, s.stop, s.place) for s in stream.spans(n)) for n in range(stream.sequences)]
        found = [
            tuple((p.start, p.stop, p.place) for p in pieces) for pieces in made.sequences(0, made.total // 2).pieces
        ]
        assert sorted(want) == sorted(found)


def test_a_batch_is_not_one_document(tmp_path: Path) -> None:
    """Of 64 documents one has half of all tokens: it has about half of each batch, not batches of its own."""
    made = [row("long", 16 * 640), *(row(f"short{i}", 160) for i in range(63))]
    of = reader(tmp_path / "c", part(write(tmp_path / "t", made), epochs=3))
    long = row("long", 1)["content_id"]
    for epoch in range(3):
        first = epoch * of.total // 3
        counts = [
            sum(any(p.content_id == long for p in pieces) for pieces in of.sequences(first + begin, 64).pieces)
            for begin in range(0, of.total // 3 - 64, 64)
        ]
        assert all(15 < count < 49 for count in counts)
