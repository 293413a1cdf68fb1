"""What a run survives: signals, death in the middle of a save, a full disk, damaged files, a hang."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.runs import FIXTURES, TOKENIZER, carried, events, inputs, logged, tiny
from training.checkpoint import saving, store
from training.train import STOPPED, train

ROOT = Path(__file__).parents[2]
STEPS = 30


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Any]:
    """The uninterrupted run."""
    return carried(tiny(steps=STEPS), tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, int]]:
    """Two processes side by side: one gets SIGTERM after a step, one dies while it saves. (folder, exit code)."""
    root = tmp_path_factory.mktemp("stopped")
    sigterm, killed = root / "sigterm", root / "killed"
    first, second = _started(sigterm, saving=0), _started(killed, saving=1)
    _wait(first, lambda: _lines(sigterm / "log.jsonl") >= 2)
    first.send_signal(signal.SIGTERM)
    code = _kill_while_saving(second, killed)
    for attempt in range(5):
        if _saving(killed):
            break
        # That save had ended by the time the signal came: once more.
        killed = root / f"killed{attempt}"
        code = _kill_while_saving(_started(killed, saving=1), killed)
    return {"sigterm": (sigterm, first.wait(120)), "killed": (killed, code)}


def _started(folder: Path, saving: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "training", "train", "pretrain", "--model", "tiny", "--to", str(folder)]
    command += ["--tokens", str(FIXTURES / "documents" / "files.json"), "--tokenizer", TOKENIZER]
    given = ("batch.size=8", "batch.length=64", "batch.micro=2", f"duration.steps={STEPS}", "seeing.steps=1")
    for setting in (*given, "rate.peak=3e-3", "rate.warmup=1", f"saving.steps={saving}"):
        command += ["--set", setting]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)


def _kill_while_saving(process: subprocess.Popen[bytes], folder: Path) -> int:
    _wait(process, lambda: _lines(folder / "log.jsonl") >= 3 and _saving(folder), may_end=True)
    process.kill()
    return process.wait(120)


def _lines(file: Path) -> int:
    return file.read_text().count("\n") if file.exists() else 0


def _saving(folder: Path) -> bool:
    return any((folder / "checkpoints").glob(f"{store.ASIDE}*"))


def _wait(process: subprocess.Popen[bytes], reached: Callable[[], bool], may_end: bool = False) -> None:
    end = time.monotonic() + 120
    while not reached():
        assert time.monotonic() < end, "the moment did not come"
        if process.poll() is not None:
            assert may_end, "the process ended before the moment came"
            return
        time.sleep(0.0002)


def test_sigterm_saves_and_a_resume_equals_the_uninterrupted_run(
    stopped: dict[str, tuple[Path, int]], whole: dict[int, Any]
) -> None:
    folder, code = stopped["sigterm"]
    assert code == STOPPED
    assert events(folder, "stopped")[0]["why"] == "SIGTERM"
    (saved,) = store.steps(folder / "checkpoints")
    assert saved < STEPS
    assert carried(tiny(steps=STEPS, saving={"steps": 0}), folder, "must") == whole


def test_death_in_the_middle_of_a_save_costs_that_save_only(
    stopped: dict[str, tuple[Path, int]], whole: dict[int, Any]
) -> None:
    folder, code = stopped["killed"]
    assert code == -signal.SIGKILL
    assert _saving(folder) and store.opened(folder).step >= 1
    assert carried(tiny(steps=STEPS, saving={"steps": 0}), folder, "must") == whole
    assert not _saving(folder)


@pytest.fixture
def no_room() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Called after step 4, it leaves no room for a file of more than 20 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(row: dict[str, Any]) -> None:
        if row["step"] == 4:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))

    yield fill
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_up_leaves_the_checkpoint_before(
    no_room: Callable[[dict[str, Any]], None], tmp_path: Path, whole: dict[int, Any]
) -> None:
    place, before = tmp_path / "run", resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(OSError, match="expected to write the checkpoint of step 6"):
        train(tiny(steps=STEPS), inputs(tmp_path / "cache"), place, progress=no_room)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert store.steps(place / "checkpoints") == [3] and not _saving(place)
    assert carried(tiny(steps=STEPS), place, "must") == whole


def test_a_save_that_cannot_fit_is_not_begun(tmp_path: Path) -> None:
    from training.checkpoint.saving import _make_room

    with pytest.raises(OSError, match="GB of free space for a checkpoint"):
        _make_room(tmp_path / "checkpoints", tmp_path / "checkpoints" / ".saving-x", 10**18)
    assert not (tmp_path / "checkpoints" / ".saving-x").exists()


@pytest.mark.parametrize("damage", ["flipped", "cut", "no manifest"])
def test_a_damaged_checkpoint_is_passed_over(damage: str, tmp_path: Path, whole: dict[int, Any]) -> None:
    place = tmp_path / "run"
    carried(tiny(steps=9), place)
    newest = place / "checkpoints" / "step-00000009"
    weights = newest / "mp_rank_00_model_states.pt"
    if damage == "flipped":
        raw = bytearray(weights.read_bytes())
        raw[len(raw) // 2] ^= 1
        weights.write_bytes(raw)
    elif damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-10])
    else:
        (newest / store.MANIFEST).unlink()
    again = carried(tiny(steps=9), place, "must")
    assert events(place, "resumed")[0]["step"] == 6
    assert again == {step: whole[step] for step in range(9)}


def test_a_checkpoint_that_one_rank_does_not_see_is_taken_by_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network file system: the one before it is whole for both."""
    place = tmp_path / "run"
    carried(tiny(steps=6), place)
    blind = {6}

    def gathered(value: Any) -> list[Any]:
        return [value, value and not blind.pop()] if value is True and blind else [value, value]

    monkeypatch.setattr(saving.ranks, "gathered", gathered)
    assert saving.newest(place / "checkpoints").step == 3 and not blind
    assert saving.newest(place / "checkpoints").step == 6


def test_only_damaged_checkpoints_are_an_error(tmp_path: Path) -> None:
    place = tmp_path / "run"
    carried(tiny(steps=3), place)
    (place / "checkpoints" / "step-00000003" / store.MANIFEST).write_text("{")
    with pytest.raises(ValueError, match=r"found none \(1 incomplete"):
        carried(tiny(steps=3), place, "must")


def test_retention_removes_what_nothing_marks(tmp_path: Path) -> None:
    assert store.retained([(1, []), (2, ["end of epoch 1"]), (3, []), (4, []), (5, [])], 2) == {2, 4, 5}


def test_a_hang_ends_the_process_and_says_where(tmp_path: Path) -> None:
    script = (
        "import time, pathlib, sys; from training.watchdog import Watchdog\n"
        "dog = Watchdog(0.02, pathlib.Path(sys.argv[1]), 3); dog.heard(17)\n"
        "def stuck(): time.sleep(60)\n"
        "stuck()"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, timeout=50, check=False)
    assert done.returncode == 74
    said = (tmp_path / "hang-rank-3.txt").read_text()
    assert said.startswith("step 17: nothing was heard for") and "in stuck" in said


def test_a_time_limit_saves_and_stops(tmp_path: Path, whole: dict[int, Any]) -> None:
    place = tmp_path / "run"
    run = tiny(steps=STEPS, saving={"steps": 0, "limit_minutes": 1e-6})
    assert train(run, inputs(tmp_path / "cache"), place) == "time limit"
    shutil.rmtree(tmp_path / "cache")
    assert carried(tiny(steps=STEPS), place, "must") == whole
    assert logged(place) == whole
