"""The filter: the rules a file breaks, from the stored signals of its cleaned text (paper 2.1 and appendix A).

    spark-submit jobs/code/filter_decisions.py --warehouse DIR --set filter.rules=my_rules.toml

No text is read: a changed threshold costs a join of narrow tables. A signal that failed is never a pass.
"""

from __future__ import annotations

import hashlib

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from udfs.rules import RuleBook, load_rules

from jobs.code.parameters import Filter
from jobs.code.ranking import decided, reason

_KEY = ["content_id", "language", "kind"]


def filter_decisions(
    near: DataFrame, raw_files: DataFrame, cleaned: DataFrame, signals: DataFrame, p: Filter
) -> DataFrame:
    """One row per file that near deduplication kept."""
    book = rule_book(p)
    facts = raw_files.select("file_id", "path", F.col("size_bytes").alias("file_bytes"), *_KEY)
    files = near.where("keep").select("file_id").join(facts, "file_id")
    texts = cleaned.select(*_KEY, "clean_id", "failure", F.col("text_bytes").alias("clean_bytes"))
    rows = files.join(texts, _KEY, "left").join(signals, ["clean_id", "language", "kind"], "left")
    rows = rows.withColumns(path_columns()).withColumn("rule_set", rule_set(book))
    broken = [F.when(condition, why) for condition, why in _conditions(book, "drop")]
    unmeasured = [
        F.when(F.col("failure").isNotNull(), reason("cleaning_failed", detail=F.col("failure"))),
        F.when(F.col("failure").isNull() & (F.col("clean_bytes") == 0), reason("empty_after_cleaning")),
        _failed_signals(book),
    ]
    flags = [F.when(condition, F.lit(name)) for condition, name in _flags(book)]
    return decided(
        rows.select(
            "file_id",
            "clean_id",
            F.array_compact(F.array(*unmeasured, *broken)).alias("reasons"),
            "rule_set",
            F.array_compact(F.array(*flags)).cast("array<string>").alias("flags"),
        )
    )


def rule_book(p: Filter) -> RuleBook:
    return load_rules(None if p.rules == "default" else p.rules)


def rules_version(p: Filter) -> str:
    """Hash of the rules in force: a changed threshold is a new decision."""
    return hashlib.sha256(repr(sorted(rule_book(p).sets.items())).encode()).hexdigest()[:16]
