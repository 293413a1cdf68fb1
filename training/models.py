"""Shapes as plain Hugging Face models, Llama's or with QK norm Qwen3's: from scratch, on the meta device, or read.

Weights from scratch are drawn from a normal distribution with standard deviation 0.02, as Llama's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import torch
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM
from transformers.initialization import no_init_weights

from training.shapes import Shape, refusal

_Model = TypeVar("_Model", bound=torch.nn.Module)
INITIALISATION = "normal(0, 0.02)"
_STANDARD_DEVIATION = 0.02


def configuration(of: Shape, ids: dict[str, Any] | None = None) -> LlamaConfig | Qwen3Config:
    """The Hugging Face configuration: Llama's, and with QK norm Qwen3's, which is the same but for it.

    `ids` are bos_token_id, eos_token_id and pad_token_id where there are any.
    """
    none: dict[str, Any] = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
    kind: Any = Qwen3Config if of.qk_norm else LlamaConfig
    found: LlamaConfig | Qwen3Config = kind(
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
        **({} if of.qk_norm else {"mlp_bias": False}),
        # Cached keys make transformers drop the isolation of packed documents without a word.
        use_cache=False,
        **(ids or none),
    )
    return found


def build(of: Shape, seed: int = 0, dtype: torch.dtype = torch.float32, ids: dict[str, Any] | None = None) -> Any:
    """A model from scratch. Weights are drawn in fp32 and then rounded, so every dtype starts from the same draw."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _class(of)(configuration(of, ids))
    return cast(model, dtype)


def build_on_meta(of: Shape) -> Any:
    """A model without storage: shapes and counts of what no machine at hand can hold."""
    with torch.device("meta"):
        return _class(of)(configuration(of))


def _class(of: Shape) -> Any:
    return Qwen3ForCausalLM if of.qk_norm else LlamaForCausalLM


def read(folder: str | Path, dtype: torch.dtype = torch.float32) -> Any:
    """A model from a Hugging Face folder. Raises ValueError where it is none."""
    if not (Path(folder) / "config.json").exists():
        raise ValueError(f"{folder}: expected a model folder with config.json, found none; export a checkpoint there")
    if why := refusal(AutoConfig.from_pretrained(folder)):
        raise ValueError(f"{folder}: {why}")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    model.config.use_cache = False
    return cast(model, dtype)


def empty(config: Any, dtype: torch.dtype) -> Any:
    """A model whose weights are about to be loaded: none is drawn, which for 8 B parameters takes a minute a rank."""
    with no_init_weights():
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    model.tie_weights()
    return cast(model, dtype)


def cast(model: _Model, dtype: torch.dtype) -> _Model:
    """Parameters to `dtype`; rotary frequencies stay fp32, since bf16 ones are wrong by whole turns at 4,096."""
    kept = {name: buffer for name, buffer in model.named_buffers() if "inv_freq" in name}
    model.to(dtype)
    for name, buffer in kept.items():
        owner, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(owner), attribute, buffer.float())
    return model
