"""Memory and CPU time of the JVM and the Python workers below this process, sampled from /proc.

jobs/runtime/cpu.py asks the kernel once and is cheap enough for every run, but Spark's daemon ignores the signal of a
worker's end, and the time of a worker that has ended is then in no counter. Here every process is watched while it
lives, so at most one interval of it is missed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jobs.runtime.accounting import StageResult

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True)
class Process:
    """One process: command, parent, when it started (with the pid a unique name), CPU seconds, resident bytes."""

    pid: int
    command: str
    parent: int
    started: int
    cpu_seconds: float
    resident: int


class StageWatch:
    """A run's progress listener: per stage the CPU seconds and the highest resident bytes. Zeros without /proc."""

    def __init__(self, every_seconds: float = 0.5) -> None:
        self.stages: dict[str, dict[str, float]] = {}
        self._every = every_seconds
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._spent: dict[tuple[int, int], float] = {}
        self._began = 0.0
        self._peak = {"jvm": 0, "worker": 0}
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> StageWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def started(self, stage: str, number: int, of: int) -> None:
        print(f"[{number}/{of}] {stage}", flush=True)
        self._peak, self._began = {"jvm": 0, "worker": 0}, self.cpu_seconds()

    def finished(self, result: StageResult) -> None:
        cpu = self.cpu_seconds() - self._began
        self.stages[result.stage] = {"cpu": cpu, **self._peak}

    def cpu_seconds(self) -> float:
        """CPU seconds so far of this process and of everything that was ever seen below it."""
        with self._lock:
            for p in tree(os.getpid()):
                self._spent[p.pid, p.started] = p.cpu_seconds
                # Other names are children of the JVM just before they become another program: its own pages, again.
                kind = "jvm" if p.command == "java" else "worker" if p.command.startswith("python") else None
                if kind and p.pid != os.getpid():
                    self._peak[kind] = max(self._peak[kind], p.resident)
            return sum(self._spent.values())

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self.cpu_seconds()


def tree(root: int) -> list[Process]:
    """The process `root` and every one below it."""
    every = {p.pid: p for p in _processes()}
    below, grown = {root}, True
    while grown:
        more = {p.pid for p in every.values() if p.parent in below} - below
        below, grown = below | more, bool(more)
    return [every[pid] for pid in below if pid in every]


def _processes() -> Iterator[Process]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            head, _, rest = (entry / "stat").read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        fields = rest.split()
        cpu = (int(fields[11]) + int(fields[12])) / _TICKS
        command, resident = head.partition("(")[2], int(fields[21]) * _PAGE
        yield Process(int(entry.name), command, int(fields[1]), int(fields[19]), cpu, resident)
