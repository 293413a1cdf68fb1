"""Runs of tokens as hashes, and which of a text's runs may be of an index."""

from __future__ import annotations

from collections.abc import Iterable

import numba
import numpy as np
from numpy.typing import NDArray

from udfs.contamination.streams import Hashes

_MIX = np.uint64(0x9E3779B97F4A7C15)


@numba.njit(cache=True, inline="always")
def _hashed(tokens: Hashes, at: int, width: int) -> np.uint64:
    hashed = np.uint64(width)
    for k in range(at, at + width):
        hashed = (hashed ^ tokens[k]) * _MIX
        hashed ^= hashed >> np.uint64(29)
    return hashed


@numba.njit(cache=True)
def gram_hashes(tokens: Hashes, width: int) -> Hashes:
    """[n - width + 1]: a hash of each run of `width` tokens."""
    count = max(0, len(tokens) - width + 1)
    found = np.empty(count, np.uint64)
    for at in range(count):
        found[at] = _hashed(tokens, at, width)
    return found


@numba.njit(cache=True)
def places_of(tokens: Hashes, width: int, some: NDArray[np.uint8]) -> tuple[NDArray[np.int64], Hashes]:
    """Places and hashes of the runs that may be among some: a bit of a filter says no to nearly all others."""
    count = max(0, len(tokens) - width + 1)
    places, hashes = np.empty(count, np.int64), np.empty(count, np.uint64)
    size, kept = np.uint64(len(some) * 8 - 1), 0
    for at in range(count):
        hashed = _hashed(tokens, at, width)
        bit = hashed & size
        if some[bit >> np.uint64(3)] >> np.uint8(bit & np.uint64(7)) & 1:
            places[kept], hashes[kept] = at, hashed
            kept += 1
    return places[:kept], hashes[:kept]


def filter_of(runs: Iterable[int]) -> NDArray[np.uint8]:
    """A bit for each run, about one in thirty set."""
    values = np.fromiter(runs, np.uint64)
    bits = 1 << max(12, int(len(values) * 32).bit_length())
    found = np.zeros(bits // 8, np.uint8)
    places = values & np.uint64(bits - 1)
    np.bitwise_or.at(
        found, (places >> np.uint64(3)).astype(np.int64), np.uint8(1) << (places & np.uint64(7)).astype(np.uint8)
    )
    return found
