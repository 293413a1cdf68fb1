"""A set of vectors as a picture, and how far others lie from it: the plane in which it is widest, a circle around it.

Figure 3 of OpenCoder (2411.04905) draws raw against refined texts so, by principal components.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WITHIN = 0.95
"""Share of its own vectors that the circle of a set holds."""

Vectors = NDArray[np.floating]


@dataclass(frozen=True)
class Plane:
    """The first two principal components [2, dimension] of a set, its centre, and the radius of its circle, in the
    unit of the vectors.
    """

    centre: Vectors
    axes: Vectors
    radius: float

    def points(self, vectors: Vectors) -> Vectors:
        """[n, 2] of vectors [n, dimension], the centre at 0."""
        found: Vectors = (vectors - self.centre) @ self.axes.T
        return found

    def distances(self, vectors: Vectors) -> Vectors:
        """From the centre, in the plane."""
        found: Vectors = np.linalg.norm(self.points(vectors), axis=1)
        return found

    def outside(self, vectors: Vectors) -> float:
        """Share of the vectors outside of the circle."""
        return float((self.distances(vectors) > self.radius).mean())


def plane_of(vectors: Vectors) -> Plane:
    """Of a set of three vectors or more. Raises ValueError."""
    if len(vectors) < 3:
        raise ValueError(f"plane: expected three vectors or more, found {len(vectors)}; draw more texts")
    wide = vectors.astype(np.float64)
    centre = wide.mean(0)
    axes = np.linalg.svd(wide - centre, full_matrices=False)[2][:2]
    # Either sign of a component is right: the one whose greatest entry is positive is the same everywhere.
    greatest = np.abs(axes).argmax(1)
    axes = axes * np.sign(axes[[0, 1], greatest])[:, None]
    bare = Plane(centre, axes, 0.0)
    return Plane(centre, axes, float(np.quantile(bare.distances(wide), WITHIN)))
