"""Repeat a step until the rows no longer change."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.tables import Lake

FEW_ROWS = 100_000
"""Up to this many rows the driver finds the fixpoint by itself: a round in Spark costs more than they do."""


def fixpoint(lake: Lake, run_id: str, stage: str) -> Callable[..., DataFrame]:
    """`(step, rows, at_once)`: repeat a step until the set of rows no longer changes, each round materialised. Where
    `at_once` says how to get there from a few rows in memory, it does.

    Compares row counts and the sum of row hashes, two numbers a round. Raises AssertionError after 100 rounds, which
    no graph of fewer than 2^50 nodes needs.
    """

    def repeated(
        step: Callable[[DataFrame], DataFrame],
        rows: DataFrame,
        at_once: Callable[[pa.Table], pa.Table] | None = None,
    ) -> DataFrame:
        counted = {"rows": F.count(F.lit(1))}
        rows, counts = lake.stage_counted(rows, run_id, f"{stage}.round0", counted)
        if at_once and counts["rows"] <= FEW_ROWS:
            return lake.spark.createDataFrame(at_once(rows.toArrow()))
        before = None
        for number in range(1, 100):
            digest = F.sum(F.xxhash64(*rows.columns).cast("decimal(38,0)"))
            now = tuple(rows.agg(F.count(F.lit(1)), digest).collect()[0])
            if now == before:
                return rows
            rows, before = lake.stage(step(rows), run_id, f"{stage}.round{number}"), now
        raise AssertionError(f"{stage}: no fixpoint after 100 rounds")

    return repeated
