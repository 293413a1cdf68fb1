"""Copies of benchmark tasks as Spark functions."""

from __future__ import annotations

from functools import partial

from pyspark.sql import DataFrame

from udfs.contamination.batches import COUNTED, FOUND, Search, count_batch, search_batch
from udfs.spark.batches import mapped


def searched_rows(texts: DataFrame, search: Search) -> DataFrame:
    """What rows (text_id, benchmark, benchmark_version, text) hold of the benchmark's tasks: a row each."""
    return mapped(
        texts.select("text_id", "benchmark", "benchmark_version", "text"), partial(search_batch, search), FOUND
    )


def counted_rows(texts: DataFrame) -> DataFrame:
    """(kind, hash, texts) of rows (text): several rows for one hash, to be added up."""
    return mapped(texts.select("text"), count_batch, COUNTED)
