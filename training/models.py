"""Model shapes of the OpenCoder paper (table 2) as plain Hugging Face Llama models, and toy ones beside them.

Everything a shape decides is derived here: the configuration, the parameter count in closed form and the floating point
operations of a token. A model is built from scratch (normal initialisation, standard deviation 0.02, as Llama's own) or
read from any Hugging Face folder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

_Model = TypeVar("_Model", bound=torch.nn.Module)
VOCABULARY = 96_640
"""The paper's vocabulary, padded to a multiple of 128 (755 x 128)."""
VOCABULARY_MULTIPLE = 128
INITIALISATION = "normal(0, 0.02)"
_STANDARD_DEVIATION = 0.02


@dataclass(frozen=True)
class Shape:
    """A Llama decoder with untied embeddings. Sizes are in units of elements, `context` in tokens."""

    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    head: int
    feed_forward: int
    rope_theta: float
    context: int
    vocabulary: int = VOCABULARY

    def matrix_parameters(self) -> int:
        """Parameters that multiply each token: all but the input embedding, norms included."""
        attention = self.hidden * self.head * 2 * (self.heads + self.key_value_heads)
        layer = attention + 3 * self.hidden * self.feed_forward + 2 * self.hidden
        return self.layers * layer + self.hidden + self.vocabulary * self.hidden

    def parameters(self) -> int:
        """All parameters, both embeddings included."""
        return self.matrix_parameters() + self.vocabulary * self.hidden

    def flops_per_token(self, length: int, causal: bool = False) -> float:
        """Training FLOPs of a token in a sequence of `length`: 6 N + 12 L d s (full) or 6 N + 6 L d s (causal).

        N leaves the input embedding out; d is heads x head size (training.md 4).
        """
        attention = (6 if causal else 12) * self.layers * self.heads * self.head * length
        return 6.0 * self.matrix_parameters() + attention


SHAPES: dict[str, Shape] = {
    "1.5b": Shape(2240, 24, 14, 14, 160, 6144, 10_000.0, 4096),
    "8b": Shape(4096, 32, 32, 8, 128, 14_336, 500_000.0, 4096),
    # For tests and the toy run: one second a few steps, on a CPU.
    "toy": Shape(128, 4, 4, 2, 32, 384, 10_000.0, 256, 2048),
    "tiny": Shape(32, 2, 2, 1, 16, 64, 10_000.0, 64, 512),
}


def shape(name: str, vocabulary: int | None = None, context: int | None = None) -> Shape:
    """A shape by name, with another vocabulary (rounded up to 128) or context. Raises ValueError."""
    if name not in SHAPES:
        raise ValueError(f"model: expected one of {', '.join(SHAPES)} or a folder, found {name!r}")
    found = SHAPES[name]
    if vocabulary is not None:
        found = replace(found, vocabulary=padded(vocabulary))
    return found if context is None else replace(found, context=context)


def padded(vocabulary: int) -> int:
    """Rows of the embeddings: the vocabulary rounded up to a multiple of 128."""
    return -(-vocabulary // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE


def configuration(of: Shape, ids: dict[str, Any] | None = None) -> LlamaConfig:
    """The Hugging Face configuration. `ids` are bos_token_id, eos_token_id and pad_token_id where there are any."""
    none: dict[str, Any] = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    return LlamaConfig(
        vocab_size=of.vocabulary,
        hidden_size=of.hidden,
        num_hidden_layers=of.layers,
        num_attention_heads=of.heads,
        num_key_value_heads=of.key_value_heads,
        head_dim=of.head,
        intermediate_size=of.feed_forward,
        max_position_embeddings=of.context,
        rope_parameters={"rope_type": "default", "rope_theta": of.rope_theta},
        rms_norm_eps=1e-5,
        initializer_range=_STANDARD_DEVIATION,
        tie_word_embeddings=False,
        attention_bias=False,
        mlp_bias=False,
        # Cached keys make transformers drop the isolation of packed documents without a word.
        use_cache=False,
        **(ids or none),
    )


def build(
    of: Shape, seed: int = 0, dtype: torch.dtype = torch.float32, ids: dict[str, Any] | None = None
) -> LlamaForCausalLM:
    """A model from scratch. Weights are drawn in fp32 and then rounded, so every dtype starts from the same draw."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(configuration(of, ids))
    return cast(model, dtype)


def build_on_meta(of: Shape) -> LlamaForCausalLM:
    """A model without storage: shapes and counts of what no machine at hand can hold."""
    with torch.device("meta"):
        return LlamaForCausalLM(configuration(of))


def read(folder: str | Path, dtype: torch.dtype = torch.float32) -> Any:
    """A model from a Hugging Face folder. Raises ValueError where it is none."""
    if not (Path(folder) / "config.json").exists():
        raise ValueError(f"{folder}: expected a model folder with config.json, found none; export a checkpoint there")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.config.use_cache = False
    return cast(model, dtype)


def cast(model: _Model, dtype: torch.dtype) -> _Model:
    """Parameters to `dtype`; rotary frequencies stay fp32, since bf16 ones are wrong by whole turns at 4,096."""
    kept = {name: buffer for name, buffer in model.named_buffers() if "inv_freq" in name}
    model.to(dtype)
    for name, buffer in kept.items():
        owner, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(owner), attribute, buffer.float())
    return model


def shape_of(config: Any) -> Shape:
    """The shape of any Llama configuration."""
    rope = getattr(config, "rope_parameters", None) or {}
    return Shape(
        config.hidden_size,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.num_key_value_heads,
        getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
        config.intermediate_size,
        float(rope.get("rope_theta", 10_000.0)),
        config.max_position_embeddings,
        config.vocab_size,
    )
