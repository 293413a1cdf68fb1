"""The sentence encoder as Spark functions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame

from udfs.embeddings.planes import Planes
from udfs.spark.batches import mapped


def embedded_rows(texts: DataFrame, folder: str, version: str) -> DataFrame:
    """Vectors of rows (unit_id, text), in the columns of `fingerprints`."""
    from udfs.embeddings.batches import EMBEDDED, embed_batch

    return mapped(texts.select("unit_id", "text"), partial(embed_batch, folder, version, Planes()), EMBEDDED)


def cosine_rows(pairs: DataFrame) -> DataFrame:
    """(unit_a, unit_b, similarity) of rows (unit_a, unit_b, sketch_a, sketch_b)."""
    rows = pairs.select("unit_a", "unit_b", "sketch_a", "sketch_b")
    return mapped(rows, _cosines, "unit_a string, unit_b string, similarity double")


def _cosines(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.embeddings.batches import cosines

    found = pa.array(cosines(batch.column("sketch_a"), batch.column("sketch_b")))
    names = ["unit_a", "unit_b", "similarity"]
    yield pa.RecordBatch.from_arrays([batch.column("unit_a"), batch.column("unit_b"), found], names)
