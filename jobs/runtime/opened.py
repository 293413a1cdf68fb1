"""Which files of a text table must be opened for a few texts: those that the runs which wrote them have added."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_RUNS = 50
"""Above this many runs a filter would hardly leave a file out."""


def opened(keys: DataFrame, texts: list[DataFrame]) -> tuple[list[DataFrame], int]:
    """The text tables, each with no more than the runs that wrote the texts of `keys`, and the bytes of these texts.

    Delta keeps the least and the greatest run of each file, and opens no file whose runs are none of these.
    """
    found = [_of_few_runs(keys, rows) for rows in texts]
    return [rows for rows, _ in found], next((size for _, size in found if size), 0)


def _of_few_runs(keys: DataFrame, rows: DataFrame) -> tuple[DataFrame, int]:
    key = next((k for k in ("content_id", "clean_id") if k in keys.columns and k in rows.columns), None)
    if key is None:
        return rows, 0
    run = F.col("run_id") if "run_id" in rows.columns else F.lit(None).cast("string")
    held = rows.select(key, "text_bytes", run.alias("run_id"))
    found = keys.select(key).distinct().join(held, key, "left")
    size, runs = F.sum("text_bytes").alias("size"), F.collect_set("run_id").alias("runs")
    facts = [F.count(F.lit(1)).alias("keys"), size, runs, F.count_if(F.col("run_id").isNull()).alias("unknown")]
    seen = found.agg(*facts).collect()[0]
    if not seen["keys"]:
        return rows.where("false"), 0  # a change that only takes away opens nothing
    known = seen["unknown"] == 0 and 0 < len(seen["runs"]) <= _RUNS
    return (rows.where(F.col("run_id").isin(seen["runs"])) if known else rows), int(seen["size"] or 0)
