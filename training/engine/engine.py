"""One optimizer step at a time: gradient = sum of token losses / supervised tokens of the whole global batch.

DeepSpeed averages gradients over ranks and, if let, over accumulation steps; a mean of means is wrong as soon as masks
differ. So each micro-batch's summed loss is divided by the tokens of the whole step and multiplied by the ranks.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from training.data.packing import IGNORED
from training.data.reader import Batch
from training.engine import compiling, kernels
from training.engine import distributed as ranks
from training.engine.attention import NAME, Attention
from training.engine.configuration import deepspeed_config, dtype_of
from training.engine.loss import compile_kernel
from training.engine.model import Trained, compile_layers, parameter_groups, recompute_layers
from training.engine.quiet import deepspeed
from training.settings import Run


@dataclass(frozen=True)
class Step:
    """What a step did. `loss` is the mean over the global batch's supervised tokens, in nats; `norm` the gradient's
    before clipping; `skipped` says why nothing was updated. `places` are all ranks' tokens, padding included. `z_loss`
    is the mean of what is added to `loss` where loss.z is set.
    """

    loss: float
    tokens: int
    norm: float
    rate: float
    places: int
    skipped: str | None = None
    z_loss: float | None = None


class Engine:
    """A model under DeepSpeed. Every rank builds it from the same weights and calls `step` with its own batches.

    `universal` says that a universal checkpoint will be loaded.
    """

    def __init__(self, run: Run, lm: Any, device: torch.device, universal: bool = False) -> None:
        self.run, self.device, self.lm = run, device, lm
        self.dtype = dtype_of(run.engine.dtype, device)
        config = deepspeed_config(run, ranks.world(), self.dtype)
        if universal:
            config["checkpoint"] = {"load_universal": True}
        self.kernels = kernels.chosen(run, lm.config, device, self.dtype)
        self.attention = Attention(self.kernels.backend, device, run.data.isolate)
        self.attention.insist()
        lm.set_attn_implementation(NAME)
        if run.engine.recompute:
            recompute_layers(lm)
        self.eager = compiling.refusal(device) if run.engine.compile else "engine.compile is off"
        if self.eager is None:
            compile_layers(lm)
        compile_kernel(self.eager is None)
        lm.train()
        module = Trained(lm, self.attention, run.engine.loss_tokens, run.engine.zero == 3, run.loss.z)
        o = run.optimizer
        optimizer = torch.optim.AdamW(
            parameter_groups(lm, o.weight_decay),
            lr=run.rate.peak,
            betas=(o.beta1, o.beta2),
            eps=o.epsilon,
            fused=device.type == "cuda" and run.engine.offload == "none",
        )
        # One of its optimizers prints its memory use from its constructor.
        with redirect_stdout(io.StringIO()):
            self.deepspeed, self.optimizer, _, _ = deepspeed().initialize(
                model=module, optimizer=optimizer, config=config, dist_init_required=False
            )

    @property
    def world(self) -> int:
        return ranks.world()

    def step(
        self,
        batches: Iterable[Batch],
        rate: float,
        refuse: Callable[[float], str | None] = lambda _: None,
        seen: Callable[[Batch, torch.Tensor], None] = lambda *_: None,
    ) -> Step:
        """One optimizer step over this rank's micro-batches. `refuse(loss)` gives a reason to skip it, from a loss that
        is the same on every rank. Gradients that are not finite skip it too; either way they are cleared. `seen` gets
        each micro-batch with the losses of its tokens (Trained.losses).
        """
        made = list(batches)
        held = [tensors(batch, self.device) for batch in made]
        counted = sum(int((batch.labels[:, 1:] != IGNORED).sum()) for batch in made)
        tokens = self._sum(torch.tensor(counted, dtype=torch.float64, device=self.device))
        scale = self.world / tokens.clamp_min(1)
        total = torch.zeros(2, dtype=torch.float64, device=self.device)
        for number, (ids, labels, positions) in enumerate(held):
            self.deepspeed.set_gradient_accumulation_boundary(number == len(held) - 1)
            loss = self.deepspeed(ids, labels, positions)
            seen(made[number], self.deepspeed.module.losses)
            self.deepspeed.backward(loss * scale.to(loss.dtype), scale_wrt_gas=False)
            plain = self.deepspeed.module.losses.sum() if self.run.loss.z else loss
            total += torch.stack([plain.detach().double(), (loss - plain).detach().double()])
            if number < len(held) - 1:
                self.deepspeed.step()
        loss_value, extra, count = (float(x) for x in torch.cat([self._sum(total), tokens[None]]).tolist())
        mean = loss_value / max(1.0, count)
        why = "no supervised token in the batch" if not count else refuse(mean)
        places = sum(batch.ids.size for batch in made) * self.world
        done = self._update(mean, int(count), places, rate, why)
        return replace(done, z_loss=extra / max(1.0, count)) if self.run.loss.z else done

    def _sum(self, number: torch.Tensor) -> torch.Tensor:
        if self.world > 1:
            torch.distributed.all_reduce(number)
        return number

    def _update(self, loss: float, tokens: int, places: int, rate: float, why: str | None) -> Step:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        if not np.isfinite(loss):
            why = "the loss is not finite"
        with _no_update(self.optimizer, why is not None):
            self.deepspeed.step()
        applied = self.deepspeed.was_step_applied()
        if not applied and why is None:
            why = "the gradient is not finite"
        assert (why is None) == applied, f"DeepSpeed's decision differs from ours: {why}, applied {applied}"
        norm = self.deepspeed.get_global_grad_norm() if applied else float("nan")
        return Step(loss, tokens, float(norm if norm is not None else float("nan")), rate, places, why)

    def close(self) -> None:
        self.deepspeed.destroy()
        self.attention.release()


def tensors(batch: Batch, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """ids, labels and positions [sequences, length] int64 on the device."""

    def moved(array: Any) -> torch.Tensor:
        held = torch.from_numpy(array)
        if device.type == "cuda":
            held = held.pin_memory()
        return held.to(device, non_blocking=True).long()

    return moved(batch.ids), moved(batch.labels), None if batch.positions is None else moved(batch.positions)


class _no_update:
    """Within it the optimizer finds its gradient norm invalid, as after an overflow: it clears gradients and buffers in
    its own way, at every stage, and updates nothing.
    """

    def __init__(self, optimizer: Any, wanted: bool) -> None:
        self.optimizer, self.wanted = optimizer, wanted

    def __enter__(self) -> None:
        if self.wanted:
            for name, invalid in _INVALID.items():
                if hasattr(self.optimizer, name):
                    setattr(self.optimizer, name, invalid)

    def __exit__(self, *_: object) -> None:
        if self.wanted:
            for name in _INVALID:
                self.optimizer.__dict__.pop(name, None)


_INVALID: dict[str, Callable[..., Any]] = {
    "scaled_global_norm": lambda *_, **__: torch.tensor(float("inf")),  # ZeRO 1 and 2
    "_get_norm_groups": lambda *_, **__: [torch.tensor(float("inf"))],  # ZeRO 3
    "get_grads_for_norm": lambda *_, **__: ([torch.tensor([float("inf")])], {}),  # BF16_Optimizer
}
