"""Model shapes of the OpenCoder paper (table 2), and toys beside them: what is known of a model before it is built.

Parameter counts in closed form, floating point operations of a token. No torch is imported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

VOCABULARY = 96_640
"""The paper's vocabulary, padded to a multiple of 128 (755 x 128)."""
VOCABULARY_MULTIPLE = 128


@dataclass(frozen=True)
class Shape:
    """A Llama decoder with untied embeddings. Sizes are in units of elements, `context` in tokens; with `qk_norm`
    queries and keys go through a norm of a head's size, as in Qwen3.
    """

    hidden: int
    layers: int
    heads: int
    key_value_heads: int
    head: int
    feed_forward: int
    rope_theta: float
    context: int
    vocabulary: int = VOCABULARY
    qk_norm: bool = False

    def matrix_parameters(self) -> int:
        """Parameters that multiply each token: all but the input embedding, norms included."""
        attention = self.hidden * self.head * 2 * (self.heads + self.key_value_heads)
        norms = 2 * self.hidden + (2 * self.head if self.qk_norm else 0)
        layer = attention + 3 * self.hidden * self.feed_forward + norms
        return self.layers * layer + self.hidden + self.vocabulary * self.hidden

    def parameters(self) -> int:
        """All parameters, both embeddings included."""
        return self.matrix_parameters() + self.vocabulary * self.hidden

    def flops_per_token(self, length: int, causal: bool = False) -> float:
        """Training FLOPs of a token in a sequence of `length`: 6 N + 12 L d s (full) or 6 N + 6 L d s (causal).

        N leaves the input embedding out; d is heads x head size.
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


def shape(name: str, vocabulary: int | None = None, context: int | None = None, qk_norm: bool = False) -> Shape:
    """A shape by name, with another vocabulary (rounded up to 128) or context, or with QK norm. Raises ValueError."""
    if name not in SHAPES:
        raise ValueError(f"model: expected one of {', '.join(SHAPES)} or a folder, found {name!r}")
    found = replace(SHAPES[name], qk_norm=qk_norm)
    if vocabulary is not None:
        found = replace(found, vocabulary=padded(vocabulary))
    return found if context is None else replace(found, context=context)


def padded(vocabulary: int) -> int:
    """Rows of the embeddings: the vocabulary rounded up to a multiple of 128."""
    return -(-vocabulary // VOCABULARY_MULTIPLE) * VOCABULARY_MULTIPLE


_NEEDED = ("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "intermediate_size")
_DROPOUT = ("attention_dropout", "hidden_dropout", "resid_pdrop", "attn_pdrop", "embd_pdrop")


def refusal(config: Any) -> str | None:
    """Why a model is not trained here, None where it is: attention, resumes and FLOPs are of Llama's kind."""
    lacking = [name for name in _NEEDED if getattr(config, name, None) is None]
    experts = [name for name in ("num_local_experts", "num_experts", "n_routed_experts") if getattr(config, name, None)]
    dropped = [name for name in _DROPOUT if getattr(config, name, None)]
    why = None
    if lacking:
        why = f"without {', '.join(lacking)}"
    elif experts:
        why = f"a mixture of experts ({experts[0]})"
    elif dropped:
        why = f"with {dropped[0]} (0 in config.json switches it off)"
    wanted = "expected a decoder of Llama's kind (rotary positions, gated feed-forward, no dropout)"
    return why and f"{wanted}, found {config.model_type} {why}; start from another model"


def shape_of(config: Any) -> Shape:
    """The shape of any configuration of Llama's kind."""
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
        config.model_type == "qwen3",
    )
