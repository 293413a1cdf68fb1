"""Word n-grams of a text, counted exactly with integers: no hashing, so no collision can move a value.

An (n+1)-gram can only repeat where the n-grams at its first and at its second word repeat. So each level looks at the
repeated places of the level below and names a pair of group numbers by one integer; the work shrinks with n.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class WordCounts:
    """Words as numbers: `ids` in text order, and by id the length in characters and the number of occurrences."""

    total: int
    chars: int
    ids: _Ints
    lengths: _Ints
    counts: _Ints


def count_words(words: list[bytes] | list[str]) -> WordCounts:
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys(words))}
    ids = np.fromiter(map(vocabulary.__getitem__, words), np.int64, len(words))
    lengths = np.fromiter(map(len, vocabulary), np.int64, len(vocabulary))
    counts = np.bincount(ids, minlength=len(vocabulary)).astype(np.int64)
    return WordCounts(len(words), int(lengths @ counts), ids, lengths, counts)


def ngram_chars(words: WordCounts) -> tuple[dict[int, int], dict[int, int]]:
    """Characters of the most frequent n-gram times its count (n 2 to 4), and characters covered by n-grams that occur
    twice or more (n 5 to 10). Of equally frequent n-grams the one that occurs first counts.
    """
    top, dupe = dict.fromkeys(range(2, 5), 0), dict.fromkeys(range(5, 11), 0)
    if words.total < 3:
        return top, dupe
    position = np.arange(words.total - 1)
    keys = words.ids[:-1] * len(words.lengths) + words.ids[1:]
    word_chars = words.lengths[words.ids]
    for n in range(2, 11):
        first, most, position, group = _repeated(keys, position)
        if not len(position):
            break
        if n <= 4:
            top[n] = int(word_chars[first : first + n].sum()) * most
        else:
            dupe[n] = _covered(position, n, word_chars)
        pairs = np.flatnonzero(position[1:] == position[:-1] + 1)
        keys = group[pairs] * (words.total + 1) + group[pairs + 1]
        position = position[pairs]
    return top, dupe


def _repeated(keys: _Ints, position: _Ints) -> tuple[int, int, _Ints, _Ints]:
    """Of n-grams named by `keys`: where the most frequent one first stands and its count; then, of those that occur
    twice or more, the ascending positions and the group number at each.
    """
    order = np.argsort(keys)
    ordered = keys[order]
    changes = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    starts = np.concatenate(([0], changes))[: len(keys)]
    counts = np.diff(np.concatenate((starts, [len(keys)])))
    most = int(counts.max(initial=0))
    if most < 2:
        return 0, most, position[:0], position[:0]
    first = int(position[order[np.repeat(counts == most, counts)]].min())
    repeated = counts > 1
    numbers = np.where(repeated, np.arange(len(counts)), -1)
    group = np.empty(len(keys), np.int64)
    group[order] = np.repeat(numbers, counts)
    kept = np.flatnonzero(group >= 0)
    return first, most, position[kept], group[kept]


def _covered(position: _Ints, n: int, word_chars: _Ints) -> int:
    """Characters of the words that an n-gram at one of the positions covers, each word once."""
    steps = np.zeros(len(word_chars) + 1, np.int64)
    steps[position] += 1
    steps[position + n] -= 1
    return int(word_chars[np.cumsum(steps[:-1]) > 0].sum())
