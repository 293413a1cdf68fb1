"""How much of a part of an item stands in a stretch of a text: the heaviest common subsequence, less stray words.

A copy may have gaps (a word changed, a line put in between), so runs that follow each other in both are one cluster;
a word that stands alone, with nothing of the part near it, is chance and does not count.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

NEAR = 3
"""Words of part and text between two matches that still belong together."""


@numba.njit(cache=True)
def covered(
    part: NDArray[np.uint64], weights: NDArray[np.float32], text: NDArray[np.uint64]
) -> tuple[float, int, int, int]:
    """(weight of the words of `part` that stand in `text` in order, first and last place there, how many words)."""
    m, n = len(part), len(text)
    best = np.zeros((m + 1, n + 1), np.float32)
    for i in range(1, m + 1):
        for j in range(1, n + 1):
            value = best[i - 1, j] if best[i - 1, j] >= best[i, j - 1] else best[i, j - 1]
            if part[i - 1] == text[j - 1]:
                # A match beside a match is worth a little more: of equal words those of one run are taken.
                beside = np.float32(0.01) if i > 1 and j > 1 and part[i - 2] == text[j - 2] else np.float32(0.0)
                value = max(value, best[i - 1, j - 1] + weights[i - 1] + beside)
            best[i, j] = value
    rows, columns = np.empty(min(m, n), np.int64), np.empty(min(m, n), np.int64)
    count, i, j = 0, m, n
    while i > 0 and j > 0:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            rows[count], columns[count] = i, j
            count += 1
    return _clustered(rows, columns, count, weights)


@numba.njit(cache=True)
def _clustered(
    rows: NDArray[np.int64], columns: NDArray[np.int64], count: int, weights: NDArray[np.float32]
) -> tuple[float, int, int, int]:
    """Of matches from the last to the first, those with another one near."""
    weight, first, last, kept = 0.0, -1, -1, 0
    for k in range(count):
        before = k + 1 < count and rows[k] - rows[k + 1] <= NEAR and columns[k] - columns[k + 1] <= NEAR
        after = k > 0 and rows[k - 1] - rows[k] <= NEAR and columns[k - 1] - columns[k] <= NEAR
        if before or after:
            weight += weights[rows[k]]
            kept += 1
            first = columns[k]
            if last < 0:
                last = columns[k]
    return weight, first, last, kept


def threshold(length: int, short: int = 20, long: int = 50, least: float = 0.8) -> float:
    """Share of a part that a copy covers: all of it up to 20 words, 0.8 from 50 on, between them on a line."""
    if length <= short:
        return 1.0
    return max(least, 1.0 - (1.0 - least) * (length - short) / (long - short))
