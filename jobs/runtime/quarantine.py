"""A measure or reader whose worker died is done again with each batch in a child process; what kills it is set aside.

See docs/decisions/quarantine.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.runtime.frames import align
from jobs.runtime.tables import Lake
from schemas.contract import Table
from udfs.spark.batches import guarded
from udfs.spark.guard import FAILURE, KILLED, Guard, Limits, UnitGuard

LIMITS = Limits()
UNIT_LIMITS = Limits(seconds=1500, memory=4 << 30)
"""A unit may be a large archive or a repository to clone; Spark ends a worker that gives nothing for half an hour."""
_DIED = (
    "Python worker exited unexpectedly",
    "ExecutorLostFailure",
    "Python worker process terminated",
    "ClosedSelectorException",
)
"""What Spark says of a worker that is gone: by itself, with its executor, stopped because nothing came of it, or let go
while another one of the same task still read from it.
"""
_GUARDED_TRIES = 2
"""No text ends a guarded worker: what does is the machine's affair, and may be over."""


def append_measured(
    lake: Lake,
    table: Table,
    measured: Callable[[], DataFrame],
    kernel_version: str,
    metadata: Mapping[str, Any],
    limits: Limits = LIMITS,
    where: str | None = None,
) -> dict[str, int]:
    """Append the rows that `measured()` gives, or put them in the place of those of a condition that they meet; where a
    worker dies of them, those of the texts that do not kill it.

    Returns {reason: rows set aside}. A text set aside has a row with `failure`, so this kernel version does not try it
    again. Raises what the kernels raise.
    """

    write = lake.append if where is None else partial(lake.put, where=where)
    given = {"kernel_version": kernel_version}
    if "run_id" in table.volatile:
        given["run_id"] = metadata.get("run_id")

    def rows() -> DataFrame:
        return align(table, _with_failure(table, measured()).withColumns({n: F.lit(v) for n, v in given.items()}))

    try:
        write(table, rows(), metadata=metadata)
        return {}
    except Exception as error:
        # A table that cannot hold a failure has nowhere to set a text aside.
        if FAILURE not in table.names or not worker_died(error):
            raise
    guard = _guard(table, kernel_version, limits)
    with guarded(guard):
        found = rows()
    found = _staged(lake, found, str(metadata["run_id"]), f"{table.name}.guarded")
    lost = found.where(F.col(FAILURE).startswith(KILLED)).count()
    write(table, found, metadata=metadata)
    return {KILLED: lost} if lost else {}


def _guard(table: Table, kernel_version: str, limits: Limits) -> Guard:
    return Guard(
        f"{table.name} at kernel {kernel_version}",
        frozenset(table.names),
        frozenset(table.key),
        frozenset(c.name for c in table.columns if not c.nullable),
        limits,
    )


def stage_units(lake: Lake, read: Callable[[], DataFrame], run_id: str, name: str, reader: str) -> DataFrame:
    """Set the rows aside that readers give; where a worker dies of a unit, it is refused and the others are read."""
    try:
        return lake.stage(read(), run_id, name)
    except Exception as error:
        if not worker_died(error):
            raise
    with guarded(UnitGuard(reader, frozenset(), frozenset(("source_id", "unit")), frozenset(), UNIT_LIMITS)):
        found = read()
    return _staged(lake, found, run_id, name)


def stage_counted(
    lake: Lake, rows: Callable[[], DataFrame], guard: Guard, run_id: str, name: str, seen: Mapping[str, Column]
) -> tuple[DataFrame, dict[str, int]]:
    """Lake.stage_counted of the rows of a kernel; where a worker dies of them, with each batch in a child process."""
    try:
        return lake.stage_counted(rows(), run_id, name, seen)
    except Exception as error:
        if not worker_died(error):
            raise
    with guarded(guard):
        found = rows()
    return lake.stage_counted(_staged(lake, found, run_id, f"{name}.guarded"), run_id, name, seen)


def _staged(lake: Lake, rows: DataFrame, run_id: str, name: str) -> DataFrame:
    for left in reversed(range(_GUARDED_TRIES)):
        try:
            return lake.stage(rows, run_id, name)
        except Exception as error:
            if not left or not worker_died(error):
                raise
    raise AssertionError("the last try returns or raises")


def worker_died(error: BaseException | None) -> bool:
    """Whether Spark failed for want of a worker, and not because a kernel raised."""
    return error is not None and (any(said in str(error) for said in _DIED) or worker_died(error.__cause__))


def _with_failure(table: Table, rows: DataFrame) -> DataFrame:
    """A kernel that never fails by itself knows nothing of the column."""
    if FAILURE in rows.columns or FAILURE not in table.names:
        return rows
    return rows.withColumn(FAILURE, F.lit(None).cast("string"))
