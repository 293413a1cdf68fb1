"""What a step is worth: tokens per second, MFU by both formulas, memory; JSON lines always, trackers if asked.

full    (6 N + 12 L d s) x tokens/s / peak     N without the input embedding; no discount for the causal mask
causal  (6 N +  6 L d s) x tokens/s / peak
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch

from training.settings import Seeing
from training.shapes import Shape
from training.trackers import Trackers

PEAK_FLOPS = {"H100": 989.4e12, "H800": 989.4e12, "H200": 989.4e12, "A100": 312e12, "A800": 312e12, "B200": 2250e12}
"""Dense bf16 FLOP/s of the SXM parts by the makers' data sheets."""


def peak_flops(device: torch.device) -> float | None:
    """Dense bf16 peak of the device, None where it is not known (a CPU)."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((peak for known, peak in PEAK_FLOPS.items() if known in name), None)


def mfu(shape: Shape, length: int, tokens_per_second: float, peak: float | None, ranks: int) -> dict[str, float | None]:
    """Both shares of the peak, None without one; `tokens_per_second` is of all ranks together."""
    if peak is None:
        return {"mfu_full": None, "mfu_causal": None}
    rate = tokens_per_second / (peak * ranks)
    return {
        "mfu_full": rate * shape.flops_per_token(length),
        "mfu_causal": rate * shape.flops_per_token(length, causal=True),
    }


def memory(device: torch.device) -> float:
    """Peak bytes so far: of the GPU, else resident of this process."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device))
    import resource

    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


class Since:
    """A number of each step since the last logged line: mean, least, most. What is not finite is left out."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._held: list[float] = []

    def note(self, value: float) -> None:
        if math.isfinite(value):
            self._held.append(value)

    def taken(self) -> dict[str, float | None]:
        """The three, as the log names them; begins anew."""
        held, self._held = self._held, []
        if not held:
            return dict.fromkeys(f"{self.name}_{what}" for what in ("mean", "least", "most"))
        return {
            f"{self.name}_mean": math.fsum(held) / len(held),
            f"{self.name}_least": min(held),
            f"{self.name}_most": max(held),
        }


class Log:
    """log.jsonl (a line a logged step) and events.jsonl (saves, skips, resumes) of rank 0, and its trackers."""

    def __init__(self, folder: Path, seeing: Seeing, name: str, writes: bool) -> None:
        self.writes = writes
        self._steps, self._events = folder / "log.jsonl", folder / "events.jsonl"
        self._trackers = Trackers(folder, seeing if writes else Seeing(), name)

    def step(self, row: dict[str, Any]) -> None:
        """One logged step."""
        if self.writes:
            _append(self._steps, row)
            self._trackers.step(row)

    def event(self, what: str, step: int, **facts: Any) -> None:
        """Something that happened before the optimizer step with this number."""
        if self.writes:
            _append(self._events, {"event": what, "step": step, **facts})

    def close(self) -> None:
        self._trackers.close()


def _append(file: Path, row: dict[str, Any]) -> None:
    clean = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
    try:
        with file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps(clean) + "\n")
    except OSError as error:
        raise OSError(
            f"{file}: expected to write a line of the run's log, found {error}; free some space: checkpoints are whole"
        ) from error
