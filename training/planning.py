"""What a run will need, from its settings alone: memory a GPU, time, money. Derived numbers, not measurements."""

from __future__ import annotations

from dataclasses import dataclass

from training.settings import Run
from training.shapes import Shape

MFU = 0.40
"""Share of the peak that is assumed by default: good bf16 practice at 1 to 8 B parameters."""
PEAK = 989.4e12
PRICE = 2.5
"""USD a GPU hour that is assumed by default; name your own."""


@dataclass(frozen=True)
class Memory:
    """Bytes a GPU, by what holds them."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    loss: int

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimizer + self.activations + self.loss


def memory(run: Run, shape: Shape, gpus: int) -> Memory:
    """bf16 training with an fp32 master copy, two moments and fp32 accumulation, under the run's ZeRO stage.

    Activations are what a Llama layer keeps for its backward pass with fused attention: inputs of the norms, of the
    projections and of the products, 2 bytes an element; with recomputation one input a layer and one whole layer.
    """
    e, n = run.engine, shape.parameters()
    tokens = run.batch.micro * run.batch.length
    attention = shape.heads * shape.head + 2 * shape.key_value_heads * shape.head + shape.heads * shape.head
    layer = 2 * tokens * (4 * shape.hidden + attention + 3 * shape.feed_forward)
    kept = shape.layers * 2 * tokens * shape.hidden + layer if e.recompute else shape.layers * layer
    chunk = min(e.loss_tokens, tokens)
    return Memory(
        weights=2 * n // (gpus if e.zero == 3 else 1),
        # Stage 1 keeps all fp32 sums beside the bf16 gradients; 2 and 3 only their own part of the sums.
        gradients=(6 * n if e.zero == 1 else 2 * n + 4 * n // gpus) if e.zero < 3 else 6 * n // gpus,
        optimizer=0 if e.offload != "none" else 12 * n // gpus,
        activations=kept,
        loss=chunk * shape.vocabulary * 10 + 4 * shape.vocabulary * shape.hidden,
    )


def host_bytes(run: Run, shape: Shape, gpus: int) -> int:
    """Bytes of host memory a rank for what is offloaded."""
    n = shape.parameters()
    offloaded = {"none": 0, "optimizer": 16 * n, "all": 18 * n}[run.engine.offload]
    return offloaded // gpus


def checkpoint_bytes(shape: Shape) -> int:
    """Bytes of one checkpoint: bf16 weights, fp32 master, two moments."""
    return 14 * shape.parameters()


@dataclass(frozen=True)
class Time:
    """Of a whole run at an assumed share of the peak."""

    steps: int
    tokens: int
    tokens_per_second: float
    days: float
    gpu_hours: float
    money: float


def duration(run: Run, shape: Shape, gpus: int, steps: int, mfu: float, price: float, peak: float = PEAK) -> Time:
    """Tokens per second from the full formula (6 N + 12 L d s), days, and money at `price` a GPU hour."""
    tokens = steps * run.batch.tokens
    rate = mfu * peak * gpus / shape.flops_per_token(run.batch.length)
    seconds = tokens / rate
    return Time(steps, tokens, rate, seconds / 86_400, seconds / 3600 * gpus, seconds / 3600 * gpus * price)
