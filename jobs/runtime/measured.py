"""What a measure table lacks, and what it holds that nobody asks for any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.frames import OP
from jobs.runtime.keys import FEW_KEYS
from jobs.runtime.stage import Measure

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


def forget(run: Run, stage: Measure, work: DataFrame, counts: dict[str, int], metadata: dict[str, Any]) -> int:
    """Delete what nothing asks for and what kernels long out of force left. Returns the keys concerned."""
    unasked, outdated = counts.get(UNASKED, 0), counts.get(OUTDATED, 0)
    key = join_key(stage, work)
    if unasked:
        run.lake.delete(
            stage.writes, work.where(F.col(OP) == UNASKED).select(*key).distinct(), metadata, unasked <= FEW_KEYS
        )
    if outdated:
        old = run.lake.read(stage.writes).where(~F.col("kernel_version").isin(_kept(run, stage)))
        old = old.select("kernel_version").distinct()
        run.lake.delete(stage.writes, old, metadata, few=True)
    return unasked + outdated


def _kept(run: Run, stage: Measure) -> list[str]:
    return [stage.kernel_version(run.params_of(stage)), *run.kernels.get(stage.name, [])[:KEPT_KERNELS]]


def join_key(stage: Measure, required: DataFrame) -> list[str]:
    """Key columns of the measure table that its requirement names: all but the kernel, and but parts of a unit."""
    return [k for k in stage.writes.key if k in required.columns]
