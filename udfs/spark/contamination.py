"""Copies of benchmark tasks as a Spark function."""

from __future__ import annotations

from functools import partial

from pyspark.sql import DataFrame

from udfs.contamination.batches import HITS, Benchmarks, copy_batch
from udfs.spark.batches import mapped


def copied_rows(texts: DataFrame, benchmarks: Benchmarks) -> DataFrame:
    """What rows (text_id, text) hold of the tasks: a row for each part that is a copy."""
    return mapped(texts.select("text_id", "text"), partial(copy_batch, benchmarks), HITS)
