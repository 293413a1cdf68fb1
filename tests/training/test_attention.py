"""The attention kernel that a run insists on, and models whose attention it does not do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, MistralConfig, Qwen2Config

from tests.training.runs import TOKENIZER, inputs, tiny
from training.engine import distributed as ranks
from training.engine.attention import Attention, head_size
from training.engine.engine import Engine
from training.inputs import open_feed
from training.models import build
from training.shapes import shape
from udfs.tokens.tokenizer import TextTokenizer

SMALL = {"hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 1}
SMALL |= {"intermediate_size": 64, "vocab_size": 512}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """engine(lm, **engine settings) -> the engine and its first batches."""
    made: list[Engine] = []

    def engine(lm: Any, **settings: Any) -> tuple[Engine, list[Any]]:
        run = tiny(engine={"dtype": "fp32", **settings})
        made.append(Engine(run, lm, ranks.start()))
        feed = open_feed(run, inputs(tmp_path / "cache"), TextTokenizer.read(TOKENIZER))
        return made[-1], feed.batches(0, 0, 1)

    yield engine
    for each in made:
        each.close()


def test_recomputation_takes_the_kernel_that_was_chosen(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A choice around the forward pass alone is gone when the backward pass runs the layer again."""
    engine, batches = opened(build(shape("tiny")), attention="math", recompute=True)
    inner, allowed = torch.nn.functional.scaled_dot_product_attention, []

    def seen(*arguments: Any, **given: Any) -> Any:
        allowed.append((torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled()))
        return inner(*arguments, **given)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", seen)
    engine.step(batches, 1e-3)
    assert len(allowed) == 2 * len(batches) * engine.lm.config.num_hidden_layers and set(allowed) == {(False, True)}
    engine.close()
    assert torch.backends.cuda.flash_sdp_enabled()


def test_a_model_of_another_family_starts_without_a_head_size_in_its_configuration(opened: Any) -> None:
    config = Qwen2Config(**SMALL, use_sliding_window=False)
    assert getattr(config, "head_dim", None) is None and head_size(config, 64) == 8
    engine, batches = opened(AutoModelForCausalLM.from_config(config))
    assert 5 < engine.step(batches, 1e-3).loss < 8


def test_attention_that_is_not_full_is_refused() -> None:
    config = MistralConfig(**SMALL, sliding_window=48)
    assert head_size(config, 48) == 8
    with pytest.raises(ValueError, match="mistral: expected full causal attention, found a window of 48 at length 64"):
        head_size(config, 64)


def test_variable_lengths_are_refused_by_a_torch_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.engine.attention._varlen", lambda: None)
    with pytest.raises(ValueError, match="expected a torch with varlen_attn, found none"):
        Attention("varlen", torch.device("cuda"), torch.bfloat16, 64, True)
    assert Attention("auto", torch.device("cuda"), torch.bfloat16, 64, True).backend == "flex"
