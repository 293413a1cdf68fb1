"""engine.deterministic: the same bits from the same run, on the same machines and packages, or an error.

Without it sums are added up in whatever order kernels and networks find fastest, so a GPU run equals another to
rounding only. What is bit-equal where stands in docs/training.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

KERNELS = ("flash", "varlen", "math")
"""Attention whose backward pass has a fixed order in torch's strict mode; cuDNN's is refused there, and of the others
nothing is promised."""
_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_ENVIRONMENT = {
    _CUBLAS: (":4096:8", ":16:8"),
    # Which algorithm NCCL takes depends on timings and sizes, and so does the order of its sums.
    "NCCL_ALGO": ("Ring", "Tree"),
    "NCCL_PROTO": ("Simple", "LL", "LL128"),
    # Kernels are chosen without trying them out on the device.
    "TORCHINDUCTOR_DETERMINISTIC": ("1",),
}
"""Of each variable the values that fix an order; the first is set where none is."""


@contextmanager
def strict(wanted: bool) -> Iterator[dict[str, str]]:
    """Within it torch raises where an operation has no deterministic form. Gives what was fixed, for the run's record;
    nothing where it is not wanted. To be entered before CUDA starts. Raises ValueError where it is too late or another
    order is asked for.
    """
    if not wanted:
        yield {}
        return
    fixed = _fixed()
    before = {name: os.environ.get(name) for name in fixed}
    cudnn = torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
    os.environ.update(fixed)
    inductor = _compiler(True)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
    try:
        yield {"torch": "strict", "cudnn.benchmark": "off", **fixed}
    finally:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = cudnn
        _compiler(inductor)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)


def _fixed() -> dict[str, str]:
    found = {}
    for name, allowed in _ENVIRONMENT.items():
        value = os.environ.get(name, "")
        if value and value not in allowed:
            raise ValueError(
                f"{name}: expected one of {', '.join(allowed)} or nothing with engine.deterministic, found {value!r}; "
                "unset it"
            )
        found[name] = value or allowed[0]
    started = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    if started and not os.environ.get(_CUBLAS):
        raise ValueError(
            f"engine.deterministic: expected {_CUBLAS} before CUDA starts, found CUDA started without; set it to "
            f"{found[_CUBLAS]} and start this process anew"
        )
    return found


def _compiler(deterministic: bool) -> bool:
    """Tell a compiler that is loaded already, which reads the environment no more. Returns what it was told before."""
    config: Any = sys.modules.get("torch._inductor.config")
    if config is None:
        return False
    before = bool(config.deterministic)
    config.deterministic = deterministic
    return before
