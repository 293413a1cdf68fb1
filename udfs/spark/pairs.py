"""Pairs of units compared by what was kept of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from udfs.spark.batches import mapped

Likeness: TypeAlias = Callable[[pa.Array, pa.Array], NDArray[np.float64]]


def similarity_rows(pairs: DataFrame) -> DataFrame:
    """(unit_a, unit_b, similarity) of rows (unit_a, unit_b, sketch_a, sketch_b), by their MinHash sketches."""

    def likeness(a: pa.Array, b: pa.Array) -> NDArray[np.float64]:
        from udfs.duplicates.fingerprint import similarities

        return similarities(a, b)

    return _compared(pairs, likeness)


def cosine_rows(pairs: DataFrame) -> DataFrame:
    """(unit_a, unit_b, similarity) of rows (unit_a, unit_b, sketch_a, sketch_b), by their vectors."""

    def likeness(a: pa.Array, b: pa.Array) -> NDArray[np.float64]:
        from udfs.embeddings.batches import cosines

        return cosines(a, b)

    return _compared(pairs, likeness)


def _compared(pairs: DataFrame, likeness: Likeness) -> DataFrame:
    rows = pairs.select("unit_a", "unit_b", "sketch_a", "sketch_b")
    return mapped(rows, partial(_batch, likeness), "unit_a string, unit_b string, similarity double")


def _batch(likeness: Likeness, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    found = pa.array(likeness(batch.column("sketch_a"), batch.column("sketch_b")))
    names = ["unit_a", "unit_b", "similarity"]
    yield pa.RecordBatch.from_arrays([batch.column("unit_a"), batch.column("unit_b"), found], names)
