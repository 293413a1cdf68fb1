"""What must be written to bring a table to a candidate, found in one pass with all that the gate asks about keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime import accounting, quality
from jobs.runtime.frames import OP, differing, no_key, paired
from jobs.runtime.quality import CheckResult
from schemas.contract import Table

if TYPE_CHECKING:
    from jobs.runtime.runner import Run

_OPS = ("insert", "update", "delete")


def compared(
    run: Run, table: Table, candidate: DataFrame, stored: DataFrame | None
) -> tuple[DataFrame, dict[str, int], CheckResult]:
    """(rows to be written with `_op`, how many by operation, the check of the key).

    A table that was only just created (`stored` is None) has nothing to compare with: its candidate is the change.
    """
    if stored is None:
        counted = accounting.counts_of(table)
        distinct = F.count_distinct(*table.key)
        facts = [counted["rows"].alias("rows"), counted["no_key"].alias("no_key"), distinct.alias("keys")]
        found = candidate.agg(*facts).collect()[0]
        check = quality.check_key(table, found["rows"], found["keys"], found["no_key"], 0)
        counts = {"insert": found["rows"], "update": 0, "delete": 0}
        return candidate.withColumn(OP, F.lit("insert")), counts, check
    pairs = paired(table, candidate, stored)
    seen = {
        "rows": F.sum("_new"),
        "keys": F.count_if(F.col("_new") > 0),
        "no_key": F.count_if(no_key(table, "_row.") & (F.col("_new") > 0)),
        "stored_twice": F.count_if(F.col("_old") > 1),
        **{op: F.count_if(F.col(OP) == op) for op in _OPS},
    }
    name = f"{table.name}.changes"
    changed, found = run.lake.stage_counted(pairs, run.run_id, name, seen, lambda rows: differing(table, rows))
    check = quality.check_key(table, found["rows"], found["keys"], found["no_key"], found["stored_twice"])
    return changed, {op: found[op] for op in _OPS}, check
