"""The index of an epoch: the order of all rows whatever it is made with, shared where large, found when damaged."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.training.test_data_cache import cut, flip
from tests.training.test_data_made import HASH, row, rows, write
from training.data import cache as caching
from training.data import index
from training.data.cache import Cache, open_cache
from training.data.index import Chosen, opened
from training.data.opening import open_table
from training.data.order import digest, permutation


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    folder = tmp_path_factory.mktemp("index")
    made = rows("a", 900) + rows("b", 300, language="go") + [row(f"e{n}", 0) for n in range(7)]
    return open_cache(open_table(write(folder / "t", made), 0), HASH, folder / "c")


@pytest.fixture
def small(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a thousand rows were more than fits: hands of 50 rows, blocks of 64. No index is there yet."""
    shutil.rmtree(cache.place / "orders", ignore_errors=True)
    for name, value in (("HELD", 10), ("_BUCKET", 50), ("_ROWS", 64)):
        monkeypatch.setattr(index, name, value)
    monkeypatch.setattr(caching, "_ROWS", 64)


def chosen(cache: Cache, *languages: str) -> Chosen:
    return Chosen(cache, (), languages, 2)


@pytest.mark.parametrize("languages", [(), ("go",), ("python",), ("rust",)])
@pytest.mark.parametrize("epoch", [0, 3])
def test_it_is_the_permutation_of_the_chosen_rows(
    cache: Cache, small: None, monkeypatch: pytest.MonkeyPatch, languages: tuple[str, ...], epoch: int
) -> None:
    """Of one way held in memory, of the other in a file; both against the whole arrays at once."""
    of = chosen(cache, *languages)
    documents = cache.select((), languages)
    ids, chunks, lengths = cache.ids[documents], cache.chunks[documents], cache.lengths(documents)
    expected = documents[permutation(ids, chunks, 7, epoch)]
    pieces = np.where(cache.lengths(expected) > 0, cache.lengths(expected) + 2, 0)
    mapped = opened(of, 7, epoch, "t")
    monkeypatch.setattr(index, "HELD", 10_000)
    held = opened(chosen(cache, *languages), 7, epoch, "t")
    for found in (mapped, held):
        np.testing.assert_array_equal(found[0], expected)
        np.testing.assert_array_equal(found[1], np.cumsum(pieces))
    assert of.counts == (len(documents), int(lengths.sum()), int(pieces.sum()))
    assert of.digest == digest(ids, chunks, lengths)


def files(cache: Cache) -> dict[str, int]:
    return {f.name: f.stat().st_ino for f in (cache.place / "orders").iterdir() if f.suffix in ("", ".json")}


@pytest.mark.parametrize("harm", [cut, flip, Path.unlink])
@pytest.mark.parametrize("suffix", ["", ".json"])
def test_it_is_made_once_and_again_where_it_is_damaged(
    cache: Cache, small: None, harm: Callable[[Path], None], suffix: str
) -> None:
    first = [array.copy() for array in opened(chosen(cache), 1, 0, "t")]
    before = files(cache)
    opened(chosen(cache), 1, 0, "t")
    assert files(cache) == before
    (name,) = (name for name in before if not name.endswith(".json"))
    harm(cache.place / "orders" / f"{name}{suffix}")
    again = opened(chosen(cache), 1, 0, "t")
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert files(cache) != before


def test_indexes_of_epochs_that_are_over_go_and_those_in_use_stay_readable(cache: Cache, small: None) -> None:
    kept = [opened(chosen(cache), 2, epoch, "t") for epoch in range(4)]
    assert {name.rpartition("-")[2] for name in files(cache)} == {"2", "2.json", "3", "3.json"}
    assert all(sorted(documents.tolist()) == list(range(1207)) for documents, _ in kept)


def test_a_full_disk_is_one_error_and_leaves_nothing(
    cache: Cache, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(index.os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"expected to write an index, found .*No space left.*free some space"):
        opened(chosen(cache), 9, 0, "t")
    assert not list((cache.place / "orders").glob("*.building"))


def test_a_row_that_is_there_twice_is_found_in_its_hand(tmp_path: Path, small: None) -> None:
    twice = open_cache(open_table(write(tmp_path / "t", [*rows("a", 200), row("a7", 4)]), 0), HASH, tmp_path / "c")
    with pytest.raises(ValueError, match="expected each content id and chunk once"):
        opened(chosen(twice), 0, 0, "t")


def _sum(place: str, folder: str) -> int:
    index.HELD = 10
    held = open_cache(open_table(place, 0), HASH, Path(folder))
    documents, ends = opened(chosen(held), 0, 0, "t")
    return int((documents * np.arange(len(documents))).sum() + ends[-1])


def test_ranks_that_open_it_at_the_same_time_make_one(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 400))
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        sums = pool.starmap(_sum, [(place, str(tmp_path / "c"))] * 3)
    assert len(set(sums)) == 1
    (orders,) = (tmp_path / "c").glob("*/orders")
    assert len([f for f in orders.iterdir() if f.suffix == ""]) == 1
