"""What must be written to bring a table to a candidate, found in one pass with all that the gate asks about keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.runtime import accounting, quality
from jobs.runtime.frames import BEFORE, OP, differing, no_key, paired
from jobs.runtime.keys import FEW_KEYS
from jobs.runtime.quality import CheckResult
from schemas.contract import Table

if TYPE_CHECKING:
    from jobs.runtime.runner import Run

_OPS = ("insert", "update", "delete")


@dataclass(frozen=True)
class Difference:
    """Rows to be written with `_op`, how many by operation, the check of the key, and by how much the table's rows, and
    those of them that are kept, grow. Few rows are in `memory` too.
    """

    changed: DataFrame
    counts: dict[str, int]
    key: CheckResult
    grown: dict[str, int]
    memory: pa.Table | None = None

    @property
    def number(self) -> int:
        return sum(self.counts.values())

    def reasons(self) -> Counter[str]:
        """By how much each reason has become more frequent, or less."""
        found: Counter[str] = Counter()
        for rule, by in self._rules():
            found[rule] += by
        return found

    def _rules(self) -> Iterator[tuple[str, int]]:
        """(rule, by how much): in memory a row at a time, else counted by Spark."""
        if self.memory is not None:
            for row in self.memory.select([OP, BEFORE, "reasons"]).to_pylist():
                now = () if row[OP] == "delete" else row["reasons"]
                before = row[BEFORE]["reasons"] if row[BEFORE] else ()
                yield from ((rule, 1) for rule in {r["rule"] for r in now})
                yield from ((rule, -1) for rule in {r["rule"] for r in before})
            return
        rules = self.changed.where(F.col(OP) != "delete").select("reasons.rule", F.lit(1).alias("by"))
        if BEFORE in self.changed.columns:
            old = self.changed.where(F.col(OP) != "insert").select(f"{BEFORE}.reasons.rule", F.lit(-1).alias("by"))
            rules = rules.union(old)
        rules = rules.select(F.explode(F.array_distinct("rule")).alias("rule"), "by")
        counted = rules.groupBy("rule").agg(F.sum("by").alias("by")).collect()
        yield from ((row["rule"], row["by"]) for row in counted)


def compared(run: Run, table: Table, candidate: DataFrame, stored: DataFrame | None) -> Difference:
    """The difference of a candidate from what is stored.

    A table that was only just created (`stored` is None) has nothing to compare with: its candidate is the change.
    """
    if stored is None:
        return _first(table, candidate)
    pairs = paired(table, candidate, stored)
    seen = {
        "rows": F.sum("_new"),
        "keys": F.count_if(F.col("_new") > 0),
        "no_key": F.count_if(no_key(table, "_row.") & (F.col("_new") > 0)),
        "stored_twice": F.count_if(F.col("_old") > 1),
        "stored": F.sum("_old"),
        **_kept(table),
        **{op: F.count_if(F.col(OP) == op) for op in _OPS},
    }
    name = f"{table.name}.changes"
    changed, found = run.lake.stage_counted(pairs, run.run_id, name, seen, lambda rows: differing(table, rows))
    check = quality.check_key(table, found["rows"], found["keys"], found["no_key"], found["stored_twice"])
    grown = {"rows": found["rows"] - found["stored"], "kept": found.get("kept", 0) - found.get("kept_before", 0)}
    counts = {op: found[op] for op in _OPS}
    if not 0 < sum(counts.values()) <= FEW_KEYS:
        return Difference(changed, counts, check, grown)
    memory = changed.toArrow()
    return Difference(run.lake.spark.createDataFrame(memory), counts, check, grown, memory)


def _kept(table: Table) -> dict[str, Column]:
    if "keep" not in table.names:
        return {}
    now = F.count_if((F.col("_new") > 0) & F.col("_row.keep"))
    return {"kept": now, "kept_before": F.count_if((F.col("_old") > 0) & F.col(f"{BEFORE}.keep"))}


def _first(table: Table, candidate: DataFrame) -> Difference:
    counted = accounting.counts_of(table)
    distinct = F.count_distinct(*table.key)
    facts = [*(counted[name].alias(name) for name in ("rows", "kept", "no_key")), distinct.alias("keys")]
    found = candidate.agg(*facts).collect()[0]
    check = quality.check_key(table, found["rows"], found["keys"], found["no_key"], 0)
    counts = {"insert": found["rows"], "update": 0, "delete": 0}
    grown = {"rows": found["rows"], "kept": found["kept"]}
    return Difference(candidate.withColumn(OP, F.lit("insert")), counts, check, grown)
