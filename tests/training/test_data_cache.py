"""The local cache: random access to what the table holds, rebuilt when it is damaged, built once by many."""

from __future__ import annotations

import errno
import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.training.test_data_made import HASH, row, rows, write
from training.data import cache as caching
from training.data import checksums
from training.data.cache import Cache, open_cache
from training.data.opening import open_table
from training.data.order import id_to_hex
from training.data.tables import TokenTable


def made(tmp_path: Path, count: int = 30) -> TokenTable:
    return open_table(write(tmp_path / "t", rows("a", count) + rows("b", 5, language="go", source="stack")), 0)


def contents(of: Cache) -> dict[str, list[int]]:
    sizes = of.lengths()
    return {id_to_hex(of.ids[i]): of.read(i, 0, int(sizes[i])).tolist() for i in range(len(sizes))}


def test_documents_are_those_of_the_table(tmp_path: Path) -> None:
    of = open_cache(made(tmp_path), HASH, tmp_path / "c")
    wanted = rows("a", 30) + rows("b", 5)
    assert contents(of) == {r["content_id"]: r["tokens"] for r in wanted}
    assert of.bytes.tolist() == [r["text_bytes"] for r in wanted]
    assert of.largest == max(token for r in wanted for token in r["tokens"])
    assert of.read(3, 2, 5).tolist() == wanted[3]["tokens"][2:5]
    assert not of.tokens.flags.writeable


def test_documents_are_chosen_by_source_and_language(tmp_path: Path) -> None:
    of = open_cache(made(tmp_path), HASH, tmp_path / "c")
    assert len(of.select((), ())) == 35 and of.select((), ("go",)).tolist() == [30, 31, 32, 33, 34]
    assert len(of.select(("github",), ())) == 30 and len(of.select(("github",), ("go",))) == 0


def test_it_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = made(tmp_path)
    open_cache(table, HASH, tmp_path / "c")
    monkeypatch.setattr(caching, "build", None)
    assert len(open_cache(table, HASH, tmp_path / "c").ids) == 35


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("harm", [cut, flip, Path.unlink])
@pytest.mark.parametrize("name", ["tokens", "offsets", "ids", "kinds", "manifest.json"])
def test_a_damaged_cache_is_built_again(tmp_path: Path, harm: Callable[[Path], None], name: str) -> None:
    table = made(tmp_path)
    whole = contents(open_cache(table, HASH, tmp_path / "c"))
    (place,) = (p for p in (tmp_path / "c").iterdir() if p.is_dir())
    before = (place / "tokens").read_bytes()
    harm(place / name)
    (tmp_path / "c" / f"{place.name}.building-1").mkdir()  # of a builder that was killed
    assert contents(open_cache(table, HASH, tmp_path / "c")) == whole
    assert (place / "tokens").read_bytes() == before
    assert [p for p in (tmp_path / "c").iterdir() if p.is_dir()] == [place]


def test_a_large_file_is_checked_at_both_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksums, "BLOCK", 16)
    monkeypatch.setattr(checksums.damage, "__defaults__", (2,))
    table = made(tmp_path, 300)
    whole = contents(open_cache(table, HASH, tmp_path / "c"))
    (place,) = (p for p in (tmp_path / "c").iterdir() if p.is_dir())
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["files"]["tokens"]["sums"]) == -(-manifest["files"]["tokens"]["size"] // 16)
    for at in (0, -1):
        data = bytearray((place / "tokens").read_bytes())
        data[at] ^= 1
        (place / "tokens").write_bytes(data)
        assert contents(open_cache(table, HASH, tmp_path / "c")) == whole


def test_an_empty_table_has_an_empty_cache(tmp_path: Path) -> None:
    of = open_cache(open_table(write(tmp_path / "t", []), 0), HASH, tmp_path / "c")
    assert len(of.lengths()) == 0 == len(of.select((), ()))


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checksums.os, "fsync", full)
    with pytest.raises(OSError, match=r"expected to write the cache of .*/t, found .*No space left.*free some space"):
        open_cache(made(tmp_path), HASH, tmp_path / "c")
    assert [p for p in (tmp_path / "c").iterdir() if p.is_dir()] == []


def test_tables_that_differ_have_caches_of_their_own(tmp_path: Path) -> None:
    place = str(tmp_path / "t")
    made(tmp_path)
    write(tmp_path / "t", [row("held", 3, held_out=True)])
    for version, choice, count in ((0, "refuse", 35), (1, "leave_out", 35), (1, "only", 1)):
        of = open_cache(open_table(place, version, choice), HASH, tmp_path / "c")  # type: ignore[arg-type]
        assert len(of.ids) == count
    assert len([p for p in (tmp_path / "c").iterdir() if p.is_dir()]) == 3


def _open(place: str, folder: str) -> int:
    return int(np.sum(open_cache(open_table(place, 0), HASH, Path(folder)).tokens))


def test_builders_at_the_same_time_end_with_one_cache(tmp_path: Path) -> None:
    place = write(tmp_path / "t", rows("a", 400))
    # Spawned: a fork would copy threads of pyarrow and of other tests in the middle of their work.
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        sums = pool.starmap(_open, [(place, str(tmp_path / "c"))] * 3)
    assert set(sums) == {sum(token for r in rows("a", 400) for token in r["tokens"])}
    assert len([p for p in (tmp_path / "c").iterdir() if p.is_dir()]) == 1
