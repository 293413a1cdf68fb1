"""What a file is, read once from its beginning to its end: bytes, SHA-256, and of Parquet its rows."""

from __future__ import annotations

import hashlib

import pyarrow.parquet as pq

from udfs.reading.units import file_system

_PIECE = 4 * 1024**2


def described(location: str) -> tuple[int, str, int | None]:
    """(bytes, SHA-256, rows of a Parquet file, else None)."""
    files, path = file_system(location)
    digest, size = hashlib.sha256(), 0
    with files.open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
        rows = None
        if location.endswith(".parquet"):
            file.seek(0)
            rows = pq.ParquetFile(file).metadata.num_rows
    return size, digest.hexdigest(), rows
