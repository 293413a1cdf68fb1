"""refinelake cache: what train would copy is there before it, every byte is checked, what is damaged made again."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.training.runs import FIXTURES, TOKENIZER, events, held_out_table, lines, logged, tiny
from tests.training.test_data_cache import flip
from training.__main__ import main
from training.data import cache as caching
from training.inputs import Inputs, named
from training.train import train


def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["training", "cache", *words])
    code = main()
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_run_reads_what_was_made_ahead_and_builds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Held-out rows too; afterwards the table itself may be gone."""
    table = held_out_table(tmp_path / "table")
    given = ("pretrain", "--model", "tiny", "--tokens", table, "--tokenizer", TOKENIZER, "--cache", str(tmp_path / "c"))
    code, said, _ = called(monkeypatch, capsys, *given)
    assert code == 0 and said.count(": made in ") == 2 and "60 rows" in said and "20 held-out rows" in said
    code, again, _ = called(monkeypatch, capsys, *given)
    assert code == 0 and again.count("whole, every byte checked") == 2
    monkeypatch.setattr(caching, "build", None)
    inputs = Inputs(TOKENIZER, (named("tokens", table),), str(tmp_path / "c")).pinned()
    train(tiny(evaluate={"every": 3}), inputs, tmp_path / "run")
    assert "held_out_bits_per_byte" in lines(tmp_path / "run")[-1]
    monkeypatch.undo()
    # On another node: what the run pinned, in a folder of that node.
    code, said, _ = called(monkeypatch, capsys, "--run", str(tmp_path / "run"), "--cache", str(tmp_path / "other"))
    assert code == 0 and said.count(": made in ") == 2 and str(tmp_path / "other") in said


@pytest.mark.parametrize("gone", [False, True])
def test_one_damaged_byte_of_a_large_file_is_found_and_made_again_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], gone: bool
) -> None:
    """Between the blocks that an opening looks at; refused in one line where the table is gone."""
    from training.data import checksums

    monkeypatch.setattr(checksums, "BLOCK", 64)
    monkeypatch.setattr(checksums.damage, "__defaults__", (2,))
    table = held_out_table(tmp_path / "table")
    given = ("pretrain", "--model", "tiny", "--tokens", table, "--tokenizer", TOKENIZER, "--cache", str(tmp_path / "c"))
    assert called(monkeypatch, capsys, *given, "--set", "evaluate.every=0")[0] == 0
    (place,) = (p for p in (tmp_path / "c").iterdir() if p.is_dir())
    before = (place / "tokens").read_bytes()
    flip(place / "tokens")
    if gone:
        for file in (tmp_path / "table").glob("*.parquet"):
            file.unlink()
    code, said, error = called(monkeypatch, capsys, *given, "--set", "evaluate.every=0")
    assert f"{place / 'tokens'}: expected its checksums, found other bytes in 1 of" in said and "made again" in said
    if gone:
        assert code == 2 and "it was vacuumed or moved" in error and error.count("\n") == 1
    else:
        assert code == 0 and (place / "tokens").read_bytes() == before


def test_rows_of_a_stage_are_those_that_fine_tuning_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = str(FIXTURES / "rows" / "files.json")
    given = ("--model", "tiny", "--tokens", rows, "--tokenizer", TOKENIZER, "--cache", str(tmp_path / "c"))
    said = [called(monkeypatch, capsys, recipe, *given)[1] for recipe in ("sft1", "oci")]
    counts = [text.split(" rows,")[0].split()[-1] for text in said]
    assert counts == ["40", "80"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "expected a recipe or --run, found both or none"),
        (("pretrain", "--tokens", "t", "--tokenizer", TOKENIZER), "--cache: expected the folder"),
        (("--run", "nowhere"), "expected a run with run.json, found none"),
    ],
)
def test_what_is_not_said_is_one_line(
    words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = called(monkeypatch, capsys, *words)
    assert code == 2 and said in error and error.count("\n") == 1


def test_a_run_goes_on_after_a_vacuum_of_its_delta_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The pinned version's files are gone, its log and the cache are there. It goes on bit for bit."""
    place = str(tmp_path / "warehouse" / "pretrain_tokens")
    listed = Path(held_out_table(tmp_path / "made")).parent
    whole = pa.concat_tables([pq.read_table(file) for file in sorted(listed.glob("*.parquet"))])
    write_deltalake(place, whole)
    inputs = Inputs(TOKENIZER, (named("tokens", f"{place}@0"),), str(tmp_path / "c")).pinned()
    run = tiny(evaluate={"every": 2})
    train(run, inputs, tmp_path / "plain")
    short = replace(run, duration=replace(run.duration, steps=3))
    train(short, inputs, tmp_path / "run")
    write_deltalake(place, whole.slice(0, 9), mode="overwrite")
    DeltaTable(place).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    capsys.readouterr()
    train(run, inputs, tmp_path / "run", "must")
    assert "going on with the cache, which is whole" in capsys.readouterr().out
    assert logged(tmp_path / "run") == logged(tmp_path / "plain")
    (started, resumed) = (events(tmp_path / "run", name)[0] for name in ("started", "resumed"))
    assert not started["notices"] and not resumed["notices"], "held-out rows are in a cache of their own"
