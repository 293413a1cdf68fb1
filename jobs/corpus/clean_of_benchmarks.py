"""Rows of the tables at the end less those whose texts hold copies of benchmarks."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def without_copies(rows: DataFrame, key: str, contamination: DataFrame) -> DataFrame:
    """The rows whose text, named by `key`, was searched and kept."""
    kept = contamination.where("keep").select(F.col("text_id").alias(key))
    return rows.join(kept, key, "left_semi")
