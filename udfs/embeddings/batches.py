"""Vectors by Arrow batch, in the columns of `fingerprints`: bands that near vectors share, and the vector itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from udfs.embeddings.encoder import encoder
from udfs.embeddings.planes import Planes, band_hashes

EMBEDDED = "unit_id string, chunk int, shingles bigint, bands array<bigint>, sketch binary"
_ARROW = pa.schema(
    [
        ("unit_id", pa.string()),
        ("chunk", pa.int32()),
        ("shingles", pa.int64()),
        ("bands", pa.list_(pa.int64())),
        ("sketch", pa.binary()),
    ]
)
_STORED = np.float16
"""Half the bytes; a cosine moves by less than 0.001."""


def embed_batch(folder: str, version: str, p: Planes, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Of rows (unit_id, text). An empty text has a vector too."""
    model = encoder(folder, version)
    rows = [model.encode(text or "") for text in batch.column("text").to_pylist()]
    stored = np.stack([vector for vector, _ in rows]).astype(_STORED)
    # What is compared is what is stored: the bands are those of the rounded vector.
    bands = band_hashes(stored.astype(np.float32), p)
    columns = [
        batch.column("unit_id"),
        pa.array(np.zeros(len(rows), np.int32)),
        pa.array([tokens for _, tokens in rows], pa.int64()),
        pa.array(list(bands), pa.list_(pa.int64())),
        pa.array([row.tobytes() for row in stored], pa.binary()),
    ]
    yield pa.RecordBatch.from_arrays(columns, schema=_ARROW)


def cosines(a: pa.Array, b: pa.Array) -> NDArray[np.float64]:
    """Cosine of each pair of stored vectors."""
    x, y = (vectors(column) for column in (a, b))
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return np.asarray(np.einsum("ij,ij->i", x, y) / np.where(norms > 0, norms, 1.0))


def vectors(column: pa.Array) -> NDArray[np.float64]:
    """[n, dimension] of a column of stored vectors."""
    found = [np.frombuffer(value, _STORED) for value in column.to_pylist()]
    return np.stack(found).astype(np.float64) if found else np.zeros((0, 0))
