"""Shapes: the paper's parameter counts, what a configuration says, and what casting must not touch."""

from __future__ import annotations

import pytest
import torch

from training.models import build, build_on_meta, cast, configuration, read
from training.shapes import SHAPES, padded, shape, shape_of


@pytest.mark.parametrize(
    ("name", "expected", "without_embeddings"),
    [("1.5b", 1_905_650_880, 1_472_703_680), ("8b", 7_771_262_976, 6_979_588_096)],
)
def test_the_papers_models_have_their_parameters(name: str, expected: int, without_embeddings: int) -> None:
    model = build_on_meta(SHAPES[name])
    assert sum(p.numel() for p in model.parameters()) == SHAPES[name].parameters() == expected
    both = 2 * SHAPES[name].vocabulary * SHAPES[name].hidden
    assert expected - both == without_embeddings
    assert {str(p.device) for p in model.parameters()} == {"meta"}


@pytest.mark.parametrize("name", ["1.5b", "tiny"])
def test_qk_norm_adds_two_norms_a_layer_and_nothing_else(name: str) -> None:
    of = shape(name, qk_norm=True)
    model, without = build_on_meta(of), build_on_meta(SHAPES[name])
    added = {n: p.shape for n, p in model.named_parameters() if n not in dict(without.named_parameters())}
    assert set(added.values()) == {(of.head,)} and len(added) == 2 * of.layers
    whole = sum(p.numel() for p in model.parameters())
    assert whole == of.parameters() == SHAPES[name].parameters() + of.layers * 2 * of.head
    assert model.config.model_type == "qwen3" and not model.config.attention_bias and shape_of(model.config) == of
    assert not any(n.endswith("bias") for n, _ in model.named_parameters())


@pytest.mark.parametrize(("name", "length", "full", "causal"), [("1.5b", 4096, 12.78, 11.46), ("8b", 8192, 57.1, 50.7)])
def test_flops_of_a_token(name: str, length: int, full: float, causal: float) -> None:
    assert SHAPES[name].flops_per_token(length) / 1e9 == pytest.approx(full, abs=0.06)
    assert SHAPES[name].flops_per_token(length, causal=True) / 1e9 == pytest.approx(causal, abs=0.06)


def test_the_configuration_says_what_the_paper_says() -> None:
    small, large = configuration(SHAPES["1.5b"]), configuration(SHAPES["8b"])
    assert small.rope_parameters["rope_theta"] == 10_000 and large.rope_parameters["rope_theta"] == 500_000
    assert small.head_dim == 160 and small.num_key_value_heads == 14 and large.num_key_value_heads == 8
    for config in (small, large):
        assert config.vocab_size == 96_640 and not config.tie_word_embeddings and config.rms_norm_eps == 1e-5
        assert config.use_cache is False and config.max_position_embeddings == 4096


def test_a_seed_gives_the_same_weights_whatever_came_before() -> None:
    first = build(SHAPES["tiny"], seed=3)
    torch.randn(100)
    again, other = build(SHAPES["tiny"], seed=3), build(SHAPES["tiny"], seed=4)
    for a, b in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(first.lm_head.weight, other.lm_head.weight)
    assert first.lm_head.weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_rotary_frequencies_stay_fp32() -> None:
    model = build(SHAPES["tiny"], dtype=torch.bfloat16)
    assert model.lm_head.weight.dtype == torch.bfloat16
    rotary = dict(model.named_buffers())["model.rotary_emb.inv_freq"]
    assert rotary.dtype == torch.float32
    head = SHAPES["tiny"].head
    exact = 10_000.0 ** (-torch.arange(0, head, 2, dtype=torch.float64) / head)
    assert torch.allclose(rotary.double(), exact, rtol=1e-6)
    assert dict(cast(model, torch.float16).named_buffers())["model.rotary_emb.inv_freq"].dtype == torch.float32


def test_a_model_is_read_from_any_folder(tmp_path: object) -> None:
    model = build(SHAPES["tiny"])
    model.save_pretrained(str(tmp_path))
    again = read(str(tmp_path))
    ids = torch.arange(20)[None]
    assert torch.equal(model(ids).logits, again(ids).logits)
    with pytest.raises(ValueError, match="expected a model folder"):
        read(f"{tmp_path}/nothing")


@pytest.mark.parametrize(("size", "expected"), [(96_512, 96_512), (96_513, 96_640), (1, 128)])
def test_vocabularies_are_padded(size: int, expected: int) -> None:
    assert padded(size) == expected
    assert shape("tiny", vocabulary=size, context=128).vocabulary == expected


def test_an_unknown_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected one of 1\.5b, 8b"):
        shape("7b")
