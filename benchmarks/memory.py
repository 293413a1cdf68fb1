"""Peak resident memory of the JVM and of the largest Python worker below this process, sampled from /proc."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from jobs.runtime.accounting import StageResult

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class StageMemory:
    """A run's progress listener: per stage, the highest resident bytes seen. Zeros where /proc is missing."""

    def __init__(self, every_seconds: float = 0.5) -> None:
        self.peaks: dict[str, dict[str, int]] = {}
        self._every = every_seconds
        self._stop = threading.Event()
        self._now = {"jvm": 0, "worker": 0}
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> StageMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def started(self, stage: str, number: int, of: int) -> None:
        self._now = {"jvm": 0, "worker": 0}
        print(f"[{number}/{of}] {stage}", flush=True)

    def finished(self, result: StageResult) -> None:
        self._look()
        self.peaks[result.stage] = dict(self._now)

    def _watch(self) -> None:
        while not self._stop.wait(self._every):
            self._look()

    def _look(self) -> None:
        now = self._now
        for name, size in resident(os.getpid()):
            kind = "jvm" if name == "java" else "worker"
            now[kind] = max(now[kind], size)


def resident(root: int) -> list[tuple[str, int]]:
    """(command, resident bytes) of every process below `root`, itself left out."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            head, _, rest = (entry / "stat").read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(entry.name)] = (int(rest.split()[1]), head.partition("(")[2])
    below, grown = {root}, True
    while grown:
        more = {pid for pid, (parent, _) in parents.items() if parent in below} - below
        below, grown = below | more, bool(more)
    found = []
    for pid in below - {root}:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (FileNotFoundError, ProcessLookupError, IndexError):
            continue
        found.append((parents[pid][1], pages * _PAGE))
    return found
