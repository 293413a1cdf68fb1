"""Two processes under torchrun: gradients, resume, and what the checkpoint becomes with one process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.runs import carried, lines, tiny
from tests.training.test_engine import assert_equal_gradients, assert_fp32_sums, autograd, batches, summed_in_fp32
from tests.training.two_ranks import LAYOUTS, SKIPPED
from training.checkpoint.master import master_weights
from training.checkpoint.store import opened
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


@pytest.mark.parametrize("zero", [1, 2, 3])
def test_two_ranks_give_the_gradient_of_one(two: tuple[Path, dict[str, Any]], zero: int) -> None:
    loss, norm, expected = autograd()
    found = two[1][f"step{zero}"]
    assert found["tokens"] == int((batches(8)[0].labels[:, 1:] != -100).sum())
    assert found["loss"] == pytest.approx(loss, rel=1e-6) and found["norm"] == pytest.approx(norm, rel=1e-5)
    assert_equal_gradients(torch.load(two[0] / f"zero{zero}-fp32.pt"), expected)


@pytest.mark.parametrize("zero", [1, 2])
def test_two_ranks_add_up_bf16_gradients_in_fp32(two: tuple[Path, dict[str, Any]], zero: int) -> None:
    assert_fp32_sums(torch.load(two[0] / f"zero{zero}-bf16.pt"), summed_in_fp32())


@pytest.mark.parametrize(("zero", "dtype"), SKIPPED)
def test_what_one_rank_sees_skips_the_step_of_both(two: tuple[Path, dict[str, Any]], zero: int, dtype: str) -> None:
    found = two[1][f"skipped{zero}-{dtype}"]
    one, other = found["steps"]
    assert [said for said, *_ in one][:2] == [None, "the gradient is not finite"]
    assert "sigmas of the last 2" in one[2][0] and one[3][0] == "the loss is not finite"
    assert [said for said, *_ in one] == [said for said, *_ in other]
    assert [loss for _, loss, _ in one[:3]] == [loss for _, loss, _ in other[:3]]
    # The steps before and after them are those of a run without them, on both ranks.
    assert [[made[0], made[4]] for made in found["steps"]] == found["plain"]


@pytest.mark.parametrize(("zero", "dtype"), LAYOUTS)
def test_killed_and_resumed_equals_uninterrupted(two: tuple[Path, dict[str, Any]], zero: int, dtype: str) -> None:
    found = two[1][f"zero{zero}-{dtype}"]
    assert set(found["whole"]) == {"0", "1", "2", "3", "4", "5"}
    assert found["again"] == found["whole"]


def test_what_one_rank_cannot_write_stops_both_and_leaves_the_checkpoint_before(
    two: tuple[Path, dict[str, Any]],
) -> None:
    one, other = two[1]["unwritten"]
    assert one == other and one[1] == ["step-00000003"]
    assert one[0].startswith("expected to write the checkpoint of step 6, found no room on rank 1; free some space")


@pytest.mark.parametrize("zero", [1, 2, 3])
def test_held_out_rows_are_looked_at_by_both_ranks_and_change_nothing(
    two: tuple[Path, dict[str, Any]], tmp_path: Path, zero: int
) -> None:
    """The numbers are those of one rank, and so are the losses by source."""
    found = two[1][f"looked{zero}"]
    assert found["0"] == found["2"]
    assert [row["step"] for row in found["lines2"] if "held_out_bits_per_byte" in row] == [1, 3]
    alone = tiny(steps=4, batch={"size": 12, "micro": 3}, engine={"zero": zero}, evaluate={"every": 2})
    carried(alone, tmp_path / "one", table=str(two[0] / "held-out" / "files.json"))
    for one, both in zip(lines(tmp_path / "one"), found["lines2"], strict=True):
        held = "held_out_bits_per_byte"
        assert one.get(held, {}) == pytest.approx(both.get(held, {}), rel=1e-5)
        assert {n: s["tokens"] for n, s in one["by_source"].items()} == {
            n: s["tokens"] for n, s in both["by_source"].items()
        }
        assert {n: s["loss"] for n, s in one["by_source"].items()} == pytest.approx(
            {n: s["loss"] for n, s in both["by_source"].items()}, rel=1e-5
        )


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


@pytest.mark.parametrize(("zero", "dtype"), [(1, "bf16"), (1, "fp32"), (2, "bf16")])
def test_master_weights_are_those_that_the_model_was_rounded_from(
    two: tuple[Path, dict[str, Any]], zero: int, dtype: str
) -> None:
    checkpoint = opened(two[0] / f"zero{zero}-{dtype}")
    held = torch.load(checkpoint.folder / "mp_rank_00_model_states.pt", weights_only=False)["module"]
    found = master_weights(checkpoint)
    assert {f"lm.{name}" for name in found} == {name for name in held if "inv_freq" not in name}
    for name, weight in found.items():
        assert weight.dtype is torch.float32
        assert torch.equal(weight.to(held[f"lm.{name}"].dtype), held[f"lm.{name}"]), name


def test_a_partition_that_is_missing_is_named(two: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    checkpoint = opened(two[0] / "zero1-bf16")
    place = shutil.copytree(checkpoint.folder, tmp_path / checkpoint.folder.name)
    (place / "bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt").unlink()
    with pytest.raises(ValueError, match=r"weights in group 0, found .* in 1 partitions; a rank's file is missing"):
        master_weights(replace(checkpoint, folder=place))
