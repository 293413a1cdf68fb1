"""Bits per byte: the n-gram model is a distribution and learns; a checkpoint is scored as its own loss says."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from udfs.rules.perplexity import ByteNgrams, Checkpoint

CODE = "def add(first, second):\n    return first + second\n\n\n"


@pytest.fixture(scope="module")
def trained() -> ByteNgrams:
    return ByteNgrams().train([CODE * 20, "for name in names:\n    print(name)\n" * 20])


def _bits(model: ByteNgrams, text: str) -> float:
    found = model.bits_per_byte(text)
    assert found is not None
    return found * len(text.encode("utf-8", "surrogatepass"))


def test_an_untrained_model_spends_eight_bits_on_a_byte() -> None:
    assert ByteNgrams().bits_per_byte("any text") == pytest.approx(8.0)


@pytest.mark.parametrize("context", ["d", "def", "xyz", "return first"])
def test_the_bytes_that_may_follow_share_one(trained: ByteNgrams, context: str) -> None:
    """Only ASCII can follow alone; the rest was never seen, and each unseen byte gets the same share."""
    before = _bits(trained, context)
    shares = [2 ** (before - _bits(trained, context + chr(c))) for c in range(128)]
    unseen = min(shares)
    assert sum(shares) + 128 * unseen == pytest.approx(1.0, abs=0.01)


def test_text_like_the_training_text_costs_less(trained: ByteNgrams) -> None:
    noise = "".join(random.Random(3).choices("abcdefgh(){}", k=400))
    like, unlike = trained.bits_per_byte("def mul(first, second):\n    return first\n"), trained.bits_per_byte(noise)
    assert like is not None and unlike is not None
    assert like < 2.5 < 6 < unlike < 16
    assert trained.trained_bytes == 20 * (len(CODE) + 35)


def test_any_text_has_a_finite_score(trained: ByteNgrams) -> None:
    assert trained.bits_per_byte("") is None
    assert math.isfinite(_bits(trained, "\ud800 \x00 é 漢" * 50))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two layers with a byte tokenizer, as an export has it."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    torch.manual_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=256, max_position_embeddings=64, **sizes)).save_pretrained(folder)
    return folder


def test_a_checkpoint_is_scored_by_its_own_loss(checkpoint: Path) -> None:
    import torch

    model = Checkpoint(str(checkpoint))
    text = CODE[:40]
    ids = model.tokenizer(text, return_tensors="pt").input_ids
    with torch.inference_mode():
        loss = float(model.model(ids, labels=ids).loss)  # the mean over all but the first token
    assert model.bits_per_byte(text) == pytest.approx(loss / math.log(2) * (len(text) - 1) / len(text), rel=1e-5)


def test_windows_of_a_checkpoint_score_every_token_once(checkpoint: Path) -> None:
    model = Checkpoint(str(checkpoint), window=16)
    torch_head = model.model.lm_head.weight
    torch_head.data.zero_()  # now every token costs log2(256) bits
    assert model.bits_per_byte(CODE) == pytest.approx(8 * (len(CODE) - 1) / len(CODE), rel=1e-5)
    assert model.bits_per_byte("") is None


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected a model folder"):
        Checkpoint(str(tmp_path))
