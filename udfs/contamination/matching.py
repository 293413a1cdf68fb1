"""Which items of benchmarks a text holds a copy of, by which of its parts, and what of the text says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from udfs.contamination.aligning import covered, threshold
from udfs.contamination.index import Index, Part
from udfs.contamination.rules import USUAL, Shares
from udfs.contamination.streams import Stream, kinds, normalised, word_hash, words

SHOWN = 400
"""Characters of a text that a hit keeps."""
_ROUNDING = 1e-4
_STARTS = 3
"""Places of a text at which a part is tried."""
_NAMED = 0.1
_DENSE = 0.7
"""Share of a stretch of code without names that is the part's own."""
_DEFINE = np.array([word_hash(word) for word in (b"def", b"function", b"fn", b"func", b"fun", b"sub")], np.uint64)


@dataclass(frozen=True)
class Hit:
    """`share` of the weight of a part of an item stands in the text; `limit` is what makes a copy of it."""

    benchmark: str
    item: str
    part: str
    method: str
    share: float
    limit: float
    text: str

    @property
    def is_copy(self) -> bool:
        return self.share >= self.limit - _ROUNDING


def find(text: str, index: Index, p: Shares = USUAL) -> list[Hit]:
    """The best hit for each part of an item that the text shares rare words with, copies or not."""
    data = normalised(text)
    read = words(data)
    found = _in(read, read, "words", index, p)
    found += _in(kinds(data), read, "kinds", index, p)
    return found


def _in(stream: Stream, read: Stream, method: str, index: Index, p: Shares) -> list[Hit]:
    anchors = index.anchors(method, stream.hashes)
    if not anchors:
        return []
    named = _defined(read)
    found = (_best(index.parts[n], places, stream, p, index.parts[n].name in named) for n, places in anchors.items())
    return [hit for hit in found if hit is not None]


def _defined(stream: Stream) -> set[int]:
    """Hashes of the names that the text gives to functions."""
    before = np.flatnonzero(np.isin(stream.hashes[:-1], _DEFINE))
    return set(stream.hashes[before + 1].tolist())


def _best(part: Part, anchors: list[tuple[int, int]], stream: Stream, p: Shares, named: bool) -> Hit | None:
    """Around each of the places where most anchors lie on a line; None below half of the limit. Where the text defines
    a function of the item's name a little less makes a copy.
    """
    length = len(part.tokens)
    limit = threshold(length, least=p.least if part.stream == "words" else p.least_kinds)
    limit -= _NAMED if named else 0.0
    whole, enough = part.weight, limit * part.weight / 2
    slack = max(20, length // 2)
    lines = Counter((at - where) // slack for where, at in anchors)
    best, place = 0.0, (0, 0)
    for line, _ in lines.most_common(_STARTS):
        first = max(0, line * slack - slack)
        last = min(len(stream), (line + 1) * slack + length + slack)
        window = stream.hashes[first:last]
        if part.weights[np.isin(part.tokens, window)].sum() < max(best, enough):
            continue  # not even all words together would do
        weight, begin, end, kept = covered(part.tokens, part.weights, window)
        if part.stream == "kinds" and kept < _DENSE * (end - begin + 1):
            continue  # strewn over a long file: symbols of which there are few stand everywhere
        if weight > best:
            best, place = weight, (first + begin, first + end)
    if best < enough:
        return None
    shown = stream.text(*place)[:SHOWN]
    return Hit(part.benchmark, part.item, part.part, part.stream, min(1.0, best / whole), limit, shown)
