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


def near_rows(blocks: DataFrame, neighbours: int, farthest: float, nearest: float) -> DataFrame:
    """(unit_a, unit_b, similarity) of rows (units_a, sketches_a, units_b, sketches_b), both ways."""
    from udfs.embeddings.nearest import NEAR, near_blocks

    rows = blocks.select("units_a", "sketches_a", "units_b", "sketches_b")
    return mapped(rows, partial(near_blocks, neighbours, farthest, nearest), NEAR)
