"""CPU time of a cluster's executors, from Spark's REST interface on the driver.

Spark counts the thread that carries out a task (`executorCpuTime`). The Python workers beside it are in no counter of
Spark's, so on a cluster the time of our kernels is missing. Stages are told apart by number and attempt and kept, since
Spark itself forgets all but the newest thousand.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.request import urlopen

SECONDS = 10
"""How long the interface may take to answer; it is not asked again after it did not."""


@dataclass
class Executors:
    """CPU seconds so far of all tasks of an application, by the address of its stages. None after it did not answer."""

    stages: str
    spent: dict[tuple[int, int], int] = field(default_factory=dict)
    silent: bool = False

    def cpu_seconds(self) -> float | None:
        if not self.silent:
            try:
                with urlopen(self.stages, timeout=SECONDS) as answer:
                    self._count(json.load(answer))
            except (OSError, ValueError, KeyError, TypeError):  # no server, one that asks who we are, or another page
                self.silent = True
        return None if self.silent else sum(self.spent.values()) / 1e9

    def _count(self, stages: list[dict[str, Any]]) -> None:
        for stage in stages:
            self.spent[stage["stageId"], stage["attemptId"]] = stage["executorCpuTime"]


def executors(spark: Any) -> Callable[[], float | None] | None:
    """What counts the CPU seconds of a session's executors: none of them where they run below this process.

    None where they cannot be asked: through Spark Connect, or where the cluster has no web interface.
    """
    try:
        context = spark.sparkContext
        if context.master.startswith("local"):
            return lambda: 0.0
        address, application = context.uiWebUrl, context.applicationId
    except Exception:  # Connect has no context, and each Spark its own way to say so
        return None
    return _of(f"{address}/api/v1/applications/{application}/stages").cpu_seconds if address else None


@cache
def _of(stages: str) -> Executors:
    return Executors(stages)
