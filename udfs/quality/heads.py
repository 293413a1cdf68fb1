"""Linear heads: ridge regression on hashed n-grams by dual coordinate descent, in one thread and a fixed order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from udfs.quality.features import vectors_of
from udfs.quality.measuring import spearman

Floats = npt.NDArray[np.float64]
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0)
_FOLDS = 3
_SWEEPS = 40


@dataclass(frozen=True)
class Labelled:
    """A text with its score; `group` is the repository, which is never on both sides of a split."""

    text: str
    score: float
    group: str


@dataclass(frozen=True)
class Head:
    """The prediction of a text is `bias` and the sum of the weights of its buckets."""

    weights: npt.NDArray[np.float32]
    bias: float
    penalty: float


@dataclass(frozen=True)
class _Rows:
    """Texts as vectors, one after the other, with what they are to predict."""

    indices: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    ends: npt.NDArray[np.int64]
    scores: Floats


def fitted(examples: Sequence[Labelled], most_bytes: int, bits: int) -> Head:
    """The head of the penalty that does best on repositories left out in turn; the same for the same set of examples,
    in any order.
    """
    some = in_order(examples)
    vectors = vectors_of(pa.array([e.text for e in some], pa.large_string()), most_bytes, bits)
    rows = _Rows(*vectors, np.array([e.score for e in some]))
    fold = np.array([share(e.group, "fold") * _FOLDS for e in some]).astype(int)
    penalty = max(PENALTIES, key=lambda p: (_unseen(rows, fold, p, bits), p))
    return Head(*_solved(rows, np.arange(len(some)), penalty, bits), penalty)


def in_order(examples: Sequence[Labelled]) -> list[Labelled]:
    """The examples by their texts' hashes: the order in which a head is trained."""
    return sorted(examples, key=lambda e: (hashlib.sha256(e.text.encode("utf-8", "replace")).digest(), e.score))


def share(name: str, salt: str) -> float:
    """A number in [0, 1) that follows from the name alone."""
    return int.from_bytes(hashlib.sha256(f"{salt}\0{name}".encode()).digest()[:6]) / 2**48


def _unseen(rows: _Rows, fold: npt.NDArray[np.int64], penalty: float, bits: int) -> float:
    """Rank correlation of predictions for texts whose repositories the head did not see."""
    found = np.zeros(len(fold))
    for number in range(_FOLDS):
        mine, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if len(mine) and len(rest):
            weights, bias = _solved(rows, rest, penalty, bits)
            found[mine] = _predicted(rows.indices, rows.values, rows.ends, mine, weights) + bias
    return round(spearman(found, rows.scores) or 0.0, 4)


def _solved(
    rows: _Rows, some: npt.NDArray[np.int64], penalty: float, bits: int
) -> tuple[npt.NDArray[np.float32], float]:
    bias = float(rows.scores[some].mean())
    weights = _descended(rows.indices, rows.values, rows.ends, rows.scores - bias, some, penalty, 1 << bits, _SWEEPS)
    return weights.astype(np.float32), bias


@numba.njit(cache=True)
def _descended(indices, values, ends, wanted, some, penalty, size, sweeps):  # type: ignore[no-untyped-def]
    """Weights of the least squares with a penalty: a vector has length 1, so a step of a row is exact."""
    weights, duals = np.zeros(size), np.zeros(len(some))
    for _ in range(sweeps):
        for n in range(len(some)):
            row = some[n]
            start = ends[row - 1] if row else 0
            found = 0.0
            for at in range(start, ends[row]):
                found += weights[indices[at]] * values[at]
            step = (wanted[row] - found - penalty * duals[n]) / (1.0 + penalty)
            duals[n] += step
            for at in range(start, ends[row]):
                weights[indices[at]] += step * values[at]
    return weights


@numba.njit(cache=True)
def _predicted(indices, values, ends, some, weights):  # type: ignore[no-untyped-def]
    found = np.zeros(len(some))
    for n in range(len(some)):
        row = some[n]
        start = ends[row - 1] if row else 0
        for at in range(start, ends[row]):
            found[n] += weights[indices[at]] * values[at]
    return found
