"""Whether layers and loss are compiled here, and why not where they are not."""

from __future__ import annotations

import torch

from training.engine import distributed as ranks


def refusal(device: torch.device) -> str | None:
    """Why a run that asks for it stays eager, the same on every rank; None where it is compiled. A small function is
    compiled first: without Triton, a C compiler or a place for its cache the run would end in its first step.
    """
    if device.type != "cuda":
        return "layers stay eager on a CPU"
    why = None
    try:
        compiled = torch.compile(_small, dynamic=False)
        compiled(torch.ones(64, device=device, requires_grad=True)).sum().backward()  # type: ignore[no-untyped-call]
        torch.cuda.synchronize(device)
    except Exception as error:  # whatever a compiler says, the run goes on without it
        why = f"compiling fails here: {(str(error).strip() or type(error).__name__).splitlines()[0][:200]}"
    return next((said for said in ranks.gathered(why) if said), None)


def _small(x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.silu(x) * x
