"""A kernel over Arrow batches as a Spark function."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StringType, StructType

from udfs.spark.guard import FAILURE, Guard, Kernel

_GUARD: ContextVar[Guard | None] = ContextVar("guard", default=None)


@contextmanager
def guarded(guard: Guard) -> Iterator[None]:
    """Kernels that are mapped in here run in child processes, wherever Spark runs them later."""
    before = _GUARD.set(guard)
    try:
        yield
    finally:
        _GUARD.reset(before)


def mapped(rows: DataFrame, kernel: Kernel, schema: str | StructType) -> DataFrame:
    """Apply a kernel to every Arrow batch. Empty batches never reach a kernel."""

    def over(kernel: Kernel, schema: str | StructType) -> DataFrame:
        def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                if batch.num_rows:
                    yield from kernel(batch)

        return rows.mapInArrow(run, schema)

    plain = over(kernel, schema)
    guard = _GUARD.get()
    if guard is None:
        return plain
    found = StructType(plain.schema.fields)
    if guard.fills(found.names) and FAILURE not in found.names:
        found = found.add(FAILURE, StringType())
    return over(partial(guard.run, kernel, to_arrow_schema(found)), found)
