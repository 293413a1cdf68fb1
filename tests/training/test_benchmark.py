"""The GPU benchmark on a CPU with a tiny model: the same entry, the same numbers but for those a CPU has not."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from transformers import AttentionInterface

from benchmarks import train
from training.engine.attention import NAME, attend
from training.inputs import Inputs
from training.settings import Run


def test_the_benchmark_trains_and_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["--model", "tiny", "--micro", "2", "--accumulation", "2", "--steps", "2", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["benchmarks.train", *given])
    assert train.main() == 0
    found = json.loads((tmp_path / "train-result.json").read_text())
    assert (found["steps"], found["micro_batches"], found["attention"]) == (2, 4, "cpu")
    assert found["first_loss"] == pytest.approx(math.log(512), abs=0.1)
    assert found["tokens_per_second"] == pytest.approx(4 * 64 / found["seconds_a_step"]["median"])
    assert found["mfu_full"] is None and found["machine"]["deepspeed"]


@pytest.mark.parametrize("broken", [False, True])
def test_attention_that_gives_nothing_is_not_within(
    broken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run that is compared with eager attention, as it is and with zeros for attention."""
    own = train.train

    def zeros(module: Any, query: Any, *rest: Any, **given: Any) -> tuple[Any, None]:
        return attend(module, query, *rest, **given)[0] * 0.0, None

    def carried(run: Run, inputs: Inputs, folder: Path) -> str:
        AttentionInterface.register(NAME, zeros if broken and folder.name == "asked" else attend)
        try:
            return own(run, inputs, folder)
        finally:
            AttentionInterface.register(NAME, attend)

    monkeypatch.setattr(train, "train", carried)
    given = ["--model", "tiny", "--micro", "1", "--accumulation", "1", "--steps", "1", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["benchmarks.train", *given, "--against-eager"])
    assert train.main() == 0
    found = json.loads((tmp_path / "train-result.json").read_text())["against_eager"]
    assert found["learned"] and found["within"] is not broken


def test_what_was_measured_is_kept_when_a_later_part_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(train, "against_eager", fails)
    given = ["--model", "tiny", "--micro", "1", "--accumulation", "1", "--steps", "1", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["benchmarks.train", *given, "--against-eager"])
    with pytest.raises(RuntimeError, match="out of memory"):
        train.main()
    assert json.loads((tmp_path / "train-result.json").read_text())["tokens_per_second"] > 0
