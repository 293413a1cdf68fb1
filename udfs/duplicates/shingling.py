"""Compiled loops from the bytes of a text to the hashes of its shingles: runs of `ngram` tokens.

A token is a run of word bytes or of punctuation; in a text of a script without spaces, a character (scripts.py).
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from udfs.duplicates import scripts

_SPACE, _WORD, _PUNCT = scripts.SPACE, scripts.WORD, scripts.PUNCT
_POLYNOMIAL = np.uint64(0x9E3779B97F4A7C15)


def _byte_classes() -> NDArray[np.uint8]:
    """Word bytes are ASCII letters, digits, underscore and every byte of a multi-byte character."""
    classes = np.full(256, _PUNCT, np.uint8)
    for byte in range(256):
        if bytes([byte]).isspace():
            classes[byte] = _SPACE
        elif byte >= 0x80 or chr(byte).isalnum() or byte == 0x5F:
            classes[byte] = _WORD
    return classes


BYTE_CLASSES = _byte_classes()


@numba.njit(cache=True, nogil=True, inline="always")
def mix(x: np.uint64) -> np.uint64:
    x ^= x >> np.uint64(32)
    x *= np.uint64(0xD6E8FEB86659FD93)
    x ^= x >> np.uint64(32)
    x *= np.uint64(0xD6E8FEB86659FD93)
    x ^= x >> np.uint64(32)
    return x


@numba.njit(cache=True, nogil=True, inline="always")
def _rolled(
    rolling: np.uint64, token: np.uint64, ring: NDArray[np.uint64], at: int, oldest_power: np.uint64
) -> np.uint64:
    """The hash of the last tokens with one more and without the oldest, whose place in the ring the new one takes."""
    token ^= token >> np.uint64(29)
    rolling = rolling * _POLYNOMIAL + token - ring[at] * oldest_power
    ring[at] = token
    return rolling


@numba.njit(cache=True, nogil=True)
def _power(ngram: int) -> np.uint64:
    power = np.uint64(1)
    for _ in range(ngram):
        power *= _POLYNOMIAL
    return power


@numba.njit(cache=True, nogil=True)
def shingle_hashes(data: NDArray[np.uint8], classes: NDArray[np.uint8], ngram: int, out: NDArray[np.uint64]) -> int:
    """Hash each run of `ngram` tokens into `out`. Returns how many."""
    if scripts.is_unspaced(data):
        return shingles_of_characters(data, classes, ngram, out)
    return shingles_of_runs(data, classes, ngram, out)


@numba.njit(cache=True, nogil=True)
def shingles_of_runs(data: NDArray[np.uint8], classes: NDArray[np.uint8], ngram: int, out: NDArray[np.uint64]) -> int:
    """Tokens of any other text: runs of word bytes or of punctuation."""
    ring, oldest_power, rolling = np.zeros(ngram, np.uint64), _power(ngram), np.uint64(0)
    tokens, count, position, size, at = 0, 0, 0, data.size, 0
    while position < size:
        kind = classes[data[position]]
        if kind == _SPACE:
            position += 1
            continue
        token = np.uint64(0xCBF29CE484222325)
        while position < size and classes[data[position]] == kind:
            token = (token ^ np.uint64(data[position])) * np.uint64(0x100000001B3)
            position += 1
        rolling = _rolled(rolling, token, ring, at, oldest_power)
        at = at + 1 if at + 1 < ngram else 0
        tokens += 1
        if tokens >= ngram:
            out[count] = mix(rolling)
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def shingles_of_characters(
    data: NDArray[np.uint8], classes: NDArray[np.uint8], ngram: int, out: NDArray[np.uint64]
) -> int:
    """Tokens of a text of udfs/duplicates/scripts.py: characters, and runs of anything else."""
    ring, oldest_power, rolling = np.zeros(ngram, np.uint64), _power(ngram), np.uint64(0)
    tokens, count, position, size, at = 0, 0, 0, data.size, 0
    while position < size:
        kind, end = _character(data, classes, position)
        if kind == _SPACE:
            position = end
            continue
        token = np.uint64(0xCBF29CE484222325)
        more = kind
        while more == kind:
            while position < end:
                token = (token ^ np.uint64(data[position])) * np.uint64(0x100000001B3)
                position += 1
            if position == size or kind == scripts.CHARACTER:
                break
            more, end = _character(data, classes, position)
        rolling = _rolled(rolling, token, ring, at, oldest_power)
        at = at + 1 if at + 1 < ngram else 0
        tokens += 1
        if tokens >= ngram:
            out[count] = mix(rolling)
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _character(data: NDArray[np.uint8], classes: NDArray[np.uint8], at: int) -> tuple[int, int]:
    """(class of the character that begins here, where it ends)."""
    if data[at] < scripts.LEAST_LEAD:
        return int(classes[data[at]]), at + 1
    return scripts.kind_at(data, at), min(at + (4 if data[at] >= 0xF0 else 3), data.size)
