"""Checkpoints that are written while training goes on: what they hold, who waits for whom, what an error does.

Death in the middle of one: test_faults.py; two ranks: test_two_ranks.py.
"""

from __future__ import annotations

import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.runs import carried, events, inputs, logged, tiny
from training.checkpoint import background, saving, store
from training.engine.engine import Engine
from training.train import train


def tensors(folder: Path) -> dict[str, bytes]:
    """Every tensor of every checkpoint, by its file. What pickles say beside them has ZeRO 3's count of parameters."""
    found = {}
    for file in sorted(folder.glob("checkpoints/step-*/*.pt")):
        with zipfile.ZipFile(file) as held:
            found |= {f"{file.parent.name} {name}": held.read(name) for name in held.namelist() if "/data/" in name}
    return found


@pytest.mark.parametrize(("zero", "dtype"), [(1, "bf16"), (1, "fp32"), (2, "bf16"), (3, "bf16")])
def test_a_checkpoint_holds_the_same_however_it_is_written(zero: int, dtype: str, tmp_path: Path) -> None:
    """At the time of its step, though training goes on."""
    for name, way in (("behind", True), ("before", False)):
        carried(tiny(engine={"zero": zero, "dtype": dtype}, saving={"background": way}), tmp_path / name)
    assert tensors(tmp_path / "behind") == tensors(tmp_path / "before") != {}
    manifests = [store.opened(tmp_path / name, 3).folder / store.MANIFEST for name in ("behind", "before")]
    sizes = [{path: facts["bytes"] for path, facts in background._read(file)["files"].items()} for file in manifests]
    assert sizes[0].keys() == sizes[1].keys() and len(sizes[0]) == 3


def test_copies_share_what_was_shared_and_nothing_else() -> None:
    whole = torch.arange(10.0)
    state = {"a": whole[2:5], "b": [whole, (whole.view(2, 5).T, None, torch.Size([3]))], "c": {"step": torch.tensor(4)}}
    made = background.copied(state, {})
    whole.add_(100)
    assert made["a"].tolist() == [2, 3, 4] and made["b"][0].tolist() == list(range(10))
    assert made["b"][1][0].tolist() == [[0, 5], [1, 6], [2, 7], [3, 8], [4, 9]]
    made["b"][0][2] = -1
    assert made["a"][0] == -1 and made["b"][1][0][2, 0] == -1 and made["b"][1][2] == torch.Size([3])
    kept = torch.nn.Linear(2, 2).state_dict()
    assert background.copied(kept, {})._metadata == kept._metadata


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """written(what happens in the thread before a file is written)."""

    def patched(first: Callable[[], None]) -> None:
        own = background.Taken.write
        monkeypatch.setattr(background.Taken, "write", lambda self: (first(), own(self))[1])

    return patched


def test_training_goes_on_and_the_next_save_waits_for_the_former(written: Any, tmp_path: Path) -> None:
    go_on, place, seen = threading.Event(), tmp_path / "run", {}
    written(lambda: go_on.wait(60))

    def progress(row: dict[str, Any]) -> None:
        folder = place / "checkpoints"
        seen[row["step"]] = (store.steps(folder), any(folder.glob(f"{store.ASIDE}*")))
        if row["step"] == 4:
            go_on.set()

    assert train(tiny(steps=8), inputs(tmp_path / "cache"), place, progress=progress) == "finished"
    assert [seen[step] for step in (3, 4)] == [([], True)] * 2
    assert seen[6][0] == [3, 6][: len(seen[6][0])] and seen[6][0][:1] == [3]
    assert store.steps(place / "checkpoints") == [3, 6, 8]
    saved = events(place, "saved")
    assert [event["step"] for event in saved] == [3, 6, 8] and saved[0]["held_seconds"] < saved[0]["seconds"]


def test_an_error_in_the_thread_stops_the_run_at_the_next_step(written: Any, tmp_path: Path) -> None:
    def fails() -> None:
        raise OSError("no space left on that disk")

    def progress(row: dict[str, Any]) -> None:
        while any(thread.name == "refinelake-checkpoint" for thread in threading.enumerate()):
            time.sleep(0.01)

    written(fails)
    place = tmp_path / "run"
    with pytest.raises(OSError, match="the checkpoint of step 3, found no space left on that disk; free some space"):
        train(tiny(steps=9), inputs(tmp_path / "cache"), place, progress=progress)
    assert max(logged(place)) == 3 and not list((place / "checkpoints").glob("*step*"))


def test_the_end_of_a_run_waits_for_its_checkpoint(written: Any, tmp_path: Path) -> None:
    written(lambda: time.sleep(0.5))
    carried(tiny(steps=3), tmp_path / "run")
    assert store.opened(tmp_path / "run").step == 3 and not threading.active_count() > 1 + _daemons()
    assert [event["step"] for event in events(tmp_path / "run", "saved")] == [3]


def _daemons() -> int:
    return sum(thread.daemon and thread.name != "refinelake-checkpoint" for thread in threading.enumerate())


def test_a_run_that_fails_leaves_the_checkpoint_it_had_begun(
    written: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, place = Engine.step, tmp_path / "run"

    def step(self: Any, *given: Any) -> Any:
        if list((place / "checkpoints").glob("*")):
            raise RuntimeError("a card fell off the bus")
        return own(self, *given)

    written(lambda: time.sleep(0.5))
    monkeypatch.setattr(Engine, "step", step)
    with pytest.raises(RuntimeError, match="fell off the bus"):
        carried(tiny(), place)
    assert store.opened(place).step == 3 and [event["step"] for event in events(place, "saved")] == [3]


def test_without_the_memory_for_a_copy_it_is_written_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copies: list[bool] = []
    own = background.Taken.__init__

    def noted(self: Any, whole: Any, copy: bool) -> None:
        copies.append(copy)
        own(self, whole, copy)

    monkeypatch.setattr(background.Taken, "__init__", noted)
    for free in (1e3, float("inf")):
        monkeypatch.setattr(saving, "host_free", lambda _free=free: _free)
        carried(tiny(steps=3), tmp_path / f"{free}")
    assert copies == [False, True] and tensors(tmp_path / "1000.0") == tensors(tmp_path / "inf")


def test_free_memory_is_that_of_the_machine_or_of_the_job() -> None:
    files = {"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable:  8000 kB\n"}

    def read(file: str) -> str:
        if file not in files:
            raise FileNotFoundError(file)
        return files[file]

    assert background.host_free(read) == 8000 * 1024
    files |= {"/sys/fs/cgroup/memory.max": "max\n", "/sys/fs/cgroup/memory.current": "5\n"}
    assert background.host_free(read) == 8000 * 1024
    files["/sys/fs/cgroup/memory.max"] = "105\n"
    assert background.host_free(read) == 100
    files.clear()
    assert background.host_free(read) == float("inf")
