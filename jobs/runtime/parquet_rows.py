"""Rows that were set aside, on the driver, batch by batch: for what one machine learns from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def rows_at(place: str, *columns: str, where: Any = None) -> Iterator[tuple[Any, ...]]:
    """Columns of the rows of a folder of parquet files, which may be none; `where` is a condition of pyarrow."""
    import pyarrow.dataset as ds

    from jobs.runtime.places import driver

    fs, path = driver(place)
    files = ds.dataset(path, filesystem=fs, format="parquet")
    for batch in files.to_batches(columns=list(columns), batch_size=256, filter=where):
        yield from zip(*(batch[name].to_pylist() for name in columns), strict=True)
