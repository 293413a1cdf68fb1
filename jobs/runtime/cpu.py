"""CPU time of this process and of everything below it: the JVM and its Python workers, where they run on this machine.

Spark's daemon ignores the signal of a worker's end, and the time of a worker that has ended is then in no counter. So
every process is watched while it lives; at most one interval of it is missed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class Process:
    """One process: command, parent, when it started (with the pid a unique name), CPU seconds, resident bytes."""

    pid: int
    command: str
    parent: int
    started: int
    cpu_seconds: float
    resident: int


class CpuWatch:
    """CPU seconds so far of this process and of everything that was ever seen below it. 0 where /proc is missing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[tuple[int, int], float] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def cpu_seconds(self) -> float:
        with self._lock:
            for p in tree(os.getpid()):
                self._spent[p.pid, p.started] = p.cpu_seconds
                self.seen(p)
            return sum(self._spent.values())

    def seen(self, process: Process) -> None:
        """Called for every process of every sample."""

    def _watch(self) -> None:
        pause = threading.Event()
        while not pause.wait(EVERY_SECONDS):
            self.cpu_seconds()


@cache
def watch() -> CpuWatch:
    """The one watch of this process."""
    return CpuWatch()


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
