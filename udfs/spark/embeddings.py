"""The sentence encoder as Spark functions."""

from __future__ import annotations

from functools import partial

from pyspark.sql import DataFrame

from udfs.embeddings.planes import Planes
from udfs.spark.batches import mapped


def embedded_rows(texts: DataFrame, folder: str, version: str) -> DataFrame:
    """Vectors of rows (unit_id, text), in the columns of `fingerprints`."""
    from udfs.embeddings.batches import EMBEDDED, embed_batch

    return mapped(texts.select("unit_id", "text"), partial(embed_batch, folder, version, Planes()), EMBEDDED)
