"""Compiled loops of the fingerprint: shingle hashes to a similarity sketch, in one pass over a batch of texts.

The sketch is fast similarity sketching (Dahlgaard, Knudsen, Thorup, arXiv 1704.04370). Round r throws every shingle
into one random slot; a slot keeps the smallest (round, value) it ever saw, and rounds stop once no slot is empty. The
order (round, value) of a shingle in a slot depends on hashes alone, so two sets agree in a slot with probability equal
to their Jaccard index, whatever their sizes. Expected cost is O(n + k log k) for n shingles and k slots; slots that
random rounds leave empty after ROUNDS (tiny sets only) are filled directly, n steps each.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from udfs.duplicates import scripts
from udfs.duplicates.shingling import mix, shingles_of_runs

ROUNDS = 256
"""Random rounds before direct filling. A larger number costs sets of under 50 shingles time, a smaller one others."""

_VALUE_BITS = 21  # a slot is 32 bits: 11 bits of round, 21 of value; equal values of unequal shingles: 5e-7 a slot
_VALUE = np.uint32((1 << _VALUE_BITS) - 1)
_EMPTY = np.uint32(0xFFFFFFFF)


_HALF_ROUNDS = np.random.default_rng(20241107).integers(1, 2**63, 1024, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_DIRECT = np.uint64(0xD6E8FEB86659FD93)


@numba.njit(cache=True, nogil=True)
def _two_rounds(shingles: NDArray[np.uint64], multiplier: np.uint64, number: int, slots: NDArray[np.uint32]) -> int:
    """Rounds `number` and `number + 1` from the halves of one product. Returns how many slots ceased to be empty."""
    filled = 0
    first, second = np.uint32(number << _VALUE_BITS), np.uint32((number + 1) << _VALUE_BITS)
    size = np.uint64(slots.size)
    for i in range(shingles.size):
        x = shingles[i] * multiplier
        x ^= x >> np.uint64(31)
        half = x >> np.uint64(32)
        slot = (half * size) >> np.uint64(32)
        before = slots[slot]
        filled += before == _EMPTY
        slots[slot] = min(before, first | (np.uint32(half) & _VALUE))
        half = x & np.uint64(0xFFFFFFFF)
        slot = (half * size) >> np.uint64(32)
        before = slots[slot]
        filled += before == _EMPTY
        slots[slot] = min(before, second | (np.uint32(half) & _VALUE))
    return filled


@numba.njit(cache=True, nogil=True)
def sketch_slots(shingles: NDArray[np.uint64], multipliers: NDArray[np.uint64], slots: NDArray[np.uint32]) -> None:
    """Fill `slots` with the sketch of a non-empty set of shingle hashes; repeats in `shingles` change nothing."""
    slots[:] = _EMPTY
    empty, number = slots.size, 0
    while empty > 0 and number < ROUNDS:
        empty -= _two_rounds(shingles, multipliers[number // 2], number, slots)
        number += 2
    if empty > 0:
        _fill_directly(shingles, slots)


@numba.njit(cache=True, nogil=True)
def _fill_directly(shingles: NDArray[np.uint64], slots: NDArray[np.uint32]) -> None:
    """The plain minimum over all shingles, for each slot that every random round left empty."""
    base = np.uint32(ROUNDS << _VALUE_BITS)
    for slot in range(slots.size):
        if slots[slot] == _EMPTY:
            salt = np.uint64(slot + 1) * _DIRECT
            least = _EMPTY
            for i in range(shingles.size):
                value = np.uint32(mix(shingles[i] ^ salt) >> np.uint64(64 - _VALUE_BITS))
                least = min(least, base | value)
            slots[slot] = least


@numba.njit(cache=True, nogil=True)
def fold_bands(slots: NDArray[np.uint32], rows: int, out: NDArray[np.int64]) -> None:
    """One hash per band of `rows` slots; the band's number is part of it, so that bands never meet."""
    for band in range(out.size):
        h = np.uint64(band + 1) * np.uint64(0x9E3779B97F4A7C15)
        for i in range(band * rows, (band + 1) * rows):
            h = (h ^ np.uint64(slots[i])) * np.uint64(0xD6E8FEB86659FD93)
            h ^= h >> np.uint64(32)
        out[band] = np.int64(h)


@numba.njit(cache=True, nogil=True)
def pack_bits(slots: NDArray[np.uint32], bits: int, out: NDArray[np.uint8]) -> None:
    """The lowest `bits` (1, 2, 4, 8) of a hash of each slot, packed into bytes, first slot in the low bits."""
    per_byte = 8 // bits
    mask = np.uint32((1 << bits) - 1)
    for byte in range(out.size):
        packed = np.uint32(0)
        for lane in range(per_byte):
            h = slots[byte * per_byte + lane] * np.uint32(0x9E3779B1)
            packed |= ((h >> np.uint32(24)) & mask) << np.uint32(lane * bits)
        out[byte] = packed


@numba.njit(cache=True, nogil=True)
def sketch_batch(
    data: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    classes: NDArray[np.uint8],
    multipliers: NDArray[np.uint64],
    ngram: int,
    slots_number: int,
    rows: int,
    counts: NDArray[np.int64],
    bands: NDArray[np.int64],
    sketches: NDArray[np.uint8],
    bits: int,
) -> None:
    """Fingerprint texts i = data[offsets[i]:offsets[i + 1]] into row i of the three outputs. Texts in scripts without
    spaces get a count of -1 and no more: with the loop over their tokens in here this one took 4 to 13 % longer.
    """
    longest = 0
    for i in range(counts.size):
        longest = max(longest, offsets[i + 1] - offsets[i])
    scratch = np.empty(longest + 1, np.uint64)
    slots = np.empty(slots_number, np.uint32)
    for i in range(counts.size):
        text = data[offsets[i] : offsets[i + 1]]
        if scripts.is_unspaced(text):
            counts[i] = -1
            continue
        n = shingles_of_runs(text, classes, ngram, scratch)
        counts[i] = n
        if n > 0:
            sketch_slots(scratch[:n], multipliers, slots)
            fold_bands(slots, rows, bands[i])
            pack_bits(slots, bits, sketches[i])


MULTIPLIERS = _HALF_ROUNDS
