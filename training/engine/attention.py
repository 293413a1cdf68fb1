"""Attention with a backend that is chosen once and then insisted on: no run falls back to a slow one in silence.

Packed documents are plain causal by default, which every fast kernel does. Where documents are isolated, a GPU uses
variable-length or flex attention, a CPU a mask. transformers calls `attend` under the name NAME and makes no mask.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.attention import SDPBackend
from transformers import AttentionInterface

NAME = "refinelake"
_FEWEST = 256
SDPA = {
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
    "math": SDPBackend.MATH,
}


class Attention:
    """The backend of a run. `backend` is its name in logs: one of settings.ATTENTION, or cpu. On a GPU it was chosen
    before (kernels.py).
    """

    def __init__(self, wanted: str, device: torch.device, isolate: bool) -> None:
        assert device.type == "cpu" or wanted != "auto", "kernels.py chooses on a GPU"
        self.isolate = isolate
        self.backend = "cpu" if wanted == "auto" else wanted

    def insist(self) -> None:
        """From now on no other kernel can be taken in this process: torch raises instead. Not only around the forward
        pass, since recomputed activations run it again within the backward pass.
        """
        _allow({self.backend} if self.backend in SDPA else set(SDPA))

    def release(self) -> None:
        """Leave the choice to torch again."""
        _allow(set(SDPA))

    def arguments(self, positions: Tensor | None) -> dict[str, Any]:
        """What `attend` needs to know of the micro-batch, made once for all layers; positions [sequences, length]."""
        if not self.isolate:
            return {}
        assert positions is not None, "isolated documents come with positions"
        documents = (positions == 0).cumsum(dim=1)
        if self.backend == "varlen":
            return {"ends": _ends(positions)}
        if self.backend == "flex":
            return {"blocks": _block_mask(documents)}
        causal = torch.ones(positions.shape[1], positions.shape[1], dtype=torch.bool, device=positions.device).tril()
        return {"visible": (documents[:, :, None] == documents[:, None, :])[:, None] & causal}


def head_size(config: Any, length: int) -> int:
    """Numbers a head. Raises ValueError for attention that `attend` does not do, whatever folder the model is from."""
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    softcap = getattr(config, "attn_logit_softcapping", None)
    if softcap or (window and window < length):
        found = f"attention scores capped at {softcap}" if softcap else f"a window of {window} at length {length}"
        raise ValueError(
            f"{config.model_type}: expected full causal attention, found {found}; start from another model"
        )
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)


def attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **given: Any
) -> tuple[Tensor, None]:
    """Causal attention; query [sequences, heads, length, head], key and value with their own number of heads.

    Returns [sequences, length, heads, head].
    """
    assert attention_mask is None, "training makes no mask; padding is at the end, after all that is trained"
    scale = given.get("scaling")
    if "ends" in given:
        return _variable_length(query, key, value, given["ends"], scale), None
    if "blocks" in given:
        return _flex(query, key, value, given["blocks"], scale).transpose(1, 2), None
    grouped = query.shape[1] != key.shape[1]
    if grouped and not query.is_cuda:
        key, value = (t.repeat_interleave(query.shape[1] // key.shape[1], dim=1) for t in (key, value))
        grouped = False
    visible = given.get("visible")
    found = F.scaled_dot_product_attention(
        query, key, value, attn_mask=visible, is_causal=visible is None, scale=scale, enable_gqa=grouped
    )
    return found.transpose(1, 2), None


AttentionInterface.register(NAME, attend)


def _allow(names: set[str]) -> None:
    torch.backends.cuda.enable_flash_sdp("flash" in names)
    torch.backends.cuda.enable_cudnn_sdp("cudnn" in names)
    torch.backends.cuda.enable_mem_efficient_sdp("efficient" in names)
    torch.backends.cuda.enable_math_sdp("math" in names)


def has_varlen() -> bool:
    """Whether this torch has attention of variable lengths."""
    return _varlen() is not None


def _varlen() -> Any:
    try:
        from torch.nn.attention.varlen import varlen_attn
    except ImportError:
        return None
    return varlen_attn


def _ends(positions: Tensor) -> tuple[Tensor, int]:
    """Where each document begins in the flattened batch, with the end, int32; and the longest it can be. Documents
    without tokens follow, up to a power of two: each other number of documents would compile the layers once more.
    """
    starts = torch.nonzero((positions == 0).flatten()).flatten()
    more = max(_FEWEST, 1 << len(starts).bit_length()) - len(starts)
    end = torch.full((more,), positions.numel(), device=positions.device)
    return torch.cat([starts, end]).to(torch.int32), positions.shape[1]


def _variable_length(query: Tensor, key: Tensor, value: Tensor, ends: tuple[Tensor, int], scale: Any) -> Tensor:
    sequences, heads, length, head = query.shape
    if key.shape[1] != heads:
        key, value = (t.repeat_interleave(heads // key.shape[1], dim=1) for t in (key, value))
    q, k, v = (t.transpose(1, 2).reshape(sequences * length, heads, head) for t in (query, key, value))
    found = _varlen()(q, k, v, ends[0], ends[0], ends[1], ends[1], scale=scale, window_size=(-1, 0))
    return found.view(sequences, length, heads, head)  # type: ignore[no-any-return]


def _block_mask(documents: Tensor) -> Any:
    from torch.nn.attention.flex_attention import create_block_mask

    def same_document(b: Tensor, h: Tensor, q: Tensor, k: Tensor) -> Tensor:
        return (q >= k) & (documents[b, q] == documents[b, k])

    sequences, length = documents.shape
    return create_block_mask(same_document, sequences, None, length, length, device=str(documents.device))


_COMPILED: dict[str, Any] = {}


def _flex(query: Tensor, key: Tensor, value: Tensor, blocks: Any, scale: Any) -> Tensor:
    from torch.nn.attention.flex_attention import flex_attention

    if "flex" not in _COMPILED:
        _COMPILED["flex"] = torch.compile(flex_attention, dynamic=False)
    grouped = query.shape[1] != key.shape[1]
    found: Tensor = _COMPILED["flex"](query, key, value, block_mask=blocks, scale=scale, enable_gqa=grouped)
    return found
