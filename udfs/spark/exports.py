"""Files of an export looked at on the workers: one machine would read all that many have written."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import DataFrame

from udfs.spark.batches import mapped

_FOUND = pa.schema([("path", pa.string()), ("bytes", pa.int64()), ("sha256", pa.string()), ("rows", pa.int64())])


def described_files(paths: DataFrame) -> DataFrame:
    """(path, bytes, sha256, rows) of the files of rows (path); rows are known of Parquet only."""
    return mapped(paths, _described, "path string, bytes bigint, sha256 string, rows bigint")


def _described(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.reading.described import described

    rows = [(path, *described(path)) for path in batch.column("path").to_pylist()]
    yield pa.RecordBatch.from_pylist([dict(zip(_FOUND.names, row, strict=True)) for row in rows], _FOUND)
