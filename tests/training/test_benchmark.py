"""The GPU benchmark on a CPU with a tiny model: the same entry, the same numbers but for those a CPU has not."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

from benchmarks import train


def test_the_benchmark_trains_and_measures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["--model", "tiny", "--micro", "2", "--accumulation", "2", "--steps", "2", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["benchmarks.train", *given])
    assert train.main() == 0
    found = json.loads((tmp_path / "train-result.json").read_text())
    assert (found["steps"], found["micro_batches"], found["attention"]) == (2, 4, "cpu")
    assert found["first_loss"] == pytest.approx(math.log(512), abs=0.1)
    assert found["tokens_per_second"] == pytest.approx(4 * 64 / found["seconds_a_step"]["median"])
    assert found["mfu_full"] is None and found["machine"]["deepspeed"]
