"""CPU time of this process and of everything below it: the JVM and its Python workers, where they run on this machine.

Spark's daemon ignores the signal of a worker's end, and the time of a worker that has ended is then in no counter. So
every process is watched while it lives; at most one interval of it is missed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jobs.runtime.executors import executors

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
    """CPU seconds so far of this session's processes and of all ever seen below them. 0 where /proc is missing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[tuple[int, int], float] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def cpu_seconds(self) -> float:
        with self._lock:
            for p in tree(_root()):
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


def _root() -> int:
    """This process, or the JVM above it where spark-submit has started the JVM first."""
    return os.getppid() if "PYSPARK_GATEWAY_PORT" in os.environ else os.getpid()


def stopwatch(spark: Any) -> Callable[[], float | None]:
    """CPU seconds since now, when it is called; None where what a session spends cannot be seen from here.

    On one machine, where no session is given or a local one, all of it is below this process; on a cluster the
    executors are asked for as well (executors.py).
    """
    far = executors(spark) if spark is not None else lambda: 0.0
    if far is None:
        return lambda: None
    before, before_far = watch().cpu_seconds(), far()

    def since() -> float | None:
        there = far()
        known = there is not None and before_far is not None
        return watch().cpu_seconds() - before + there - before_far if known else None

    return since


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
