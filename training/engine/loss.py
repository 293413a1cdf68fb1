"""Cross-entropy from hidden states without the logits of a whole batch: 96,640 x 4,096 in fp32 would be 1.6 GB a copy.

Tokens go through the head in chunks. `FusedLoss` makes the gradients of hidden states and head while the chunk's
logits are there, so they are computed once; it holds the whole head. Under ZeRO 3 the head is gathered by its own
module's hooks, so there each chunk is a checkpoint whose logits are computed twice.

z-loss adds z x logsumexp(logits)^2 a token: it draws the normaliser, which the loss alone does not see, towards 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from training.data.packing import IGNORED


class FusedLoss(torch.autograd.Function):
    """Sum of token losses and z-losses [] in fp32 of hidden [n, d], head [v, d] and targets [n]; IGNORED targets count
    nothing. The losses [n] themselves, without z-loss, come with it to be looked at: no gradient goes through them.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor, chunk: int, z: float) -> tuple[Tensor, Tensor]:
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        each = torch.empty(len(hidden), dtype=torch.float32, device=hidden.device)
        d_hidden = torch.empty_like(hidden)
        # Sums of many chunks lose bits in bf16.
        d_head = torch.zeros(head.shape, dtype=torch.float32, device=head.device)
        for begin in range(0, len(hidden), chunk):
            part = slice(begin, begin + chunk)
            losses, extra, d_logits = _kernel["loss"](hidden[part] @ head.T, targets[part], z)
            each[part] = losses
            total += losses.sum() + extra
            torch.mm(d_logits, head, out=d_hidden[part])
            _add_product(d_head, d_logits, hidden[part])
        ctx.save_for_backward(d_hidden, d_head)
        ctx.head_dtype = head.dtype
        ctx.mark_non_differentiable(each)
        return total, each

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        d_hidden, d_head = ctx.saved_tensors
        scale = gradients[0]
        return d_hidden.mul_(scale), d_head.mul_(scale).to(ctx.head_dtype), None, None, None


def _loss_and_gradient(logits: Tensor, targets: Tensor, z: float) -> tuple[Tensor, Tensor, Tensor]:
    """Losses [n], the sum of z-losses [], and the gradient of both [n, v] in the logits' dtype; the fp32 copy of one
    chunk lives here only.
    """
    wide = logits.float()
    counted = targets != IGNORED
    index = targets.clamp_min(0).unsqueeze(1)
    normaliser = torch.logsumexp(wide, dim=1)
    losses = (normaliser - wide.gather(1, index).squeeze(1)) * counted
    extra = z * (normaliser.square() * counted).sum()
    wide.sub_(normaliser.unsqueeze(1)).exp_()
    if z:
        wide.mul_((1 + 2 * z * normaliser).unsqueeze(1))
    wide.scatter_add_(1, index, torch.full_like(index, -1, dtype=wide.dtype))
    wide.mul_(counted.unsqueeze(1))
    return losses, extra, wide.to(logits.dtype)


_kernel: dict[str, Callable[[Tensor, Tensor, float], tuple[Tensor, Tensor, Tensor]]] = {"loss": _loss_and_gradient}


def compile_kernel(wanted: bool) -> None:
    """Fuse the passes over a chunk's logits, a dozen in eager mode, into one kernel each way; or leave them apart."""
    _kernel["loss"] = torch.compile(_loss_and_gradient, dynamic=False) if wanted else _loss_and_gradient


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """total [v, d] += left [n, v]^T right [n, d], summed in fp32."""
    if left.dtype == total.dtype:
        total.addmm_(left.T, right)
    else:
        total.add_(left.T @ right)


def _chunk_losses(head: nn.Module, hidden: Tensor, targets: Tensor, z: float) -> tuple[Tensor, Tensor]:
    """Losses [n] and the sum of z-losses []."""
    logits = head(hidden).float()
    losses = F.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="none")
    if not z:
        return losses, losses.new_zeros(())
    return losses, z * (torch.logsumexp(logits, dim=1).square() * (targets != IGNORED)).sum()


def summed_loss(
    hidden: Tensor, head: nn.Module, targets: Tensor, chunk: int, gathered: bool = False, z: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Sum of token losses and z-losses [] in fp32, and the losses [n] without a gradient and without z-loss. hidden
    [n, d]; targets [n] are the next tokens, IGNORED where none is trained.

    `gathered` says that the head's weight is only there while its module runs (ZeRO 3).
    """
    weight = head.weight
    assert isinstance(weight, Tensor)
    if not gathered and torch.is_grad_enabled():
        found: tuple[Tensor, Tensor] = FusedLoss.apply(hidden, weight, targets, chunk, z)  # type: ignore[no-untyped-call]
        return found
    total = hidden.new_zeros((), dtype=torch.float32)
    each = torch.empty(len(hidden), dtype=torch.float32, device=hidden.device)
    for begin in range(0, len(hidden), chunk):
        part = slice(begin, begin + chunk)
        given = (head, hidden[part], targets[part], z)
        if torch.is_grad_enabled():
            losses, extra = checkpoint(_chunk_losses, *given, use_reentrant=False)
        else:
            losses, extra = _chunk_losses(*given)
        each[part] = losses.detach()
        total = total + losses.sum() + extra
    return total, each
