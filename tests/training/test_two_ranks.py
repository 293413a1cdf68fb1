"""Two processes under torchrun: gradients, resume, and what the checkpoint becomes with one process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.runs import carried, tiny
from tests.training.test_engine import batches, weights
from tests.training.two_ranks import LAYOUTS
from training.checkpoint.store import opened
from training.engine import distributed as ranks
from training.engine.engine import Engine
from training.models import build
from training.shapes import shape
from training.train import train

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of the runs, and what the script wrote."""
    folder = tmp_path_factory.mktemp("two")
    torchrun = Path(sys.executable).with_name("torchrun")
    command = [str(torchrun), "--nproc_per_node", "2", "-m", "tests.training.two_ranks", str(folder)]
    env = {k: v for k, v in os.environ.items() if k != "LOCAL_RANK"} | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder, json.loads((folder / "found.json").read_text(encoding="utf-8"))


def test_two_ranks_give_the_gradient_of_one(two: tuple[Path, dict[str, Any]]) -> None:
    found = two[1]["step"]
    engine = Engine(tiny(batch={"micro": 8}, engine={"dtype": "fp32"}), build(shape("tiny")), ranks.start())
    done = engine.step(batches(8), 1e-3)
    assert (found["tokens"], found["loss"]) == (done.tokens, pytest.approx(done.loss, rel=1e-6))
    assert found["norm"] == pytest.approx(done.norm, rel=1e-5)
    torch.testing.assert_close(torch.tensor(found["weights"]), weights(engine), rtol=0, atol=1e-6)
    engine.close()


@pytest.mark.parametrize(("zero", "dtype"), LAYOUTS)
def test_killed_and_resumed_equals_uninterrupted(two: tuple[Path, dict[str, Any]], zero: int, dtype: str) -> None:
    found = two[1][f"zero{zero}-{dtype}"]
    assert set(found["whole"]) == {"0", "1", "2", "3", "4", "5"}
    assert found["again"] == found["whole"]


@pytest.mark.parametrize(("zero", "dtype"), [(1, "bf16"), (2, "bf16"), (3, "fp32")])
def test_a_checkpoint_of_two_ranks_goes_on_with_one(
    two: tuple[Path, dict[str, Any]], tmp_path: Path, zero: int, dtype: str
) -> None:
    """The same global batches and data order; sums round otherwise. Norms still do not decay."""
    folder, found = two
    place = tmp_path / "one"
    shutil.copytree(folder / f"zero{zero}-{dtype}", place)
    shutil.rmtree(place / "checkpoints" / "step-00000006")
    again = carried(tiny(engine={"zero": zero, "dtype": dtype}), place, "must")
    whole = found[f"zero{zero}-{dtype}"]["whole"]
    tolerance = 1e-5 if dtype == "fp32" else 2e-4
    for step in range(6):
        assert again[step][0] == pytest.approx(whole[str(step)][0], rel=tolerance), step
        assert again[step][2:] == tuple(whole[str(step)][2:])
    assert opened(place).state["layout"]["world"] == 1
    assert not list((place / "checkpoints").glob("*-universal"))


def test_optimizer_state_is_not_lost_in_silence(two: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """ZeRO 2 to 3: refused, and done when asked for."""
    place = tmp_path / "other"
    shutil.copytree(two[0] / "zero2-bf16", place)
    shutil.rmtree(place / "checkpoints" / "step-00000006")
    from tests.training.runs import inputs

    run = tiny(engine={"zero": 3, "dtype": "bf16"})
    with pytest.raises(ValueError, match="lose that state with"):
        train(run, inputs(tmp_path / "cache"), place, "must")
    asked = tiny(engine={"zero": 3, "dtype": "bf16"}, start={"allow": ("optimizer",)})
    lost = carried(asked, place, "must")
    whole = two[1]["zero2-bf16"]["whole"]
    assert lost[3][0] == pytest.approx(whole["3"][0], rel=1e-3)
