"""Nearest neighbours, block against block."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.embeddings.nearest import near_blocks


def blocks(units: list[str], vectors: np.ndarray, cells: list[int]) -> pa.RecordBatch:
    """Every pair of blocks, as the stage deals them."""
    stored = [row.astype(np.float16).tobytes() for row in vectors]
    by: dict[int, list[tuple[str, bytes]]] = {}
    for unit, sketch, cell in zip(units, stored, cells, strict=True):
        by.setdefault(cell, []).append((unit, sketch))
    rows = []
    for a in sorted(by):
        for b in (b for b in sorted(by) if b >= a):
            rows.append({"units_a": [u for u, _ in sorted(by[a])], "sketches_a": [s for _, s in sorted(by[a])]})
            rows[-1] |= {"units_b": [u for u, _ in sorted(by[b])], "sketches_b": [s for _, s in sorted(by[b])]}
    return pa.RecordBatch.from_pylist(rows)


def found(batch: pa.RecordBatch, neighbours: int = 3) -> list[tuple[str, str, float]]:
    rows = [row for out in near_blocks(neighbours, 0.3, 0.99, batch) for row in out.to_pylist()]
    by: dict[str, list[tuple[float, str]]] = {}
    for row in rows:
        by.setdefault(row["unit_a"], []).append((-row["similarity"], row["unit_b"]))
    return [(unit, other, -near) for unit in sorted(by) for near, other in sorted(set(by[unit]))[:neighbours]]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 40), st.integers(0, 1000), st.integers(1, 5))
def test_blocks_change_nothing(count: int, seed: int, cells: int) -> None:
    """However the rows are dealt, the neighbours are those of all rows at once; what is too near or too far is none."""
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((count, 6))
    units = [f"u{n:02}" for n in range(count)]
    whole = found(blocks(units, vectors, [0] * count))
    assert found(blocks(units, vectors, [int(c) for c in random.integers(0, cells, count)])) == whole
    assert all(0.3 <= near <= 0.99 and a != b for a, b, near in whole)
    stored = vectors.astype(np.float16).astype(np.float64)
    unit = stored / np.linalg.norm(stored, axis=1, keepdims=True)
    cosine = np.round(unit @ unit.T, 6)
    for a, b, near in whole:
        assert near == cosine[units.index(a), units.index(b)]
