"""Units dealt to tasks by their size: an ingest lasts as long as its longest task."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

ASKED_AT_ONCE = 16
"""Asking for a state or a size is waiting, for a disk or for a server; Spark's own tasks do it one by one."""
_TRIED = 64
"""Numbers tried for each task: how likely none of them is hashed to a task is e to the power of -64."""


def spread_by_size(
    spark: SparkSession, units: list[dict[str, Any]], tasks: int, size: Callable[[dict[str, Any]], int]
) -> DataFrame:
    """Rows of the units, texts all, in as many partitions, of about the same number of bytes each."""
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        sizes = list(pool.map(size, units))
    key_of = _keys(spark, tasks)
    keys = [key_of[task] for task in dealt(sizes, tasks)]
    names = list(units[0])
    columns = [pa.array([unit[name] for unit in units], pa.string()) for name in names]
    rows = pa.Table.from_arrays([*columns, pa.array(keys, pa.int64())], [*names, "task"])
    return spark.createDataFrame(rows).repartition(tasks, "task").drop("task")


def dealt(sizes: Sequence[int], tasks: int) -> list[int]:
    """The task of each unit: the largest first, each to the task that has least. One of unknown size, 0, counts as the
    average of those that are known.
    """
    known = [size for size in sizes if size]
    usual = sum(known) // len(known) if known else 1
    weights = [size or usual for size in sizes]
    load = [(0, task) for task in range(tasks)]
    found = [0] * len(sizes)
    for unit in sorted(range(len(sizes)), key=lambda unit: (-weights[unit], unit)):
        least, task = heapq.heappop(load)
        found[unit] = task
        heapq.heappush(load, (least + weights[unit], task))
    return found


def _keys(spark: SparkSession, tasks: int) -> dict[int, int]:
    """For each partition a number that Spark's hash partitioning puts there."""
    numbers = spark.range(_TRIED * tasks).selectExpr("id", f"cast(pmod(hash(id), {tasks}) as int) as task")
    return {row["task"]: row["id"] for row in numbers.collect()}
