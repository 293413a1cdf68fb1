"""What a run leaves open is chosen by model, GPUs and memory; what is stated stays; plan and run choose alike."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.runs import TOKENIZER, carried, events, tiny
from training import here
from training.__main__ import main
from training.planning import MANY, ROOM, memory
from training.recipes import RECIPES, recipe
from training.settings import Batch, Engine, Run
from training.settled import LEAST_TOKENS, MOST_TOKENS, settled
from training.shapes import SHAPES

GB = 10**9


@pytest.mark.parametrize("gpus", [8, 16, 64, 256])
@pytest.mark.parametrize(("name", "model"), [(n, m) for n in RECIPES for m in ("1.5b", "8b")])
def test_every_recipe_fits_with_its_global_batch(name: str, model: str, gpus: int) -> None:
    """80 GB with 10 % left free; the 8B's fine-tuning took 122.7 and 106.1 GB a GPU at ZeRO 1."""
    run = recipe(name, model)
    found = settled(run, SHAPES[model], gpus, 80 * GB)
    assert memory(found.run, SHAPES[model], gpus).total <= ROOM * 80 * GB
    assert (found.run.batch.size, found.run.batch.length) == (run.batch.size, run.batch.length)
    assert found.run.batch.accumulation(gpus) * found.run.batch.micro * gpus == run.batch.size
    assert found.run.batch.micro * run.batch.length <= MOST_TOKENS
    assert found.run.engine.zero >= (2 if gpus >= MANY else 1) and found.run.engine.compile
    assert [line.partition("=")[0] for line in found.why][:2] == ["batch.micro", "engine.zero"]


def chosen(run: Run, model: str, gpus: int, gb: float, stored: int = 0) -> tuple[int, int, bool]:
    found = settled(run, SHAPES[model], gpus, gb * GB, stored).run
    return found.batch.micro, found.engine.zero, found.engine.recompute


def test_more_memory_and_more_gpus_mean_larger_micro_batches_and_lower_stages() -> None:
    run = recipe("pretrain", "1.5b")
    assert chosen(run, "1.5b", 8, 80) == (4, 1, False) and chosen(run, "1.5b", 8, 141) == (8, 1, False)
    assert chosen(run, "1.5b", 8, 40) == (1, 1, False) and chosen(run, "1.5b", 8, 30) == (1, 2, False)
    assert chosen(run, "1.5b", MANY, 80) == (8, 2, False)
    long = recipe("pretrain-long", "8b")
    assert chosen(long, "8b", 256, 80) == (1, 2, False) and chosen(long, "8b", 8, 80)[1:] == (2, True)
    assert settled(long, SHAPES["8b"], 256, 80 * GB).run.engine.loss_tokens == 512
    assert chosen(recipe("sft1", "8b"), "8b", 8, 141)[1] == 1


def test_what_is_stated_stays() -> None:
    run = recipe("sft1", "8b")
    stated = replace(run, batch=replace(run.batch, micro=1))
    assert chosen(stated, "8b", 8, 80) == (1, 2, False)
    both = replace(stated, engine=replace(run.engine, zero=1))
    found = settled(both, SHAPES["8b"], 8, 80 * GB)
    assert found.run == both and len(found.why) == 1 and found.why[0].startswith("too much: ")
    third = replace(run, engine=replace(run.engine, zero=3))
    found = settled(third, SHAPES["8b"], 64, 80 * GB)
    assert found.run.engine.zero == 3 and not found.run.engine.compile
    assert "engine.compile=false: at ZeRO 3 the gathering hooks break every graph" in found.why
    eager = replace(run, engine=replace(run.engine, compile=False))
    assert not settled(eager, SHAPES["8b"], 64, 80 * GB).run.engine.compile
    offloaded = replace(run, engine=replace(run.engine, offload="all"))
    assert settled(offloaded, SHAPES["8b"], 8, 80 * GB).run.engine.zero == 3
    small = recipe("pretrain", "toy")
    assert settled(small, SHAPES["toy"], 1, 80 * GB).run == small


def test_a_run_that_goes_on_keeps_its_stage_where_it_fits() -> None:
    run = recipe("sft2", "1.5b")
    assert [chosen(run, "1.5b", 8, 80, stored)[1] for stored in (0, 1, 2, 3)] == [1, 1, 2, 3]
    assert chosen(run, "1.5b", MANY, 80, 1)[1] == 2
    assert chosen(recipe("sft1", "8b"), "8b", 8, 80, 1)[1] == 2


def test_where_nothing_fits_the_least_is_taken_and_said() -> None:
    found = settled(recipe("pretrain", "8b"), SHAPES["8b"], 1, 80 * GB)
    assert found.run.batch.micro == 1 and found.run.engine.recompute and found.why[-1].startswith("too much: ")


