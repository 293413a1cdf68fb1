"""Runs that go on: with other tables, from another phase, at another length; and what may not."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch
from deltalake import write_deltalake

from tests.training.runs import FIXTURES, TOKENIZER, carried, events, inputs, logged, tiny
from training import train as training_train
from training.__main__ import main
from training.data.readable import Readable
from training.planning import MFU, PRICE, duration
from training.recipes import RECIPES, recipe
from training.runs import Carried
from training.settings import Run
from training.shapes import SHAPES
from training.train import train

Called = Callable[..., tuple[int, str]]
PEAK = tiny().rate.peak


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six steps of pretraining with checkpoints after three and six."""
    place = tmp_path_factory.mktemp("going_on") / "pretrain"
    carried(tiny(), place)
    return place


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["training", *arguments])
        code = main()
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def moved(folder: Path, version: int) -> Path:
    """The committed documents under another version."""
    shutil.copytree(FIXTURES / "documents", folder)
    listed = json.loads((folder / "files.json").read_text())
    (folder / "files.json").write_text(json.dumps(listed | {"version": version}))
    return folder / "files.json"


def test_each_step_is_shown_with_the_tables_that_it_read(before: Path, tmp_path: Path, called: Called) -> None:
    """A resume names other tables; without its name in start.allow nothing goes on."""
    place, listed = tmp_path / "run", moved(tmp_path / "documents", 5)
    shutil.copytree(before, place)
    given = ("train", "--to", str(place), "--resume", "--tokens", str(listed), "--set", "duration.steps=8")
    code, said = called(*given)
    assert code == 2 and "tokens.version was 0, is 5 (the rows are the same)" in said
    assert called(*given, "--set", 'start.allow=["tokens.version"]')[0] == 0
    run = Carried.open(place)
    assert [run.segment(step).inputs.sources[0].version for step in (0, 5, 6, 7)] == [0, 0, 5, 5]
    assert "version 0" in called("batch", "--run", str(place), "--step", "5")[1]
    assert "version 5" in called("batch", "--run", str(place), "--step", "6")[1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--model", "8b"), "--model: expected 'tiny' as in this run, found '8b'; leave it out"),
        (("anneal",), "recipe: expected 'pretrain' as in this run, found 'anneal'"),
        (("--tokenizer", "/elsewhere"), "--tokenizer: expected"),
    ],
)
def test_a_resume_is_of_the_run_that_it_was(before: Path, called: Called, given: tuple[str, ...], said: str) -> None:
    code, found = called("train", *given, "--to", str(before), "--resume")
    assert code == 2 and said in found


def test_a_folder_without_a_run_is_not_resumed(tmp_path: Path, called: Called) -> None:
    code, said = called("train", "--to", str(tmp_path), "--resume")
    assert code == 2 and f"{tmp_path}: expected a run with run.json, found none" in said


def test_longer_sequences_go_on_where_the_data_stood(before: Path, tmp_path: Path) -> None:
    run = recipe("pretrain-long", "tiny")
    assert run.batch.tokens == recipe("pretrain", "tiny").batch.tokens and run.start.allow == ("length", "block")
    start = replace(run.start, checkpoint=str(before), context=128)
    run = replace(run, rate=tiny().rate)
    small = replace(tiny().batch, size=4, length=128, micro=2)
    run = replace(run, start=start, batch=small, duration=replace(run.duration, steps=3), seeing=tiny().seeing)
    place = tmp_path / "long"
    train(run, inputs(before.parent / "cache"), place)
    assert sorted(logged(place)) == [6, 7, 8]
    found = Carried.open(place)
    assert [(s["step"], s["sequence"], s["length"]) for s in found.whole["segments"]] == [(6, 24, 128)]
    piece = found.segment(7).feed.pieces(7)[0][0]
    assert 7 in found.seen(piece.content_id)


