"""Hashed n-grams of code in one pass over its bytes: words, marks, line starts, and their neighbours.

A word is a run of letters, digits, underscores and bytes above ASCII; a number is one token whatever it says; a line
starts with a token for the depth of its indentation. Each token and each pair of neighbours falls into a bucket; the
value of a bucket is log(1 + count), and the values of a text have length 1.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

_SPACE, _LINE, _WORD, _DIGIT, _MARK = 0, 1, 2, 3, 4
_DEEPEST = 12
_LOGS = np.log1p(np.arange(256, dtype=np.float64))


def _classes() -> npt.NDArray[np.uint8]:
    found = np.full(256, _MARK, np.uint8)
    for byte in range(256):
        if byte in b" \t\r\f\v" or byte == 0:
            found[byte] = _SPACE
        elif byte == 10:
            found[byte] = _LINE
        elif chr(byte).isdigit() and byte < 128:
            found[byte] = _DIGIT
        elif byte >= 128 or chr(byte).isalpha() or byte == 95:
            found[byte] = _WORD
    return found


_CLASSES = _classes()


@numba.njit(cache=True, inline="always")
def _bucket(value: np.uint64, bits: int) -> int:
    mixed = np.uint64(value) * np.uint64(0x9E3779B97F4A7C15)
    return int((mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9) >> np.uint64(64 - bits))


@numba.njit(cache=True)
def _counted(data, start, end, classes, bits, counts, touched):  # type: ignore[no-untyped-def]
    """(buckets touched, tokens) of one text; `counts` has to be zero and holds the counts then."""
    number, tokens, at = 0, 0, start
    before = np.uint64(1)
    while at < end:
        kind = classes[data[at]]
        if kind == _SPACE:
            at += 1
            continue
        value = np.uint64(0xCBF29CE484222325)
        if kind == _LINE:
            at += 1
            depth = 0
            while at < end and classes[data[at]] <= _LINE:
                depth = 0 if data[at] == 10 else depth + (4 if data[at] == 9 else 1)
                at += 1
            value = np.uint64(7 + min(depth // 2, _DEEPEST))
        elif kind == _DIGIT:
            while at < end and (classes[data[at]] == _DIGIT or classes[data[at]] == _WORD):
                at += 1
            value = np.uint64(3)
            tokens += 1
        elif kind == _WORD:
            while at < end and (classes[data[at]] == _WORD or classes[data[at]] == _DIGIT):
                value = (value ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
                at += 1
            tokens += 1
        else:
            value = (value ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
            at += 1
            tokens += 1
        pair = (before * np.uint64(0x2545F4914F6CDD1D)) ^ value
        for one in (_bucket(value, bits), _bucket(pair, bits)):
            if counts[one] == 0:
                touched[number] = one
                number += 1
            counts[one] += 1
        before = value
    return number, tokens


@numba.njit(cache=True)
def _scored(data, offsets, most, head_of, heads, classes, logs, bits):  # type: ignore[no-untyped-def]
    """(sum of weights, tokens) of every text by the head that `head_of` names."""
    counts = np.zeros(1 << bits, np.int32)
    touched = np.empty(2 * most + 2, np.int32)
    sums, tokens = np.zeros(len(head_of)), np.zeros(len(head_of), np.int64)
    for row in range(len(head_of)):
        start = offsets[row]
        end = min(offsets[row + 1], start + most)
        number, tokens[row] = _counted(data, start, end, classes, bits, counts, touched)
        head = heads[head_of[row]]
        total, square = 0.0, 0.0
        for n in range(number):
            one = touched[n]
            value = logs[min(counts[one], 255)]
            total += head[one] * value
            square += value * value
            counts[one] = 0
        sums[row] = total / np.sqrt(square) if number else 0.0
    return sums, tokens


@numba.njit(cache=True)
def _vectors(data, offsets, most, classes, logs, bits, indices, values, ends):  # type: ignore[no-untyped-def]
    """Fill (indices, values) with the texts one after the other; ends[row] is where each stops."""
    counts = np.zeros(1 << bits, np.int32)
    touched = np.empty(2 * most + 2, np.int32)
    at = 0
    for row in range(len(ends)):
        start = offsets[row]
        number, _ = _counted(data, start, min(offsets[row + 1], start + most), classes, bits, counts, touched)
        square = 0.0
        for n in range(number):
            square += logs[min(counts[touched[n]], 255)] ** 2
        for n in range(number):
            indices[at + n] = touched[n]
            values[at + n] = logs[min(counts[touched[n]], 255)] / np.sqrt(square)
            counts[touched[n]] = 0
        at += number
        ends[row] = at


def sums_of(
    texts: pa.Array, head_of: npt.NDArray[np.int64], heads: npt.NDArray[np.float32], most: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """(sum of weights, tokens) of each of the texts by its own head; of each at most so many bytes are read."""
    data, offsets = _bytes_of(texts)
    bits = int(heads.shape[1]).bit_length() - 1
    found: tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]] = _scored(
        data, offsets, most, head_of, heads, _CLASSES, _LOGS, bits
    )
    return found


def vectors_of(
    texts: pa.Array, most: int, bits: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """(buckets, values, ends) of texts, one after the other."""
    data, offsets = _bytes_of(texts)
    size = int(2 * np.minimum(np.diff(offsets), most).sum()) + 2
    indices, values = np.empty(size, np.int32), np.empty(size, np.float32)
    ends = np.zeros(len(texts), np.int64)
    _vectors(data, offsets, most, _CLASSES, _LOGS, bits, indices, values, ends)
    used = int(ends[-1]) if len(ends) else 0
    return indices[:used].copy(), values[:used].copy(), ends


def _bytes_of(texts: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """All bytes, and where each text starts; no text is copied. A null is an empty text."""
    texts = texts.cast(pa.large_string())
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    whole = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    return whole, starts
