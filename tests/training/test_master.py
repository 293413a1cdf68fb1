"""The fp32 weights with which a run begins: exactly those of the folder or checkpoint it starts from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.runs import TOKENIZER, carried, inputs, tiny
from training import models, start
from training.checkpoint.export import export
from training.checkpoint.master import master_weights
from training.checkpoint.store import opened
from training.engine import distributed as ranks
from training.inputs import open_feed
from udfs.tokens.tokenizer import TextTokenizer


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("master") / "pretrain"
    carried(tiny(steps=3), place)
    return place


@pytest.mark.parametrize("zero", [1, 2, 3])
def test_fine_tuning_begins_with_the_fp32_weights_of_its_start(before: Path, tmp_path: Path, zero: int) -> None:
    """Their bits below bf16 too, which DeepSpeed's own master copy of the bf16 model lacks."""
    from deepspeed.utils import safe_get_full_fp32_param

    sections: dict[str, Any] = {"engine": {"zero": zero, "dtype": "bf16"}, "start": {"checkpoint": str(before)}}
    run = tiny("sft1", batch={"size": 8, "length": 256, "micro": 8}, **sections)
    tokenizer = TextTokenizer.read(TOKENIZER)
    feed = open_feed(run, inputs(tmp_path / "cache", "rows", 1), tokenizer)
    device, begun = ranks.start(), start.beginning(run, feed, tmp_path, "never", tokenizer)
    lm = start.model(run, begun, tokenizer, feed, tmp_path)
    engine = start.engine(run, lm, device, begun)
    expected, low = master_weights(opened(before)), 0
    for name, parameter in lm.named_parameters():
        found = safe_get_full_fp32_param(parameter)
        assert found is not None and torch.equal(found.reshape(expected[name].shape), expected[name]), name
        low += int(((expected[name].view(torch.int32) & 0xFFFF) != 0).sum())
    engine.close()
    assert low > 10_000


def test_a_model_that_is_loaded_into_is_not_drawn(before: Path) -> None:
    """The generator stands where it stood, and rotary frequencies are there in fp32."""
    config = models.read(export([opened(before)], before.parent / "hf", "fp32")).config
    state = torch.get_rng_state()
    made = models.empty(config, torch.bfloat16)
    assert torch.equal(torch.get_rng_state(), state)
    drawn = models.cast(type(made)(config), torch.bfloat16)
    frequencies = [(n, b) for n, b in made.named_buffers() if "inv_freq" in n]
    assert frequencies and all(b.dtype is torch.float32 for _, b in frequencies)
    assert all(torch.equal(b, dict(drawn.named_buffers())[n]) for n, b in frequencies)
    assert {n: p.shape for n, p in made.named_parameters()} == {n: p.shape for n, p in drawn.named_parameters()}
