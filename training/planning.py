"""What a run will need, from its settings alone: memory a GPU, time, money. Derived numbers, not measurements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from training.settings import Run
from training.shapes import Shape

MFU = 0.40
"""Share of the peak that is assumed by default: good bf16 practice at 1 to 8 B parameters."""
PEAK = 989.4e12
PRICE = 2.5
"""USD a GPU hour that is assumed by default; name your own."""
ROOM = 0.9
"""Of a GPU's memory: the rest is for fragments, NCCL and the CUDA context."""
MANY = 32
"""GPUs from which ZeRO 2 gains: ZeRO 1 in bf16 exchanges all gradients at once, after the last backward pass."""


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
    Layers that are not compiled also keep what a compiler makes again: the normed rows in fp32 and the gate's product.
    """
    e, n = run.engine, shape.parameters()
    tokens = run.batch.micro * run.batch.length
    attention = shape.heads * shape.head + 2 * shape.key_value_heads * shape.head + shape.heads * shape.head
    again = 0 if e.compile else 4 * shape.hidden + shape.feed_forward
    if shape.qk_norm:
        # Queries and keys as they were before their norms; eager layers keep them in fp32 too.
        again += (1 if e.compile else 3) * (shape.heads + shape.key_value_heads) * shape.head
    layer = 2 * tokens * (4 * shape.hidden + attention + 3 * shape.feed_forward + again)
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


def fitting(run: Run, shape: Shape, gpus: int, room: float) -> Run | None:
    """The run itself where it fits into ROOM of `room` bytes, else with the cheapest change that does; else None."""
    return next((way for way in _ways(run, gpus) if memory(way, shape, gpus).total <= ROOM * room), None)


def _ways(run: Run, gpus: int) -> Iterator[Run]:
    """The run, then others by what they cost: a smaller micro-batch, compiled layers, ZeRO 2, 3, recomputation."""
    e, b = run.engine, run.batch
    if e.zero > 1 or gpus < MANY:
        yield run
    micros = [m for m in (b.micro >> i for i in range(b.micro.bit_length())) if b.size % (m * gpus) == 0]
    for recompute in (e.recompute, True):
        for zero in (z for z in (1, 2, 3) if z >= max(e.zero, 2 if gpus >= MANY else 1)):
            for compiled in (e.compile, True) if zero < 3 else (False,):
                for micro in micros:
                    engine = replace(e, zero=zero, compile=compiled, recompute=recompute)
                    yield replace(run, engine=engine, batch=replace(b, micro=micro))


def host_bytes(run: Run, shape: Shape, gpus: int) -> int:
    """Bytes of host memory a rank for what is offloaded."""
    n = shape.parameters()
    offloaded = {"none": 0, "optimizer": 16 * n, "all": 18 * n}[run.engine.offload]
    return offloaded // gpus


def checkpoint_bytes(shape: Shape) -> int:
    """Bytes of one checkpoint: bf16 weights, fp32 master, two moments."""
    return 14 * shape.parameters()


def copy_bytes(shape: Shape, gpus: int, per_node: int) -> int:
    """Bytes of host memory a node for the copy of a checkpoint that is written in the background, on the first node."""
    return 12 * shape.parameters() * min(gpus, per_node) // gpus + 2 * shape.parameters()


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
