"""What a measure table lacks, and what it holds that nobody asks for any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.frames import OP
from jobs.runtime.keys import FEW_KEYS, one_of
from jobs.runtime.stage import Measure
from schemas.contract import quote

if TYPE_CHECKING:
    from jobs.runtime.narrowing import Work
    from jobs.runtime.runner import Run

MISSING, UNASKED, OUTDATED = "missing", "unasked", "outdated"
KEPT_KERNELS = 3
"""Rows of a kernel out of force stay while one of this many last runs of its stage used it: a setting tried and taken
back costs nothing."""


def difference(work: Work, required: DataFrame, kernel: str) -> tuple[DataFrame, dict[str, int]]:
    """(required rows and `_op`, rows by `_op`): keys to be measured, keys that nothing requires, keys with rows of
    kernels long out of force. A key may be missing and outdated at once and is then both.
    """
    run, stage = work.run, work.stage
    key = join_key(stage, required)
    if run.lake.version(stage.writes.name) == 0:
        todo = required.withColumn(OP, F.lit(MISSING))
    else:
        held = (
            work.within(run.narrow(stage.writes)).groupBy(*key).agg(F.collect_set("kernel_version").alias("_kernels"))
        )
        both = required.withColumn("_asked", F.lit(True)).join(held, key, "full_outer")
        kept = F.array(*map(F.lit, _kept(run, stage)))
        asked, kernels = F.col("_asked").isNotNull(), F.coalesce("_kernels", F.array().cast("array<string>"))
        missing = F.when(asked & ~F.array_contains(kernels, kernel), MISSING)
        old = F.when(~asked, UNASKED).when(F.size(F.array_except(kernels, kept)) > 0, OUTDATED)
        found = both.withColumn(OP, F.explode(F.array_compact(F.array(missing, old))))
        todo = found.select(*required.columns, OP)
    seen = {op: F.count_if(F.col(OP) == op) for op in (MISSING, UNASKED, OUTDATED)}
    return run.lake.stage_counted(todo, run.run_id, f"{stage.name}.todo", seen)


def place_of(stage: Measure, work: DataFrame, counts: dict[str, int], kernel: str) -> str | None:
    """What the missing rows are put in the place of, as a condition: the rows that nothing asks for. One commit then
    does both. None where there are none of either, or too many to be named.
    """
    if not all(0 < counts.get(op, 0) <= FEW_KEYS for op in (MISSING, UNASKED)):
        return None
    key = join_key(stage, work)
    held = work.select(OP, *key).toArrow()
    missing, unasked = (one_of(held.filter(pc.equal(held[OP], op)).select(key)) for op in (MISSING, UNASKED))
    return f"{unasked} OR (kernel_version = {quote(kernel)} AND {missing})"


def forget(
    run: Run, stage: Measure, work: DataFrame, counts: dict[str, int], metadata: dict[str, Any], unasked: bool
) -> int:
    """Delete what kernels long out of force left and, where it is to go now, what is `unasked` for. Returns the keys
    concerned, in any case.
    """
    outdated, number = counts.get(OUTDATED, 0), counts.get(UNASKED, 0)
    if number and unasked:
        keys = work.where(F.col(OP) == UNASKED).select(*join_key(stage, work)).distinct()
        run.lake.delete(stage.writes, keys, metadata, number <= FEW_KEYS)
    if outdated:
        old = run.narrow(stage.writes).where(~F.col("kernel_version").isin(_kept(run, stage)))
        run.lake.delete(stage.writes, old.select("kernel_version").distinct(), metadata, few=True)
    return number + outdated


def _kept(run: Run, stage: Measure) -> list[str]:
    return [stage.kernel_version(run.params_of(stage)), *run.kernels.get(stage.name, [])[:KEPT_KERNELS]]


def join_key(stage: Measure, required: DataFrame) -> list[str]:
    """Key columns of the measure table that its requirement names: all but the kernel, and but parts of a unit."""
    return [k for k in stage.writes.key if k in required.columns]
