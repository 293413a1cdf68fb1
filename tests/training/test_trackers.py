"""Trackers: the same numbers everywhere, a missing one is said at the start, one that fails later stops nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.training.runs import FIXTURES, TOKENIZER, carried, lines, logged, tiny
from training import trackers
from training.__main__ import main
from training.settings import Seeing
from training.trackers import Trackers, flat

GIVEN = ("train", "pretrain", "--model", "tiny", "--tokens", str(FIXTURES / "documents" / "files.json"))
SMALL = ("batch.size=8", "batch.length=64", "batch.micro=4", "duration.steps=3", "saving.steps=0", "seeing.steps=1")


class Wandb:
    """What of the package a run uses; `fails` names the call that raises."""

    def __init__(self, fails: str = "") -> None:
        self.fails, self.rows, self.began, self.ended = fails, list[tuple[int, dict[str, float]]](), [], 0

    def _maybe(self, call: str) -> None:
        if call == self.fails:
            raise ConnectionError("no route\nto host")

    def init(self, **given: Any) -> SimpleNamespace:
        self._maybe("init")
        self.began.append(given)
        return SimpleNamespace(log=self.log, finish=self.finish)

    def log(self, numbers: dict[str, float], step: int) -> None:
        self._maybe("log")
        self.rows.append((step, numbers))

    def finish(self) -> None:
        self._maybe("finish")
        self.ended += 1


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a package called wandb in place."""

    def put(fails: str = "") -> Wandb:
        made = Wandb(fails)
        monkeypatch.setitem(sys.modules, "wandb", made)  # type: ignore[arg-type]
        monkeypatch.setattr(trackers, "find_spec", lambda _: True)
        return made

    return put


def called(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    settings = [word for setting in SMALL for word in ("--set", setting)]
    given = (*GIVEN, "--tokenizer", TOKENIZER, "--to", str(folder), *settings)
    monkeypatch.setattr(sys, "argv", ["training", *given, *words])
    return main()


def test_wandb_gets_what_the_log_has_and_a_resume_goes_on_with_its_curves(
    tmp_path: Path, there: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = there()
    place = tmp_path / "run"
    assert called(place, monkeypatch, "--wandb") == 0
    assert [step for step, _ in fake.rows] == [0, 1, 2] and fake.ended == 1
    assert [numbers["loss"] for _, numbers in fake.rows] == [row["loss"] for row in lines(place)]
    assert "by_source/kernels/loss" in fake.rows[0][1] and "mixture/tokens/share" in fake.rows[0][1]
    resume = ["training", "train", "--to", str(place), "--resume", "--set", "duration.steps=4"]
    monkeypatch.setattr(sys, "argv", resume)
    assert main() == 0
    one, other = fake.began
    assert one["id"] == other["id"] and one["resume"] == "allow" and one["config"]["seeing"]["wandb"] is True
    assert (one["dir"], one["project"], [step for step, _ in fake.rows]) == (str(place), "refinelake", [0, 1, 2, 3])


@pytest.mark.parametrize("call", ["log", "finish"])
def test_a_tracker_that_fails_is_named_once_and_the_run_goes_on(
    tmp_path: Path, there: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], call: str
) -> None:
    there(call)
    assert called(tmp_path / "run", monkeypatch, "--wandb", "--set", "seeing.tensorboard=true") == 0
    said = capsys.readouterr().out
    assert said.count("seeing.wandb: failed") == 1 and "ConnectionError: no route to host" in said
    assert len(lines(tmp_path / "run")) == 3 and list((tmp_path / "run" / "tensorboard").iterdir())
    carried(tiny(steps=3, seeing={"steps": 1}), tmp_path / "plain")
    assert [row["step"] for row in lines(tmp_path / "run")] == sorted(logged(tmp_path / "plain"))


@pytest.mark.parametrize("name", sorted(trackers.PACKAGES))
def test_a_missing_package_is_one_line_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda package: None if package == name else True)
    assert called(tmp_path / "run", monkeypatch, "--set", f"seeing.{name}=true") == 2
    error = capsys.readouterr().err
    assert f"seeing.{name}: expected the package {name}, found none" in error and error.count("\n") == 1
    assert not (tmp_path / "run").exists() and not (tmp_path / "cache").exists()
    monkeypatch.setenv("RANK", "1")
    trackers.check(Seeing(wandb=True, mlflow=True, tensorboard=True))


def test_one_that_does_not_start_is_one_line(
    tmp_path: Path, there: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there("init")
    assert called(tmp_path / "run", monkeypatch, "--wandb") == 2
    error = capsys.readouterr().err
    assert "seeing.wandb: expected it to start, found ConnectionError: no route to host" in error


def test_numbers_of_groups_are_named_by_them_and_what_is_none_is_left_out() -> None:
    row = {"step": 1, "a": 2, "b": None, "c": "x", "d": {"e": float("nan"), "f": {"g": 0.5}}}
    assert flat(row) == {"step": 1.0, "a": 2.0, "d/f/g": 0.5}


@pytest.mark.long
def test_the_package_itself_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice, as a start and its resume: two folders of one run, which `wandb sync` joins."""
    if find_spec("wandb") is None:
        place = tmp_path / "packages"
        install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", sys.executable]
        subprocess.run([*install, "--target", str(place), "wandb>=0.19"], check=True)
        monkeypatch.syspath_prepend(str(place))
        monkeypatch.setenv("PYTHONPATH", str(place))  # of the process that it starts
    monkeypatch.setenv("WANDB_MODE", "offline")
    (tmp_path / "run.json").write_text(json.dumps({"run": {"name": "pretrain"}}), encoding="utf-8")
    for step in (0, 1):
        made = Trackers(tmp_path, Seeing(wandb=True), "pretrain-run")
        made.step({"step": step, "loss": 1.5, "by_source": {"c++: a b": {"loss": 2.0}}})
        assert list(made._open) == ["wandb"]
        made.close()
    found = sorted((tmp_path / "wandb").glob("offline-run-*"))
    assert len({folder.name.rpartition("-")[2] for folder in found}) == 1 and found[0].glob("*.wandb")
