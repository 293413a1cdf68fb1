"""What a run leaves open, chosen by its model, GPUs and their memory: batch.micro and engine.zero where they are 0, and
what follows of engine.compile, engine.loss_tokens and engine.recompute. What is stated stays. `plan` shows the choice
that `train` makes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from training.planning import MANY, ROOM, memory
from training.settings import Run
from training.shapes import Shape

MOST_TOKENS, LEAST_TOKENS = 32_768, 4096
"""Of a micro-batch: products gain nothing from more, and a card is not filled by less."""
_ON_A_CPU = 4
_FEW_LOGITS = 512
_ROWS = 4
"""Packed rows a sequence, about: a step has that many fewer sequences to deal out."""


@dataclass(frozen=True)
class Settled:
    """The run that is carried out, that which was asked for, and a line for each setting that was chosen."""

    run: Run
    asked: Run
    why: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For the run's record."""
        b, e = self.run.batch, self.run.engine
        kept = {f"engine.{name}": getattr(e, name) for name in ("zero", "compile", "loss_tokens", "recompute")}
        return {"batch.micro": b.micro, **kept, "why": list(self.why)}


def settled(run: Run, shape: Shape | None, gpus: int, room: float, stored: int = 0) -> Settled:
    """The run with nothing open. `room` are a GPU's bytes, 0 on a CPU; `stored` is the ZeRO stage of the checkpoint
    that it goes on from, which is kept where it fits. Where nothing fits the least is taken, and that is said.
    """
    if not room or shape is None:
        return _without_gpus(run, gpus, stored)
    ways = [way for open_ in _stages(run, gpus, stored) for way in _ways(run, gpus, open_)]
    limit = ROOM * room
    taken = next((way for way in ways if _needs(way, shape, gpus) <= limit), None)
    found = taken or min(ways, key=lambda way: _needs(way, shape, gpus))
    return Settled(found, run, tuple(_reasons(run, found, shape, gpus, room, stored)))


def _without_gpus(run: Run, gpus: int, stored: int) -> Settled:
    micro, zero, compiled = run.batch.micro, run.engine.zero, run.engine.compile
    why = ["engine.compile=false: layers stay eager on a CPU"] if compiled else []
    if not micro:
        micro = next((m for m in (_ON_A_CPU, 2) if run.batch.size % (m * gpus) == 0), 1)
        why.append(f"batch.micro={micro}: no GPU's memory to choose by")
    if not zero:
        zero = stored or 1
        why.append(f"engine.zero={zero}: {'as in its checkpoint' if stored else 'no GPU to choose by'}")
    engine = replace(run.engine, zero=zero, compile=False)
    return Settled(replace(run, batch=replace(run.batch, micro=micro), engine=engine), run, tuple(why))


def _stages(run: Run, gpus: int, stored: int) -> list[tuple[int, ...]]:
    """ZeRO stages to choose from, the better ones first."""
    e = run.engine
    if e.zero or e.offload == "all":
        return [(e.zero or 3,)]
    first: tuple[int, ...] = (2,) if gpus >= MANY else (1, 2)
    if stored in first:
        first = (stored, *(stage for stage in first if stage != stored))
    return [(3,), first] if stored == 3 else [first, (3,)]


def _ways(run: Run, gpus: int, stages: tuple[int, ...]) -> Iterator[Run]:
    """By what they cost: large micro-batches, small ones, fewer logits at once, activations made again."""
    e, b = run.engine, run.batch
    micros = [b.micro] if b.micro else list(_micros(run, gpus))
    filled = [m for m in micros if m * b.length >= LEAST_TOKENS]
    thrift = [e]
    if not b.micro:
        thrift += [fewer := replace(e, loss_tokens=min(e.loss_tokens, _FEW_LOGITS)), replace(fewer, recompute=True)]
    for engine in thrift:
        for some in (filled, micros):
            for zero in stages:
                for micro in some:
                    way = replace(engine, zero=zero, compile=e.compile and zero < 3)
                    yield replace(run, engine=way, batch=replace(b, micro=micro))


def _micros(run: Run, gpus: int) -> Iterator[int]:
    """Powers of two, the largest first, that divide the global batch: it stays, the accumulation makes up for it."""
    b = run.batch
    share = b.size // (_ROWS if run.data.packed else 1)
    for micro in (1 << n for n in reversed(range(1, MOST_TOKENS.bit_length()))):
        if micro * b.length <= MOST_TOKENS and micro * gpus <= share and b.size % (micro * gpus) == 0:
            yield micro
    yield 1


def _needs(run: Run, shape: Shape, gpus: int) -> int:
    return memory(run, shape, gpus).total


def _reasons(asked: Run, found: Run, shape: Shape, gpus: int, room: float, stored: int) -> Iterator[str]:
    """What was chosen and why, in bytes where it is they that decide."""
    e, b = found.engine, found.batch
    needs = _needs(found, shape, gpus)
    fits = f"{needs / 1e9:.1f} of {room / 1e9:.1f} GB"
    if not asked.batch.micro:
        twice = replace(found, batch=replace(b, micro=2 * b.micro))
        more = f"{2 * b.micro} would need {_needs(twice, shape, gpus) / 1e9:.1f}"
        larger = 2 * b.micro in _micros(asked, gpus)
        yield f"batch.micro={b.micro}: {fits}; {more if larger else 'a larger one is of no use'}"
    if not asked.engine.zero:
        yield f"engine.zero={e.zero}: {_stage(found, shape, gpus, room, stored)}"
    if asked.engine.compile and not e.compile:
        yield "engine.compile=false: at ZeRO 3 the gathering hooks break every graph"
    if e.loss_tokens != asked.engine.loss_tokens:
        yield f"engine.loss_tokens={e.loss_tokens}: it does not fit with {asked.engine.loss_tokens}"
    if e.recompute and not asked.engine.recompute:
        yield "engine.recompute=true: it does not fit without"
    if needs > ROOM * room:
        yield f"too much: {fits}, with {1 - ROOM:.0%} to be left free; take more GPUs, or engine.offload"


def _stage(found: Run, shape: Shape, gpus: int, room: float, stored: int) -> str:
    zero = found.engine.zero
    if zero == stored:
        return "as in its checkpoint"
    if zero == 1:
        return f"fewer than {MANY} GPUs, and it fits"
    if zero == 2 and gpus >= MANY:
        return f"from {MANY} GPUs on gradients are better exchanged behind the backward pass"
    if found.engine.offload == "all":
        return "what offloading parameters needs"
    less = replace(found, engine=replace(found.engine, zero=zero - 1))
    return f"stage {zero - 1} would need {_needs(less, shape, gpus) / 1e9:.1f} GB"
