"""Another rule book against the stored signals, before anything is measured or published."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.filter_decisions import reasons, rule_set
from jobs.code.tuning import FILE, Judged
from jobs.runtime.frames import kept
from udfs.rules.load import RuleBook


@dataclass(frozen=True)
class Change:
    """What another rule book would do to the files of a rule set."""

    rule_set: str
    files: int
    kept: int
    kept_then: int
    newly_dropped: int
    newly_kept: int


def what_if(files: Judged, book: RuleBook) -> tuple[DataFrame, list[Change], dict[str, tuple[int, int]]]:
    """Another rule book against the stored signals: (files whose fate changes, by rule set, files hit by rule).

    The last is {rule: (hit now, hit then)} for every rule whose count differs.
    """
    wide = files.rows.withColumn("rule_set", rule_set(book)).withColumn("then", reasons(book))
    # Counted three times and shown once; without the signals a row is narrow.
    rows = wide.select(*FILE, F.col("reasons")["rule"].alias("rules"), F.col("then")["rule"].alias("rules_then"))
    rows = kept(rows)
    now, then = F.size("rules") == 0, F.size("rules_then") == 0
    sums = (
        F.count(F.lit(1)).alias("files"),
        F.count_if(now).alias("kept"),
        F.count_if(then).alias("kept_then"),
        F.count_if(now & ~then).alias("newly_dropped"),
        F.count_if(~now & then).alias("newly_kept"),
    )
    by_set = rows.groupBy("rule_set").agg(*sums).orderBy("rule_set")
    changes = [Change(**row.asDict()) for row in by_set.toLocalIterator()]
    why = F.when(then, F.col("rules")).otherwise(F.col("rules_then")).alias("others")
    value = F.lit(None).cast("double").alias("value")
    changed = rows.where(now != then).select(*FILE, value, why, then.alias("then_kept"))
    return changed, changes, _moved(rows)


def _moved(rows: DataFrame) -> dict[str, tuple[int, int]]:
    """By rule, files hit now and then, where they differ."""
    counted: dict[str, list[int]] = {}
    for place, column in enumerate(("rules", "rules_then")):
        by_rule = rows.select(F.explode(column).alias("rule")).groupBy("rule").count()
        for row in by_rule.toLocalIterator():
            counted.setdefault(row["rule"], [0, 0])[place] = row["count"]
    return {rule: (a, b) for rule, (a, b) in sorted(counted.items()) if a != b}
