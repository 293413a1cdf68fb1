"""The attention kernel that a run insists on, and models whose attention it does not do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, MistralConfig, Qwen2Config

from tests.training.runs import TOKENIZER, inputs, tiny
from training.engine import distributed as ranks
from training.engine import kernels
from training.engine.attention import _ends, head_size
from training.engine.engine import Engine
from training.inputs import open_feed
from training.models import build, configuration
from training.recipes import recipe
from training.settings import Batch, Run
from training.shapes import SHAPES, shape
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


CUDA, SIZES = torch.device("cuda"), {"flash": 3.0, "cudnn": 2.0, "efficient": 4.0, "varlen": 5.0, "flex": 1.0}


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, kernels.Size]]:
    """No GPU here: times that are told, and what was asked to be timed. cudnn of 160 runs out of memory."""
    asked: list[tuple[str, kernels.Size]] = []

    def milliseconds(name: str, device: Any, dtype: Any, size: kernels.Size, isolate: bool) -> float:
        asked.append((name, size))
        if (name, size.head) == ("cudnn", 160):
            raise RuntimeError("out of memory\nand a page of addresses")
        return SIZES[name]

    monkeypatch.setattr(kernels, "_milliseconds", milliseconds)
    return asked


def config(head: int = 64) -> Any:
    return configuration(replace(SHAPES["1.5b"], head=head, heads=14, key_value_heads=2))


def asked_for(wanted: str = "auto", isolate: bool = False, deterministic: bool = False) -> Run:
    run = recipe("pretrain", "1.5b")
    engine = replace(run.engine, attention=wanted, deterministic=deterministic)
    return replace(run, engine=engine, data=replace(run.data, isolate=isolate), batch=Batch(1024, 2048, 4))


def test_the_fastest_kernel_at_the_runs_own_shape_is_taken(timed: list[tuple[str, kernels.Size]]) -> None:
    found = kernels.chosen(asked_for(), config(), CUDA, torch.bfloat16)
    assert [name for name, _ in timed] == ["flash", "cudnn", "efficient"]
    assert {size for _, size in timed} == {kernels.Size(4, 14, 2, 64, 2048)}
    assert (found.backend, found.milliseconds, found.refused) == (
        "cudnn",
        {n: SIZES[n] for n in ("flash", "cudnn", "efficient")},
        {},
    )


def test_a_kernel_that_does_not_run_is_left_with_its_reason(timed: list[Any]) -> None:
    found = kernels.chosen(asked_for(), config(160), CUDA, torch.bfloat16)
    assert found.backend == "flash" and found.refused == {"cudnn": "out of memory"}
    with pytest.raises(ValueError, match=r"expected cudnn to run with heads of 160 .* cannot \(cudnn: out of memory\)"):
        kernels.chosen(asked_for("cudnn"), config(160), CUDA, torch.bfloat16)


def test_isolated_documents_have_kernels_of_their_own(timed: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert kernels.chosen(asked_for(isolate=True), config(), CUDA, torch.bfloat16).backend == "flex"
    monkeypatch.setattr(kernels, "has_varlen", lambda: False)
    found = kernels.chosen(asked_for(isolate=True), config(), CUDA, torch.bfloat16)
    assert found.refused == {"varlen": "this torch has no varlen_attn"} and [n for n, _ in timed][-1] == "flex"
    for wanted, isolate, said in (
        ("varlen", True, "expected another kernel than varlen: this torch has no varlen_attn"),
        ("varlen", False, "varlen is for isolated documents"),
        ("flash", True, "expected auto, flex or varlen where data.isolate is set"),
    ):
        with pytest.raises(ValueError, match=said):
            kernels.chosen(asked_for(wanted, isolate), config(), CUDA, torch.bfloat16)


def test_a_deterministic_run_takes_kernels_with_one_order(timed: list[Any]) -> None:
    found = kernels.chosen(asked_for(deterministic=True), config(), CUDA, torch.bfloat16)
    assert found.backend == "flash" and set(found.refused) == {"cudnn", "efficient"}
    assert (
        kernels.chosen(asked_for(isolate=True, deterministic=True), config(), CUDA, torch.bfloat16).backend == "varlen"
    )
    for wanted, isolate in (("cudnn", False), ("flex", True)):
        with pytest.raises(ValueError, match=f"another kernel than {wanted}: its backward pass has no fixed order"):
            kernels.chosen(asked_for(wanted, isolate, True), config(), CUDA, torch.bfloat16)


def test_nothing_is_timed_on_a_cpu(timed: list[Any]) -> None:
    cpu = torch.device("cpu")
    assert [kernels.chosen(asked_for(w), config(), cpu, torch.float32).backend for w in ("auto", "math")] == [
        "cpu",
        "math",
    ]
    with pytest.raises(ValueError, match="expected auto or math on a CPU, found 'flash'"):
        kernels.chosen(asked_for("flash"), config(), cpu, torch.float32)
    assert timed == []


def test_numbers_of_documents_are_few_shapes() -> None:
    """Any number of documents up to 255 looks alike to a compiler; those that are added hold no token."""
    for lengths, size in (((4, 4), 256), ((1,) * 8, 256), ((1,) * 300 + (20,) * 5, 512)):
        positions = torch.cat([torch.arange(n) for n in lengths])[None]
        ends, longest = _ends(positions)
        found = ends.diff().tolist()
        assert (len(ends), ends.dtype, longest) == (size, torch.int32, sum(lengths))
        assert found[: len(lengths)] == list(lengths) and set(found[len(lengths) :]) <= {0}
        assert ends[0] == 0 and ends[-1] == sum(lengths)
    full, _ = _ends(torch.zeros(1, 255, dtype=torch.int64))
    assert len(full) == 256 and full[-1] == 255 and len(_ends(torch.zeros(1, 256, dtype=torch.int64))[0]) == 512