def test_packed_rows_are_dealt_to_all_ranks() -> None:
    """512 rows a step are some 128 sequences: with 64 GPUs there are two for each."""
    assert chosen(recipe("sft2", "1.5b"), "1.5b", 64, 141)[0] == 2
    assert chosen(recipe("sft2", "1.5b"), "1.5b", 8, 141)[0] * 1500 >= LEAST_TOKENS


def test_a_cpu_takes_small_micro_batches_and_no_compiler() -> None:
    found = settled(recipe("pretrain", "1.5b"), None, 2, 0.0)
    assert (found.run.batch.micro, found.run.engine.zero, found.run.engine.compile) == (4, 1, False)
    assert "engine.compile=false: layers stay eager on a CPU" in found.why
    assert settled(recipe("pretrain", "1.5b"), None, 2, 0.0, stored=3).run.engine.zero == 3
    odd = replace(recipe("pretrain", "1.5b"), batch=Batch(6, 64, 0))
    assert settled(odd, None, 2, 0.0).run.batch.micro == 1


OPEN: dict[str, Any] = {"batch": {"micro": 0}, "engine": {"zero": 0, "compile": True}}


def test_a_run_is_carried_out_as_chosen_and_recorded_as_asked(tmp_path: Path) -> None:
    run = tiny(**OPEN)
    whole = carried(run, tmp_path / "run")
    assert whole == carried(tiny(batch={"micro": 4}), tmp_path / "stated")
    written = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (written["run"]["batch"]["micro"], written["run"]["engine"]["zero"]) == (0, 0)
    assert (written["settled"]["batch.micro"], written["settled"]["engine.zero"]) == (4, 1)
    (started,) = events(tmp_path / "run", "started")
    assert started["settled"] == written["settled"] and len(started["settled"]["why"]) == 3
    assert not started["compiled"] and started["eager"] == "engine.compile is off"


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """A card of 80 GB, of eight."""
    monkeypatch.setattr(here, "gpu_bytes", lambda: 80.0 * GB)
    monkeypatch.setattr(here, "world", lambda: 8)


@pytest.mark.parametrize("name", ["pretrain", "sft1", "oci"])
@pytest.mark.parametrize("model", ["1.5b", "8b"])
def test_plan_shows_what_the_run_will_choose(
    name: str, model: str, card: None, monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path
) -> None:
    """The tokenizer may be smaller than the paper's, and the model then, too."""
    monkeypatch.setattr(sys, "argv", ["training", "plan", name, "--model", model, "--to", str(tmp_path)])
    assert main() == 0
    said = capsys.readouterr().out
    monkeypatch.setattr(here, "_shape", lambda *_: SHAPES[model])
    found = here.settled_here(recipe(name, model), tmp_path, "never", TOKENIZER)
    assert len(found.why) >= 2 and all(f"  {line}\n" in said for line in found.why)
    assert f'"train_micro_batch_size_per_gpu": {found.run.batch.micro},' in said
    assert f'"stage": {found.run.engine.zero},' in said


def test_the_shape_is_that_of_what_is_trained(card: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a checkpoint, not of the recipe's name; and a resume keeps the stage of its checkpoint."""
    place, tokenizer = tmp_path / "run", TOKENIZER
    carried(tiny(steps=3, engine={"zero": 3}), place)
    seen: list[Any] = []
    monkeypatch.setattr(here, "settled", lambda run, shape, *rest: seen.append((shape, *rest)))
    paper = recipe("sft1", "1.5b")
    from_run = replace(paper, start=replace(paper.start, checkpoint=str(place)))
    going_on = replace(from_run, start=replace(from_run.start, state=True))
    for run, folder, resume in ((from_run, tmp_path, "never"), (going_on, tmp_path, "never"), (tiny(), place, "must")):
        here.settled_here(run, folder, resume, tokenizer)  # type: ignore[arg-type]
    here.settled_here(paper, tmp_path, "never", tokenizer)
    assert [(shape.hidden, stored) for shape, _, _, stored in seen] == [(32, 0), (32, 3), (32, 3), (2240, 0)]
    lost = replace(paper, start=replace(paper.start, checkpoint=str(tmp_path / "none")))
    assert here._before(lost, tmp_path, "never") == (None, None)


def test_ranks_with_other_cards_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settled(recipe("pretrain", "1.5b"), SHAPES["1.5b"], 8, 80 * GB)
    here.agreed(found)
    monkeypatch.setattr("training.engine.distributed.gathered", lambda value: [value, value | {"batch.micro": 1}])
    with pytest.raises(ValueError, match=r"batch.micro, engine.zero: expected the same choice on every rank"):
        here.agreed(found)


def test_the_launcher_says_how_many_ranks_there_will_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: False)
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert here.world() == 1
    monkeypatch.setenv("RANK", "3")
    assert here.world() == 4


def test_an_engine_is_open_only_in_recipes() -> None:
    assert Engine().zero == 1 and Batch().micro == 1
