"""The training loop: read, step, see, save. What happens at a step is decided alike on every rank."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from training.by_source import BySource
from training.checkpoint import saving
from training.checkpoint.saves import Saves
from training.data.feed import Feed
from training.data.prefetch import Prefetch
from training.engine import distributed as ranks
from training.engine.engine import Engine, Step
from training.evaluation.in_loop import HeldOut
from training.evaluation.solving import Solving
from training.metrics import Log, Since, memory, mfu, peak_flops
from training.schedule import Schedule
from training.settings import Run
from training.shapes import shape_of
from training.spikes import Watch
from training.watchdog import Watchdog

_BYTES_A_PARAMETER = 14
"""Of a checkpoint: bf16 weights, fp32 master, two moments."""


class Stop:
    """SIGTERM and SIGINT become a wish, which the loop takes up at the end of a step on all ranks."""

    def __init__(self) -> None:
        self.wanted: str | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            self._before[number] = signal.signal(number, self._note)
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.wanted = signal.Signals(number).name

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


@dataclass
class Loop:
    """A run from step `first` to `last` (exclusive). `base` is what every checkpoint's state holds beside its own,
    `stored` the state of the checkpoint that it goes on from, if that is its own.
    """

    run: Run
    engine: Engine
    feed: Feed
    schedule: Schedule
    folder: Path
    first: int
    last: int
    log: Log
    base: dict[str, Any]
    stored: dict[str, Any]
    progress: Callable[[dict[str, Any]], None] = lambda _: None
    held_out: HeldOut | None = None
    sets: dict[str, HeldOut] = field(default_factory=dict)
    solving: Solving | None = None
    _saved_at: float = field(default_factory=time.monotonic)
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.watch = Watch(self.run.spikes, **self.stored.get("watch", {}))
        self.tokens: int = self.stored.get("tokens", 0)
        self.skipped: int = self.stored.get("skipped", 0)
        self.losses = Since("loss")
        self.saves = Saves(self.checkpoints, self.run.saving.background, self.log.event)
        self.by_source = BySource(self.feed.names, self.engine.device)
        self.done = self.first

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    def carry_out(self) -> str:
        """Returns finished, or why the run was stopped after saving: a signal's name, or time limit."""
        rank, world = ranks.rank(), ranks.world()
        self._parameters = sum(getattr(p, "ds_numel", p.numel()) for p in self.engine.lm.parameters())
        self._shape, self._peak = shape_of(self.engine.lm.config), peak_flops(self.engine.device)
        batches = Prefetch(lambda step: self.feed.batches(step, rank, world), self.first, self.last)
        dog = Watchdog(self.run.seeing.hang_minutes, self.folder, rank)
        with dog, Stop() as stop, batches, self.saves:
            why = None
            for step in range(self.first, self.last):
                dog.heard(step)
                waited, began = batches.waited, time.monotonic()
                # Whatever draws at random in a step draws by the step's number: a resume needs no generator's state.
                torch.manual_seed(self.run.data.seed * 1_000_003 + step * 1009 + rank)
                done = self.engine.step(next(batches), self.schedule.rate(step), self.watch.refuse, self.by_source.note)
                seconds = time.monotonic() - began
                self._note(step, done, seconds, batches.waited - waited, self._evaluated(step + 1))
                self.done = step + 1
                why = self._stop_or_save(self.done, stop)
                if why:
                    break
            self.saves.finish()
        return why or "finished"

    def _evaluated(self, done: int) -> dict[str, Any]:
        """What the log says of the held-out rows after `done` steps, where it is time to look at them."""
        every = self.run.evaluate.every
        if (self.held_out is None and self.solving is None) or (done % every and done != self.last):
            return {}
        began = time.monotonic()
        found = self._on_held_out()
        if self.solving:
            found["pass_at_1"], rows = self.solving.solved(self.engine)
            self.log.event("solved", done - 1, rows=rows)
        return {**found, "evaluation_seconds": time.monotonic() - began}

    def _on_held_out(self) -> dict[str, Any]:
        if self.held_out is None:
            return {}
        measured, chat = self.held_out.measured(self.engine), self.held_out.chat
        found: dict[str, Any] = {"held_out_loss": measured} if chat else {}
        found["held_out_bits_per_byte"] = self.held_out.bits(measured) if chat else measured
        if self.sets:
            sets = {name: held.measured(self.engine) for name, held in self.sets.items()}
            found["held_out_sets"] = {name: self.sets[name].bits(v) if chat else v for name, v in sets.items()}
        return found

    def _note(self, step: int, done: Step, seconds: float, waited: float, evaluated: dict[str, Any]) -> None:
        self.tokens += done.tokens
        if done.skipped:
            self.skipped += 1
            rows = self._rows(step) if ranks.rank() == 0 else []
            self.log.event("skipped", step, why=done.skipped, loss=done.loss, rows=rows)
        self.losses.note(done.loss)
        self.by_source.keep(done.loss)
        self.watch.note(done.loss, done.skipped)
        logged = (step + 1) % self.run.seeing.steps == 0 or step + 1 in (self.last, self.first + 1)
        if not (logged or evaluated):
            return
        row = {
            "step": step,
            "last": self.last,
            "loss": done.loss,
            **self.losses.taken(),
            "rate": done.rate,
            "norm": done.norm,
            **({} if done.z_loss is None else {"z_loss": done.z_loss}),
            "tokens": self.tokens,
            "step_tokens": done.tokens,
            "seconds": seconds,
            "tokens_per_second": done.places / seconds,
            **mfu(self._shape, self.run.batch.length, done.places / seconds, self._peak, ranks.world()),
            "memory_bytes": memory(self.engine.device),
            "data_wait": waited / seconds,
            "skipped": self.skipped,
            "mixture": self.feed.realised(step + 1),
            "by_source": self.by_source.taken(),
            **evaluated,
        }
        self.log.step(row)
        self.progress(row)

    def _rows(self, step: int) -> list[list[Any]]:
        """(content id, chunk) of every row of a step."""
        pieces = [piece for sequence in self.feed.pieces(step) for piece in sequence]
        return sorted({(piece.content_id, piece.chunk): [piece.content_id, piece.chunk] for piece in pieces}.values())

    def _stop_or_save(self, done: int, stop: Stop) -> str | None:
        """After `done` steps: agree with the other ranks on saving and stopping."""
        s, now = self.run.saving, time.monotonic()
        limit = bool(s.limit_minutes) and now - self._began > s.limit_minutes * 60
        due = bool(s.minutes) and now - self._saved_at > s.minutes * 60
        names = {"SIGTERM": 1, "SIGINT": 2, "SIGUSR1": 3}
        signalled, limit_any, due_any, failed_any = ranks.largest(
            [names.get(stop.wanted or "", 0), float(limit), float(due), float(self.saves.failed)], self.engine.device
        )
        if failed_any:
            self.saves.finish()
        marks = self._marks(done)
        why = next((name for name, code in names.items() if code == signalled), None)
        why = why or ("time limit" if limit_any else None)
        if why or due_any or marks or (done == self.last and s.last) or (s.steps and done % s.steps == 0):
            self.save(done, marks)
        return why if done < self.last else None

    def _marks(self, done: int) -> list[str]:
        """Why a checkpoint of this step stays for ever."""
        marks: list[str] = []
        if done == self.last and not self.run.saving.last:
            return marks
        if self.run.phase == "pretrain" and done == self.last:
            marks.append("end of the stable phase")
        if self.run.phase == "sft" and done % self.feed.steps_an_epoch == 0:
            marks.append(f"end of epoch {done // self.feed.steps_an_epoch}")
        if self.run.saving.forever and done % self.run.saving.forever == 0:
            marks.append("kept by saving.forever")
        return marks

    def save(self, step: int, marks: list[str]) -> None:
        """A checkpoint of the state after `step` optimizer steps."""
        state = {
            **self.base,
            "step": step,
            "phase": self.run.phase,
            "run": self.run.as_dict(),
            "feed": self.feed.state(step),
            "layout": saving.layout(self.run, self.engine.dtype),
            "watch": self.watch.state(),
            "tokens": self.tokens,
            "skipped": self.skipped,
            "marks": marks,
        }
        self.saves.begin(self.engine, step, state, self._parameters * _BYTES_A_PARAMETER)
        self._saved_at = time.monotonic()
