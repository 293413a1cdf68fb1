"""Which attention kernel a run takes: the fastest of those allowed, timed once at the run's own shape, or one by name.

How fast a kernel is depends on the card, the head size, grouped heads, the length and the micro-batch, so no list of
preferences is right everywhere. Only a GPU is timed; all ranks take what rank 0 finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import torch
from torch.nn.attention import sdpa_kernel

from training.engine import distributed as ranks
from training.engine.attention import SDPA, Attention, attend, has_varlen, head_size
from training.engine.determinism import KERNELS
from training.settings import Run

_FAST = ("flash", "cudnn", "efficient")
"""Never math, unless it is named: it keeps every score."""
_ISOLATED = ("varlen", "flex")
_WARM, _TIMED = 3, 7


@dataclass(frozen=True)
class Size:
    """What attention of one micro-batch works on."""

    sequences: int
    heads: int
    key_value_heads: int
    head: int
    length: int


@dataclass(frozen=True)
class Choice:
    """The kernel, `milliseconds` of one layer forward and backward by kernel, and why others were not taken."""

    backend: str
    milliseconds: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For the run's record."""
        return asdict(self)


def chosen(run: Run, config: Any, device: torch.device, dtype: torch.dtype) -> Choice:
    """The kernel of a run. Raises ValueError where the one named cannot be had, or none can."""
    wanted, isolate = run.engine.attention, run.data.isolate
    size = Size(
        run.batch.micro,
        config.num_attention_heads,
        getattr(config, "num_key_value_heads", None) or config.num_attention_heads,
        head_size(config, run.batch.length),
        run.batch.length,
    )
    names, refused = _allowed(wanted, device, isolate, run.engine.deterministic)
    if device.type == "cpu":
        return Choice(names[0], refused=refused)
    choice, error = _fastest(names, refused, device, dtype, size, isolate), None
    if not choice.backend:
        said = "; ".join(f"{name}: {why}" for name, why in choice.refused.items())
        error = (
            f"engine.attention: expected {wanted} to run with heads of {size.head} in {dtype} on {device}, found it "
            f"cannot ({said}); name another, or math if nothing else runs"
        )
    choice, error = ranks.told((choice, error))
    if error:
        raise ValueError(error)
    assert isinstance(choice, Choice)
    return choice


def _allowed(wanted: str, device: torch.device, isolate: bool, deterministic: bool) -> tuple[list[str], dict[str, str]]:
    """Kernels to try, and why others are not. Raises ValueError where the one named is not among them."""
    if device.type == "cpu":
        if wanted not in ("auto", "math"):
            raise ValueError(f"engine.attention: expected auto or math on a CPU, found {wanted!r}")
        return ["cpu" if wanted == "auto" else "math"], {}
    if wanted in _ISOLATED and not isolate:
        raise ValueError(f"engine.attention: {wanted} is for isolated documents; set data.isolate or name another")
    if isolate and wanted not in ("auto", *_ISOLATED):
        raise ValueError(
            f"engine.attention: expected auto, flex or varlen where data.isolate is set, found {wanted!r}: "
            "the others would need a mask, which takes them off the fast path"
        )
    refused = {}
    for name in (_ISOLATED if isolate else _FAST) if wanted == "auto" else (wanted,):
        if name == "varlen" and not has_varlen():
            refused[name] = "this torch has no varlen_attn"
        elif deterministic and name not in KERNELS:
            refused[name] = "its backward pass has no fixed order, which engine.deterministic asks for"
    if wanted in refused:
        raise ValueError(f"engine.attention: expected another kernel than {wanted}: {refused[wanted]}; name auto")
    tried = (_ISOLATED if isolate else _FAST) if wanted == "auto" else (wanted,)
    return [name for name in tried if name not in refused], refused


def _fastest(
    names: Sequence[str], refused: dict[str, str], device: torch.device, dtype: torch.dtype, size: Size, isolate: bool
) -> Choice:
    """Every kernel is tried forward and backward, as the layers will call it; no backend where none runs."""
    taken: dict[str, float] = {}
    refused = dict(refused)
    for name in names:
        try:
            taken[name] = _milliseconds(name, device, dtype, size, isolate)
        except Exception as error:  # whatever a kernel or its compiler says, the run goes on without it
            refused[name] = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        if device.type == "cuda":
            torch.cuda.empty_cache()
    return Choice(min(taken, key=taken.__getitem__, default=""), taken, refused)


def _milliseconds(name: str, device: torch.device, dtype: torch.dtype, size: Size, isolate: bool) -> float:
    """Median time of attention of one layer, forward and backward."""
    attention = Attention(name, device, isolate)
    q, k, v = (
        torch.randn(size.sequences, heads, size.length, size.head, device=device, dtype=dtype, requires_grad=True)
        for heads in (size.heads, size.key_value_heads, size.key_value_heads)
    )
    document = max(1, size.length // 4)
    positions = (torch.arange(size.length, device=device) % document).expand(size.sequences, -1)
    given = attention.arguments(positions)
    times = []
    with sdpa_kernel([SDPA[name]] if name in SDPA else list(SDPA.values())):
        for _ in range(_WARM + _TIMED):
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
            begin.record()
            found, _ = attend(None, q, k, v, None, scaling=size.head**-0.5, **given)
            found.sum().backward()  # type: ignore[no-untyped-call]
            end.record()
            torch.cuda.synchronize(device)
            times.append(begin.elapsed_time(end))
    return float(median(times[_WARM:]))