def annealing(checkpoint: Path, step: int = -1, **rate: Any) -> Run:
    start = {"checkpoint": str(checkpoint), "step": step, "state": True}
    return tiny("anneal", steps=2, start=start, rate=rate)


def test_annealing_goes_on_from_the_stable_phase_only(before: Path, tmp_path: Path) -> None:
    given = inputs(before.parent / "cache")
    with pytest.raises(ValueError, match=rf"rate.peak 0.5, found one at {PEAK}"):
        train(annealing(before, peak=0.5), given, tmp_path / "peak")
    carried(tiny(steps=3, rate={"warmup": 4}), tmp_path / "warm")
    with pytest.raises(ValueError, match="found step 3 of its warm-up of 4"):
        train(annealing(tmp_path / "warm"), given, tmp_path / "early")
    assert train(annealing(before), given, tmp_path / "anneal") == "finished"
    with pytest.raises(ValueError, match="stable phase to go on from, found one of anneal"):
        train(annealing(tmp_path / "anneal"), given, tmp_path / "again")


def test_annealing_on_one_table_is_said_or_refused(before: Path, tmp_path: Path, called: Called) -> None:
    place, listed = str(tmp_path / "anneal"), str(FIXTURES / "documents" / "files.json")
    given = ("train", "anneal", "--model", "tiny", "--from", str(before), "--tokens", listed, "--to", place)
    given += (
        "--tokenizer",
        TOKENIZER,
        "--set",
        "duration.steps=2",
        "--set",
        "batch.size=8",
        "--set",
        "batch.length=64",
        "--set",
        "rate.peak=3e-3",
        "--set",
        "rate.warmup=1",
    )
    code, said = called(*given)
    assert code == 2 and "found no algorithmic, snippets, textbooks" in said
    code, said = called(*given, "--set", "data.missing=renormalise")
    assert code == 0 and said.count("mixture: without algorithmic, snippets, textbooks; the other parts") == 1
    (started,) = events(Path(place), "started")
    assert "mixture: without algorithmic, snippets, textbooks; the other parts" in started["notices"][0]


def test_a_run_says_where_the_tokens_of_its_tables_go(before: Path, tmp_path: Path, called: Called) -> None:
    (started,) = events(before, "started")
    account = started["account"]["tokens"]
    trained = account["sequences"] * 64 - account["padding"] - account["added"]
    assert account["tokens"] == trained + sum(account["dropped"].values()) > 100_000
    page = tmp_path / "training.html"
    assert called("training-report", "--run", str(before), "--to", str(page))[0] == 0
    assert f"{account['tokens']:,}" in page.read_text()
    assert Carried.open(before).whole["initialisation"] == "normal(0, 0.02)"


