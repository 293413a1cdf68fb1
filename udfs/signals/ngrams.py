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

_Ints = npt.NDArray[np.int64]
_TOP, _DUPE = range(2, 5), range(5, 11)
_FIRST_TABLE = 1024
_HASH = np.uint64(0x9E3779B97F4A7C15)


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
    """Count the words of UTF-8 text that ASCII whitespace separates; lengths are in characters."""
    ids, lengths, counts, starts, widths = _count(np.frombuffer(utf8, np.uint8))
    return WordCounts(len(ids), int(lengths @ counts), ids, lengths, counts, utf8, starts, widths)


def ngram_chars(words: WordCounts) -> tuple[dict[int, int], dict[int, int]]:
    """Characters of the most frequent n-gram times its count (n 2 to 4), and characters covered by n-grams that occur
    twice or more (n 5 to 10). Of equally frequent n-grams the one that occurs first counts.
    """
    top, dupe = _ngrams(words.ids, words.lengths)
    return dict(zip(_TOP, top.tolist(), strict=True)), dict(zip(_DUPE, dupe.tolist(), strict=True))


@numba.njit(cache=True, nogil=True)
def _count(text):  # type: ignore[no-untyped-def]
    """(ids, lengths, counts, starts, widths) of the words of UTF-8 bytes, by an open table of hashes
    whose hits compare the bytes.
    """
    size = len(text)
    room = size // 2 + 1
    ids, lengths, counts = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    starts, widths, hashes = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint64)
    mask = _FIRST_TABLE - 1
    table = np.full(_FIRST_TABLE, -1, np.int32)
    total = distinct = at = 0
    while at < size:
        if _is_space(text[at]):
            at += 1
            continue
        start, chars, value = at, 0, np.uint64(0)
        while at < size and not _is_space(text[at]):
            value = (value ^ np.uint64(text[at])) * _HASH
            chars += text[at] & 0xC0 != 0x80
            at += 1
        place = _place(value, mask)
        word = np.int64(table[place])
        while word >= 0 and not (
            hashes[word] == value and widths[word] == at - start and _same(text, starts[word], start, at - start)
        ):
            place = (place + 1) & mask
            word = np.int64(table[place])
        if word < 0:
            word = np.int64(distinct)
            table[place] = word
            starts[word], widths[word], lengths[word], counts[word], hashes[word] = start, at - start, chars, 0, value
            distinct += 1
            if 2 * distinct > mask:
                mask = 2 * mask + 1
                table = _rehashed(hashes, distinct, mask)
        counts[word] += 1
        ids[total] = word
        total += 1
    own = slice(0, distinct)
    return ids[:total].copy(), lengths[own].copy(), counts[own].copy(), starts[own].copy(), widths[own].copy()


@numba.njit(cache=True, nogil=True)
def _is_space(byte):  # type: ignore[no-untyped-def]
    return byte == 32 or (byte >= 9 and byte <= 13)


@numba.njit(cache=True, nogil=True)
def _place(value, mask):  # type: ignore[no-untyped-def]
    """The upper bits of a product are its good ones."""
    return np.int64(value >> np.uint64(40)) & mask


@numba.njit(cache=True, nogil=True)
def _same(text, a, b, width):  # type: ignore[no-untyped-def]
    for i in range(width):  # noqa: SIM110 - a generator is no compiled loop
        if text[a + i] != text[b + i]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _rehashed(hashes, distinct, mask):  # type: ignore[no-untyped-def]
    table = np.full(mask + 1, -1, np.int32)
    for word in range(distinct):
        place = _place(hashes[word], mask)
        while table[place] >= 0:
            place = (place + 1) & mask
        table[place] = word
    return table


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
        place = np.int64((np.uint64(key[i]) * _HASH) >> shift)
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
