"""Bands of unit vectors by random hyperplanes: vectors at a small angle lie on the same side of most (Charikar 2002).

Two vectors at angle a agree on a plane with probability 1 - a / pi, so they share one of `bands` bands of `rows` planes
with 1 - (1 - (1 - a / pi)^rows)^bands: at a cosine of 0.92 that is 0.977 with the numbers here, at 0.95 0.999. The
planes' normals have entries of 1 and -1 that are read off SHA-256: the same ones everywhere and for ever.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

_LABEL = b"refinelake planes"


@dataclass(frozen=True)
class Planes:
    """`bands` of `rows` planes each. A bucket holds about one of 2^rows vectors: 16 rows serve some millions."""

    bands: int = 32
    rows: int = 16

    def __post_init__(self) -> None:
        if self.bands < 1 or not 1 <= self.rows <= 48:
            raise ValueError("planes: expected bands of at least 1, and rows from 1 to 48")


def band_hashes(vectors: NDArray[np.float32], p: Planes) -> NDArray[np.int64]:
    """[n, bands] of vectors [n, dimension]: number of the band, and a bit for the side of each of its planes."""
    sides = vectors @ _normals(vectors.shape[1], p.bands * p.rows) >= 0
    weights = np.int64(1) << np.arange(p.rows, dtype=np.int64)
    bits = sides.reshape(len(vectors), p.bands, p.rows).astype(np.int64) @ weights
    return np.asarray(bits | np.arange(p.bands, dtype=np.int64) << np.int64(p.rows))


def meeting_probability(cosine: float, p: Planes) -> float:
    """Chance that two vectors of this cosine share a band."""
    agree = 1.0 - float(np.arccos(np.clip(cosine, -1.0, 1.0))) / np.pi
    return float(1.0 - (1.0 - agree**p.rows) ** p.bands)


@cache
def _normals(dimension: int, count: int) -> NDArray[np.float32]:
    """[dimension, count]."""
    size = -(-dimension * count // 256)
    bits = b"".join(hashlib.sha256(_LABEL + n.to_bytes(8, "big")).digest() for n in range(size))
    signs = np.unpackbits(np.frombuffer(bits, dtype=np.uint8))[: dimension * count]
    # By columns: more planes leave the first ones as they are.
    return np.ascontiguousarray((signs.astype(np.float32) * 2 - 1).reshape(count, dimension).T)
