"""Words of a text and its word n-grams, counted exactly with integers: no collision of hashes can move a value.

An (n+1)-gram can only repeat where the n-grams at its first and at its second word repeat. So each level looks at the
repeated places of the level below and names a pair of group numbers by one integer; the work shrinks with n. All loops
are compiled, take linear time, and number words and n-grams in the order of their first occurrence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numba
import numpy as np
import numpy.typing as npt

from udfs.signals.hashing import (
    EIGHT,
    FACTOR,
    FIRST_TABLE,
    TOPS,
    characters,
    doubled,
    eight_bytes,
    first_bytes,
    first_set,
    mixed,
    place_of,
    same_bytes,
)

_Ints = npt.NDArray[np.int64]
_TOP, _DUPE = range(2, 5), range(5, 11)
_UP_TO_SPACE = np.uint64(0x5F5F5F5F5F5F5F5F)


def _none() -> _Ints:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class WordCounts:
    """Words as numbers: `ids` in text order, and by id the length in characters and the number of occurrences. Where
    the words were found in a UTF-8 text, also that text, and by id where a word starts and its bytes.
    """

    total: int
    chars: int
    ids: _Ints
    lengths: _Ints
    counts: _Ints
    text: bytes = b""
    starts: _Ints = field(default_factory=_none)
    widths: _Ints = field(default_factory=_none)

    def occurrences(self, listed: frozenset[bytes]) -> int:
        """How many of the words found in a text are among some."""
        short = np.flatnonzero(self.widths <= max(map(len, listed)))
        places = zip(self.starts[short].tolist(), self.widths[short].tolist(), self.counts[short].tolist(), strict=True)
        return sum(count for start, width, count in places if self.text[start : start + width] in listed)


def count_words(words: list[str]) -> WordCounts:
    """Count words that are cut already."""
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys(words))}
    ids = np.fromiter(map(vocabulary.__getitem__, words), np.int64, len(words))
    lengths = np.fromiter(map(len, vocabulary), np.int64, len(vocabulary))
    counts = np.bincount(ids, minlength=len(vocabulary)).astype(np.int64)
    return WordCounts(len(words), int(lengths @ counts), ids, lengths, counts)


def count_spaced(utf8: bytes) -> WordCounts:
    """Count the words of UTF-8 text that spaces and controls separate; lengths are in characters."""
    ids, lengths, counts, starts, widths = _count(np.frombuffer(utf8 + b" " * EIGHT, np.uint8))
    return WordCounts(len(ids), int(lengths @ counts), ids, lengths, counts, utf8, starts, widths)


def ngram_chars(words: WordCounts) -> tuple[dict[int, int], dict[int, int]]:
    """Characters of the most frequent n-gram times its count (n 2 to 4), and characters covered by n-grams that occur
    twice or more (n 5 to 10). Of equally frequent n-grams the one that occurs first counts.
    """
    top, dupe = _ngrams(words.ids, words.lengths)
    return dict(zip(_TOP, top.tolist(), strict=True)), dict(zip(_DUPE, dupe.tolist(), strict=True))


@numba.njit(cache=True, nogil=True)
def _count(text):  # type: ignore[no-untyped-def]
    """(ids, lengths, counts, starts, widths) of the words of UTF-8 bytes, padded by spaces, by an open table of hashes
    whose hits compare the bytes.
    """
    size = len(text) - EIGHT
    room = size // 2 + 1
    ids, lengths, counts = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    starts, widths, hashes = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint64)
    table = np.full(FIRST_TABLE, -1, np.int32)
    total = distinct = at = 0
    while at < size:
        blanks = first_set(~_separators(eight_bytes(text, at)) & TOPS)
        start = at + blanks
        at = start
        if blanks == EIGHT or start >= size:
            continue
        at, value = _word_end(text, start)
        width = at - start
        place = place_of(value, len(table) - 1)
        word = np.int64(table[place])
        while word >= 0 and not (
            hashes[word] == value and widths[word] == width and same_bytes(text, starts[word], start, width)
        ):
            place = (place + 1) & (len(table) - 1)
            word = np.int64(table[place])
        if word < 0:
            word = np.int64(distinct)
            table[place] = word
            starts[word], widths[word], counts[word], hashes[word] = start, width, 0, value
            lengths[word] = characters(text, start, width)
            distinct += 1
            if 2 * distinct >= len(table):
                table = doubled(table, hashes, distinct)
        counts[word] += 1
        ids[total] = word
        total += 1
    own = slice(0, distinct)
    return ids[:total].copy(), lengths[own].copy(), counts[own].copy(), starts[own].copy(), widths[own].copy()


@numba.njit(cache=True, nogil=True)
def _word_end(text, at):  # type: ignore[no-untyped-def]
    """(where the word ends, its hash)."""
    value, eight = np.uint64(0), eight_bytes(text, at)
    width = first_set(_separators(eight))
    while width == EIGHT:
        value = mixed(value, eight)
        at += EIGHT
        eight = eight_bytes(text, at)
        width = first_set(_separators(eight))
    return at + width, mixed(value, first_bytes(eight, width))


@numba.njit(cache=True, nogil=True)
def _separators(eight):  # type: ignore[no-untyped-def]
    """The top bit of each of eight bytes that is at most a space: exact, since no sum carries into the next byte."""
    return ~((eight & ~TOPS) + _UP_TO_SPACE | eight) & TOPS


@numba.njit(cache=True, nogil=True)
def _ngrams(ids, lengths):  # type: ignore[no-untyped-def]
    """(characters of the top n-gram times its count for n 2 to 4, characters covered by repeated n-grams, 5 to 10)."""
    top, dupe = np.zeros(3, np.int64), np.zeros(6, np.int64)
    size = len(ids) - 1
    if size < 1:
        return top, dupe
    before = np.zeros(len(ids) + 1, np.int64)  # characters of the words before each word
    for i in range(len(ids)):
        before[i + 1] = before[i] + lengths[ids[i]]
    position, key, group = np.arange(size), np.empty(size, np.int64), np.empty(size, np.int64)
    for i in range(size):
        key[i] = ids[i] * len(lengths) + ids[i + 1]
    for n in range(2, 11):
        counts, first = _groups(key, size, group)
        most = _first_of_most(counts)
        if counts[most] < 2:
            break
        if n <= 4:
            begin = position[first[most]]
            top[n - 2] = (before[begin + n] - before[begin]) * counts[most]
        kept = covered = until = 0
        for i in range(size):
            if counts[group[i]] > 1:
                begin = position[i]
                covered += before[begin + n] - before[max(begin, until)]
                until = begin + n
                position[kept], group[kept] = begin, group[i]
                kept += 1
        if n >= 5:
            dupe[n - 5] = covered
        size = 0
        for i in range(kept - 1):
            if position[i + 1] == position[i] + 1:
                position[size], key[size] = position[i], group[i] * len(counts) + group[i + 1]
                size += 1
        if size == 0:
            break
    return top, dupe


@numba.njit(cache=True, nogil=True)
def _first_of_most(counts):  # type: ignore[no-untyped-def]
    most = 0
    for i in range(len(counts)):
        if counts[i] > counts[most]:
            most = i
    return most


@numba.njit(cache=True, nogil=True)
def _groups(key, size, group):  # type: ignore[no-untyped-def]
    """Number equal keys by first occurrence into `group`. Returns occurrences and first place by group."""
    bits = 4
    while 1 << bits < 2 * size:
        bits += 1
    mask, shift = (1 << bits) - 1, np.uint64(64 - bits)
    table = np.full(1 << bits, -1, np.int32)
    counts, first = np.empty(size, np.int64), np.empty(size, np.int64)
    distinct = 0
    for i in range(size):
        place = np.int64((np.uint64(key[i]) * FACTOR) >> shift)
        while table[place] >= 0 and key[first[table[place]]] != key[i]:
            place = (place + 1) & mask
        found = table[place]
        if found < 0:
            found = distinct
            table[place] = found
            counts[found], first[found] = 0, i
            distinct += 1
        counts[found] += 1
        group[i] = found
    return counts[:distinct], first[:distinct]
