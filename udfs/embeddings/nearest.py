"""Nearest neighbours by cosine, exact, block against block: no index, so the answer hangs on nothing but the rows.

A block of 2,000 vectors against another takes one product of matrices. 156,000 queries (the pool of OpenCodeInterpreter
after its filter) are 3,000 pairs of blocks: minutes of one core. An index library pays from a million rows on
(docs/decisions/dialogues.md).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from udfs.embeddings.batches import vectors

NEAR = "unit_a string, unit_b string, similarity double"
_ARROW = pa.schema([("unit_a", pa.string()), ("unit_b", pa.string()), ("similarity", pa.float64())])
_DIGITS = 6
"""Of a cosine: a product of matrices may differ in the last bits with the size of its blocks."""


def near_blocks(neighbours: int, farthest: float, nearest: float, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Pairs, both ways, of rows (units_a, sketches_a, units_b, sketches_b: lists of a block each): of each unit the
    `neighbours` nearest in the other block with a cosine from `farthest` to `nearest`. A block may meet itself.
    """
    for row in batch.to_pylist():
        a, b = row["units_a"], row["units_b"]
        cosine = _unit(row["sketches_a"]) @ _unit(row["sketches_b"]).T
        found = {*_nearest(a, b, cosine, neighbours, farthest, nearest)}
        if a != b:
            found |= {*_nearest(b, a, cosine.T, neighbours, farthest, nearest)}
        columns = list(zip(*sorted(found), strict=True)) or [(), (), ()]
        yield pa.RecordBatch.from_arrays(
            [pa.array(c, t.type) for c, t in zip(columns, _ARROW, strict=True)], schema=_ARROW
        )


def _nearest(
    a: list[str], b: list[str], cosine: NDArray[np.float64], neighbours: int, farthest: float, nearest: float
) -> Iterator[tuple[str, str, float]]:
    cosine = np.round(cosine, _DIGITS)
    fit = np.where((cosine >= farthest) & (cosine <= nearest), cosine, -2.0)
    for number, unit in enumerate(a):
        row = fit[number]
        good = [m for m in np.flatnonzero(row > -2.0) if b[m] != unit]
        # Of equal cosines the lower id: never the order in which rows lie in a block.
        for m in sorted(good, key=lambda m: (-row[m], b[m]))[:neighbours]:
            yield unit, b[m], float(row[m])


def _unit(sketches: list[bytes]) -> NDArray[np.float64]:
    found = vectors(pa.array(sketches, pa.binary()))
    norms = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.where(norms > 0, norms, 1.0))
