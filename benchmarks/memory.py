"""Memory and CPU time by stage, of the JVM and the Python workers below this process."""

from __future__ import annotations

import os

from jobs.runtime.accounting import StageResult
from jobs.runtime.cpu import CpuWatch, Process


class StageWatch(CpuWatch):
    """A run's progress listener: per stage the CPU seconds and the highest resident bytes. Zeros without /proc."""

    def __init__(self) -> None:
        self.stages: dict[str, dict[str, float]] = {}
        self._began = 0.0
        self._peak = {"jvm": 0, "worker": 0}
        super().__init__()

    def started(self, stage: str, number: int, of: int) -> None:
        print(f"[{number}/{of}] {stage}", flush=True)
        self._peak, self._began = {"jvm": 0, "worker": 0}, self.cpu_seconds()

    def finished(self, result: StageResult) -> None:
        cpu = self.cpu_seconds() - self._began
        self.stages[result.stage] = {"cpu": cpu, **self._peak}

    def seen(self, process: Process) -> None:
        # Other names are children of the JVM just before they become another program: its own pages, again.
        kind = "jvm" if process.command == "java" else "worker" if process.command.startswith("python") else None
        if kind and process.pid != os.getpid():
            self._peak[kind] = max(self._peak[kind], process.resident)
