"""Which items of benchmarks a text holds a copy of, by which of its parts, and what of the text says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from udfs.contamination.aligning import covered, threshold
from udfs.contamination.index import Index, Part
from udfs.contamination.rules import USUAL, Shares
from udfs.contamination.streams import Stream, kinds, normalised, words

SHOWN = 400
"""Characters of a text that a hit keeps."""
_ROUNDING = 1e-4
_STARTS = 3
"""Places of a text at which a part is tried."""


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
    hits = _in(words(data), "words", index, p)
    hits += _in(kinds(data), "kinds", index, p)
    return hits


def _in(stream: Stream, method: str, index: Index, p: Shares) -> list[Hit]:
    anchors = index.anchors(method, stream.hashes)
    found = (_best(index.parts[number], places, stream, p) for number, places in anchors.items())
    return [hit for hit in found if hit is not None]


def _best(part: Part, anchors: list[tuple[int, int]], stream: Stream, p: Shares) -> Hit | None:
    """Around each of the places where most anchors lie on a line; None below half of the limit."""
    length = len(part.tokens)
    limit = threshold(length, least=p.least if part.stream == "words" else p.least_kinds)
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
        weight, begin, end, _ = covered(part.tokens, part.weights, window)
        if weight > best:
            best, place = weight, (first + begin, first + end)
    if best < enough:
        return None
    shown = stream.text(*place)[:SHOWN]
    return Hit(part.benchmark, part.item, part.part, part.stream, min(1.0, best / whole), limit, shown)
