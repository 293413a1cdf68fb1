"""Runs that are started again after a crash: as often as they get on, never after a mistake or a wish to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.training.runs import FIXTURES, TOKENIZER, carried, logged, tiny
from training import again
from training.again import Crashes, kept_up

ROOT = Path(__file__).parents[2]
CRASHES = """
import os, signal, sys
from pathlib import Path
from training.__main__ import main
from training.engine.engine import Engine

place, own = Path(sys.argv[1]), Engine.step
left = place.read_text().split() if place.exists() else []
done = [int(left[0])] if left else []
place.write_text(" ".join(left[1:]))
sys.argv[1:] = sys.argv[2:]

def step(self, *given):
    # Steps are counted by what the rate is: the schedule is a function of the global step.
    found = own(self, *given)
    Engine.counted = getattr(Engine, "counted", 0) + 1
    if done and Engine.counted == done[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return found

Engine.step = step
sys.exit(main())
"""
"""Dies by SIGKILL in the step whose number in this process stands first in a file of numbers, which it takes out."""


def training(crashes: Path, run: Path) -> list[str]:
    command = [sys.executable, "-c", CRASHES, str(crashes), "train", "pretrain", "--model", "tiny", "--to", str(run)]
    command += ["--tokens", str(FIXTURES / "documents" / "files.json"), "--tokenizer", TOKENIZER]
    given = ("batch.size=8", "batch.length=64", "batch.micro=2", "duration.steps=9", "seeing.steps=1")
    given += ("rate.peak=3e-3", "rate.warmup=1", "saving.steps=3", "saving.background=false")
    return [*command, *(word for setting in given for word in ("--set", setting))]


@pytest.mark.long
def test_a_run_that_crashes_is_carried_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """Killed in its fifth step (3 are saved), and in the fourth after that (6 are saved): once each, one is allowed."""
    monkeypatch.chdir(ROOT)
    (tmp_path / "crashes").write_text("5 5")
    assert kept_up(training(tmp_path / "crashes", tmp_path / "run"), tmp_path / "run", 1, 0.0) == 0
    whole = carried(tiny(steps=9), tmp_path / "whole")
    assert logged(tmp_path / "run") == whole and len(whole) == 9
    assert capfd.readouterr().err.count("crashed 1 times since its newest checkpoint, 1 allowed; starting again") == 2
    assert not (tmp_path / "run" / ".ended").exists()


def test_a_mistake_is_not_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.chdir(ROOT)
    wrong = [*training(tmp_path / "crashes", tmp_path / "run"), "--set", "batch.size=0"]
    assert kept_up(wrong, tmp_path / "run", 3, 0.0) == 2
    said = capfd.readouterr().err
    assert said.count("batch: expected a size") == 1 and "starting again" not in said


def shell(script: str, run: Path) -> list[str]:
    return ["bash", "-c", f"echo x >> {run}/starts; {script}", "bash"]


def starts(run: Path) -> int:
    return (run / "starts").read_text().count("x")


@pytest.mark.parametrize(
    ("script", "times", "code", "started"),
    [
        ("exit 1", 3, 1, 4),
        ("exit 0", 3, 0, 1),
        ("echo stopped > $REFINELAKE_ENDED; exit 1", 3, 1, 1),
        ("exit 74", 0, 74, 1),
        # A checkpoint further on each time until the fourth: the count begins anew.
        ("n=$(wc -l < {}/starts); [ $n -gt 4 ] || mkdir -p {}/checkpoints/step-0000000$n; exit 1", 1, 1, 5),
        ('[ "$1" = --resume-or-start ]', 1, 0, 2),
    ],
)
def test_it_is_started_as_often_as_is_said(script: str, times: int, code: int, started: int, tmp_path: Path) -> None:
    assert kept_up(shell(script.replace("{}", str(tmp_path)), tmp_path), tmp_path, times, 0.0) == code
    assert starts(tmp_path) == started


def test_a_run_that_is_asked_to_stop_is_not_started_again(tmp_path: Path) -> None:
    """The signal goes on to what was started."""
    script = f"trap 'exit 9' TERM; touch {tmp_path}/ready; while :; do sleep 0.05; done"
    given = ["--run", str(tmp_path), "--wait", "0", "--", *shell(script, tmp_path)]
    process = subprocess.Popen([sys.executable, "-m", "training.again", *given], cwd=ROOT)
    end = time.monotonic() + 60
    while not (tmp_path / "ready").exists():
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 9 and starts(tmp_path) == 1


def test_crashes_are_counted_since_the_run_got_on(tmp_path: Path) -> None:
    crashes, folder = Crashes(), tmp_path / "checkpoints"
    assert [crashes.note(tmp_path), crashes.note(tmp_path)] == [1, 2]
    (folder / "step-00000003").mkdir(parents=True)
    assert [crashes.note(tmp_path), crashes.note(tmp_path)] == [1, 2]
    (folder / "step-00000003").rmdir()
    assert crashes.note(tmp_path) == 3
    assert [again.counted(tmp_path, 2) for _ in range(3)] == [True, True, False]


def test_an_ending_is_written_where_somebody_asks_for_it(tmp_path: Path) -> None:
    again.end("stopped", {})
    again.end("stopped", {again.ENDED: str(tmp_path / "run" / ".ended")})
    assert (tmp_path / "run" / ".ended").read_text() == "stopped" and again.ENDED not in os.environ