def test_how_long_a_run_takes(before: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its own steps, by the plan for a device of a known peak, else a second a step."""
    run, device = recipe("pretrain", "1.5b"), torch.device("cpu")
    lm = type("Model", (), {"config": type("Config", (), {"to_dict": dict})})
    rows = [json.loads(line)["seconds"] for line in (before / "log.jsonl").read_text().splitlines()]
    found = training_train._seconds(run, lm, device, before, 100)
    assert 100 * min(rows) <= found <= 100 * max(rows)
    assert training_train._seconds(run, lm, device, tmp_path, 100) == 100.0
    monkeypatch.setattr(training_train, "peak_flops", lambda _: 989.4e12)
    monkeypatch.setattr(training_train, "shape_of", lambda _: SHAPES["1.5b"])
    a_step = SHAPES["1.5b"].flops_per_token(4096) * run.batch.tokens / (0.4 * 989.4e12)
    assert training_train._seconds(run, lm, device, tmp_path, 100) == pytest.approx(100 * a_step)


def test_nothing_watches_a_run_that_has_failed(tmp_path: Path) -> None:
    run = tiny(steps=30, spikes={"sigmas": 1e-9, "window": 4, "most": 3}, rate={"peak": 1e-9, "minimum": 1e-9})
    with pytest.raises(RuntimeError, match="skipped in a row"):
        carried(run, tmp_path / "run")
    assert [thread.name for thread in threading.enumerate() if "watchdog" in thread.name] == []


def test_chat_rows_are_reported_and_found_by_the_text_they_were_made_from(tmp_path: Path, called: Called) -> None:
    run = tiny("sft1", batch={"size": 8, "length": 256, "micro": 8}, duration={"steps": 2})
    train(run, inputs(tmp_path / "cache", "rows", 1), tmp_path / "runs" / "sft")
    page = tmp_path / "training.html"
    assert called("training-report", "--run", str(tmp_path / "runs" / "sft"), "--to", str(page))[0] == 0
    assert "tokens in the table" in page.read_text() and "too_long" in page.read_text()
    row = Carried.open(tmp_path / "runs" / "sft").segment(1).feed.pieces(1)[0][0].content_id
    table = pa.table({"origin": ["a" * 64, "b" * 64], "instruction_id": [row, "0" * 64]})
    write_deltalake(str(tmp_path / "instruction_parts"), table)
    given = ("seen", "--runs", str(tmp_path / "runs"), "--content")
    assert "not seen" in called(*given, "a" * 64)[1]
    made = ("--instructions", str(tmp_path / "instruction_parts"))
    assert "read at 1 steps: 1" in called(*given, "a" * 64, *made)[1]
    assert "not seen" in called(*given, "b" * 64, *made)[1]


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_can_be_planned_without_data(name: str, called: Called, tmp_path: Path) -> None:
    code, said = called("plan", name, "--model", "8b", "--gpus", "64", "--to", str(tmp_path / "run"))
    assert code == 0, said
    assert "memory a GPU" in said and ("steps                unknown" in said) is (recipe(name, "8b").phase == "sft")


def test_a_plan_of_epochs_checks_the_tables_for_all_its_steps(
    called: Called, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def readable(table: object, seconds: float) -> Readable:
        asked.append(seconds)
        return Readable(0.0, (), ())

    monkeypatch.setattr("training.data.readable.readable_until", readable)
    given = ("plan", "sft2", "--model", "tiny", "--tokens", str(FIXTURES / "rows" / "files.json"), "--gpus", "1")
    code, said = called(*given, "--tokenizer", TOKENIZER, "--to", str(tmp_path / "run"), "--set", "batch.size=8")
    assert code == 0, said
    steps = int(said.split("steps                ")[1].split(" of ")[0].replace(",", ""))
    run = recipe("sft2", "tiny")
    run = replace(run, batch=replace(run.batch, size=8))
    assert steps > 3 and asked == [duration(run, SHAPES["tiny"], 1, steps, MFU, PRICE).days * 86_400]


def test_a_vacuum_ends_no_run_whose_cache_is_whole(before: Path, tmp_path: Path, called: Called) -> None:
    """Its tokens are in the cache; a new run, which would make one, is refused."""
    listed, place = moved(tmp_path / "documents", 0), tmp_path / "run"
    table = ("--tokens", str(listed), "--tokenizer", TOKENIZER)
    small = [word for s in ("batch.size=8", "batch.length=64", "duration.steps=2") for word in ("--set", s)]
    given = ("train", "pretrain", "--model", "tiny", *table, "--to", str(place), "--cache", str(tmp_path / "cache"))
    assert called(*given, *small)[0] == 0
    for file in listed.parent.glob("**/*.parquet"):
        file.unlink()
    code, said = called("train", "--to", str(place), "--resume", "--set", "duration.steps=3")
    assert code == 0 and "it was vacuumed or moved" in said and "going on with the cache, which is whole" in said
    assert sorted(logged(place)) == [0, 1, 2]
    code, said = called(*given, *small, "--set", "data.seed=1", "--to", str(tmp_path / "new"))
    assert code == 2 and "it was vacuumed or moved" in said
