"""Tables that settings name, as they stand there now: read in each of their forms, counted, with reasons in rejects."""

from __future__ import annotations

import re
from collections.abc import Callable

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.runtime.accounting import StageResult

_LINES = re.compile(r"\.(jsonl?|ndjson)(\.\w+)?$")


def has_lines(place: str) -> bool:
    """Whether a table is JSON lines, by its name."""
    return _LINES.search(place) is not None


def given_table(spark: SparkSession, place: str, setting: str, lines: Callable[[str], DataFrame]) -> DataFrame:
    """A table as it is: JSON lines by `lines`, Parquet by its name, else Delta. Raises ValueError for none."""
    try:
        if has_lines(place):
            return lines(place)
        # The session's default source is Delta.
        return spark.read.parquet(place) if ".parquet" in place else spark.read.load(place)
    except AnalysisException as error:
        said = (error.getMessage() or str(error)).splitlines()[0]
        raise ValueError(
            f"{setting}: expected JSON lines (.jsonl), Parquet (.parquet) or a Delta table at {place}, "
            f"found none ({said}); name another place, or leave it out"
        ) from None


def count_given(result: StageResult, rows: DataFrame, found: int) -> None:
    """Rows read = kept + dropped with reasons, of rows with `reason` of which so many different ones were sound."""
    by = {r["reason"]: r["count"] for r in rows.groupBy("reason").count().collect()}
    sound = by.pop(None, 0)
    result.rows_kept, result.rows_read = found, sound + sum(by.values())
    result.reasons = by | ({"duplicate": sound - found} if sound > found else {})


def given_rejects(stage: str, rows: DataFrame) -> DataFrame:
    """The stage's share of rejects, of rows (origin, row_id, reason, detail)."""
    by = rows.where("reason is not null").groupBy("origin", "row_id", "reason")
    nothing = F.lit(None).cast("string")
    return by.agg(F.min("detail").alias("detail")).select(
        F.sha2(F.concat_ws("\0", F.lit(stage), "origin", "row_id", "reason"), 256).alias("reject_id"),
        F.lit(stage).alias("stage"),
        F.col("origin").alias("source_id"),
        nothing.alias("path"),
        F.col("row_id").alias("content_id"),
        "reason",
        "detail",
        F.lit(None).cast("bigint").alias("size_bytes"),
        nothing.alias("unit"),
        nothing.alias("repo_id"),
    )
