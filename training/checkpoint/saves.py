"""The checkpoints of a run, one after the other: the next waits for the former, and the run's end for the last."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.checkpoint import saving
from training.checkpoint.background import Writing
from training.engine.engine import Engine


class Saves:
    """Entered around a run. `event` writes a line of the run's events once a checkpoint is there."""

    def __init__(self, folder: Path, background: bool, event: Callable[..., None]) -> None:
        self._folder, self._background, self._event = folder, background, event
        self._writing: Writing | None = None
        self._held = 0.0

    @property
    def failed(self) -> bool:
        """Whether the checkpoint that is being written cannot be, on this rank: then all are to call `finish`."""
        return self._writing is not None and self._writing.error is not None

    def begin(self, engine: Engine, step: int, state: dict[str, Any], expected: int) -> None:
        """On all ranks. Raises OSError, for the checkpoint before this one too."""
        began = time.monotonic()
        self.finish()
        self._writing = saving.begin(engine, self._folder, step, state, expected, self._background)
        if not self._background:
            self._writing.finish()
        self._held = time.monotonic() - began

    def finish(self) -> None:
        """Wait for the checkpoint that is being written, on all ranks. Raises OSError where it cannot be."""
        if self._writing is not None:
            self._writing.finish()
            self._say()

    def _say(self) -> None:
        """Once: `seconds` until it was there, `held_seconds` of them without training."""
        done, self._writing = self._writing, None
        if done is not None and done.seconds is not None:
            facts = {"folder": done.final.name, "seconds": done.seconds, "held_seconds": self._held}
            self._event("saved", done.step, **facts, marks=done.state["marks"])

    def __enter__(self) -> Saves:
        return self

    def __exit__(self, *_: object) -> None:
        """A run that fails leaves the checkpoint that it had begun, where all ranks come to write theirs."""
        if self._writing is not None:
            self._writing.abandon()
            self._say()
