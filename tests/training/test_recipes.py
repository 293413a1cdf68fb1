"""The recipes' numbers, each against the paper, and learning rates at the steps that matter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.recipes import RECIPES, recipe
from training.settings import Run


@pytest.mark.parametrize("model", ["1.5b", "8b", "toy"])
@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_survives_json(name: str, model: str) -> None:
    run = recipe(name, model)
    assert Run.from_dict(json.loads(json.dumps(run.as_dict()))) == run


def test_pretraining_of_the_1_5b() -> None:
    run = recipe("pretrain", "1.5b")
    assert (run.batch.size, run.batch.length, run.batch.tokens) == (1024, 4096, 4_194_304)
    steps = run.duration.optimizer_steps(run.batch, 0)
    assert steps == 476_838
    rate = run.rate.schedule("pretrain", 0, steps).rate
    assert rate(0) == pytest.approx(3e-4 / 2000) and rate(1999) == 3e-4
    assert rate(2000) == rate(steps - 1) == 3e-4


def test_annealing_goes_down_to_exactly_the_minimum() -> None:
    run = recipe("anneal", "1.5b")
    steps = run.duration.optimizer_steps(run.batch, 0)
    assert steps == 23_842 and run.start.state
    rate = run.rate.schedule("anneal", 476_838, steps).rate
    assert rate(476_837) == 3e-4
    assert rate(476_838) == pytest.approx(3e-4 * (1 / 30) ** (1 / steps))
    assert rate(476_838 + steps - 1) == 1e-5
    assert rate(476_838 + steps // 2 - 1) == pytest.approx(5.477e-5, rel=1e-3)


def test_the_8b_goes_to_8192_at_equal_tokens_a_step() -> None:
    short, long = recipe("pretrain", "8b"), recipe("pretrain-long", "8b")
    assert short.duration.optimizer_steps(short.batch, 0) == 130_000
    assert (short.batch.length, long.batch.length) == (4096, 8192) and short.batch.tokens == long.batch.tokens
    assert long.start.context == 8192 and long.start.state and long.start.allow == ("length",)
    assert short.data.block == long.data.block == 8192
    assert long.duration.optimizer_steps(long.batch, 0) == pytest.approx(168_000, rel=0.01)


@pytest.mark.parametrize(
    ("name", "size", "length", "peak", "epochs"),
    [
        ("sft1", 4096, 1216, 2e-5, 1),
        ("sft2", 512, 1500, 5e-5, 3),
        ("oci", 2048, 2048, 5e-6, 3),
        ("interpreter", 256, 4096, 2e-5, 3),
    ],
)
def test_fine_tuning(name: str, size: int, length: int, peak: float, epochs: float) -> None:
    run = recipe(name, "1.5b")
    assert (run.batch.size, run.batch.length, run.rate.peak, run.duration.epochs) == (size, length, peak, epochs)
    assert not run.start.state
    rate = run.rate.schedule("sft", 0, 1000).rate
    assert run.rate.form == "cosine" and rate(99) == peak and rate(100) == peak
    assert rate(0) == pytest.approx(peak / 100) and 0 < rate(999) < peak / 1000


def test_the_toy_keeps_the_phases() -> None:
    """Warm-up, stable phase, annealing: about a million tokens, what two cores can do in a minute and a half."""
    run, annealed = recipe("pretrain", "toy"), recipe("anneal", "toy")
    assert 10 <= run.rate.warmup <= run.duration.steps // 20
    assert run.duration.steps // 10 < annealed.duration.steps < run.duration.steps // 3
    assert 0.9e6 < (run.duration.steps + annealed.duration.steps) * run.batch.tokens < 1.2e6


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_folder_gets_the_papers_recipe_whatever_its_size(name: str, tmp_path: Path) -> None:
    """Qwen2.5-0.5B has a hidden size of 896, SmolLM2 of 576; GPT-2 spells it n_embd."""
    for size in ({"hidden_size": 896}, {"hidden_size": 64}, {"n_embd": 64}):
        (tmp_path / "config.json").write_text(json.dumps(size))
        run, paper = recipe(name, str(tmp_path)), recipe(name, "1.5b")
        assert (run.rate, run.data) == (paper.rate, paper.data) or name == "pretrain-long"
        assert run.batch.size > 100 and run.rate != recipe(name, "toy").rate


def test_an_unknown_recipe_is_named() -> None:
    with pytest.raises(ValueError, match="expected one of pretrain, pretrain-long, anneal"):
        recipe("pretrane", "toy")
