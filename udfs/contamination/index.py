"""Benchmarks as an index of rare runs of words, by which a text finds the items that it may be a copy of.

A run of words that many texts of a corpus have, or many items, is an idiom: it brings no candidate, and its words weigh
little. How often each stands in a corpus is counted once (`Frequencies`) and kept with the index.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numba
import numpy as np
from numpy.typing import NDArray

from udfs.contamination.items import Item
from udfs.contamination.streams import Hashes, Stream, kinds, normalised, words

GRAM = {"words": 5, "kinds": 9}
"""Tokens of a run that brings a candidate."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_COMMON_ITEMS = 6
"""A run in more items than this is boilerplate of the benchmark."""
_FEW = 10
_LEAST_RUNS = 0.1


@dataclass(frozen=True)
class Floors:
    """What a part has to tell, else nobody can say that it was copied: bits of its words, and of code without names so
    many tokens.
    """

    bits: float = 25.0
    tokens: int = 40

    def hold(self, stream: str, tokens: int, bits: float) -> bool:
        return tokens >= self.tokens if stream == "kinds" else bits >= self.bits


@numba.njit(cache=True)
def gram_hashes(tokens: Hashes, width: int) -> Hashes:
    """[n - width + 1]: a hash of each run of `width` tokens."""
    count = max(0, len(tokens) - width + 1)
    found = np.empty(count, np.uint64)
    for at in range(count):
        hashed = np.uint64(width)
        for k in range(at, at + width):
            hashed = (hashed ^ tokens[k]) * _MIX
            hashed ^= hashed >> np.uint64(29)
        found[at] = hashed
    return found


@numba.njit(cache=True)
def _hits(tokens: Hashes, width: int, filter_: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Places of runs that may be of the index: a bit of a filter says no to nearly all others."""
    count = max(0, len(tokens) - width + 1)
    found = np.empty(count, np.int64)
    size, kept = np.uint64(len(filter_) * 8 - 1), 0
    for at in range(count):
        hashed = np.uint64(width)
        for k in range(at, at + width):
            hashed = (hashed ^ tokens[k]) * _MIX
            hashed ^= hashed >> np.uint64(29)
        bit = hashed & size
        if filter_[bit >> np.uint64(3)] >> np.uint8(bit & np.uint64(7)) & 1:
            found[kept] = at
            kept += 1
    return found[:kept]


@dataclass
class Frequencies:
    """In how many of `documents` texts each word, and each run of words of the items, stands."""

    documents: int = 0
    words: Counter[int] = field(default_factory=Counter)
    grams: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True)
class Part:
    """A part of an item in one of the streams: its tokens, what each weighs, and the weight of all."""

    benchmark: str
    item: str
    part: str
    stream: str
    tokens: Hashes
    weights: NDArray[np.float32]
    entry_point: str
    rare: int = 0
    """Runs of it that bring a candidate."""

    @property
    def weight(self) -> float:
        return float(self.weights.sum())


class Index:
    """The parts of some benchmarks, and postings of their rare runs."""

    def __init__(
        self,
        items: Iterable[Item],
        seen: Frequencies | None = None,
        common: float = 5e-3,
        floors: Floors = Floors(),
    ) -> None:
        """`common`: share of the corpus's texts above which a run is an idiom, and more than a few of them: a task that
        was copied ten times is no idiom.
        """
        self.seen = seen or Frequencies()
        self.parts: list[Part] = []
        raw = [(item, part, stream, tokens) for item in items for part, stream, tokens in _read(item)]
        within: Counter[int] = Counter()
        for _, _, _, tokens in raw:
            within.update(set(tokens.tolist()))
        self._grams: dict[tuple[str, int], dict[int, list[tuple[int, int]]]] = defaultdict(dict)
        for item, part, stream, tokens in raw:
            weights = self._weights(tokens, within, len(raw))
            if floors.hold(stream, len(tokens), float(weights.sum())):
                self._add(Part(item.benchmark, item.item, part, stream, tokens, weights, item.entry_point))
        self._drop_idioms(common)
        rare = Counter(part for grams in self._grams.values() for places in grams.values() for part, _ in places)
        self.parts = [replace(part, rare=rare[number]) for number, part in enumerate(self.parts)]
        self.filters = {key: _filter(grams) for key, grams in self._grams.items()}

    def _weights(self, tokens: Hashes, within: Counter[int], parts: int) -> NDArray[np.float32]:
        """Bits that a word tells: of its frequency in the corpus, and among the items where that is higher."""
        n = self.seen.documents
        told = []
        for token in tokens.tolist():
            share = max((self.seen.words[token] + 1) / (n + 2) if n else 0.0, (within[token] + 1) / (parts + 2))
            told.append(max(-math.log2(share), 0.05))
        return np.array(told, np.float32)

    def _add(self, part: Part) -> None:
        width = min(GRAM[part.stream], len(part.tokens))
        grams = self._grams[part.stream, width]
        for at, hashed in enumerate(gram_hashes(part.tokens, width).tolist()):
            grams.setdefault(hashed, []).append((len(self.parts), at))
        self.parts.append(part)

    def _drop_idioms(self, common: float) -> None:
        most = max(_FEW, common * self.seen.documents)
        for grams in self._grams.values():
            idioms = [
                hashed
                for hashed, places in grams.items()
                if self.seen.grams[hashed] > most or len({self.parts[p].item for p, _ in places}) > _COMMON_ITEMS
            ]
            for hashed in idioms:
                del grams[hashed]

    def widths(self, stream: str) -> list[int]:
        return [width for name, width in self._grams if name == stream]

    def anchors(self, stream: str, tokens: Hashes) -> dict[int, list[tuple[int, int]]]:
        """By part the places (in the part, in the text) of rare runs that both have."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for width in self.widths(stream):
            places = _hits(tokens, width, self.filters[stream, width])
            if not len(places):
                continue
            grams = self._grams[stream, width]
            for at in places.tolist():
                (hashed,) = gram_hashes(tokens[at : at + width], width).tolist()
                for part, where in grams.get(hashed, ()):
                    found[part].append((where, at))
        # A copy has more of a part's runs than one that an idiom brings.
        return {n: places for n, places in found.items() if len(places) >= _LEAST_RUNS * self.parts[n].rare}


def count(items: list[Item], texts: Iterable[str]) -> Frequencies:
    """How often words and runs of the items stand in texts that are not copies of them: a sample of the corpus."""
    wanted_words: set[int] = set()
    wanted_grams: dict[tuple[str, int], set[int]] = defaultdict(set)
    for item in items:
        for _, stream, tokens in _read(item):
            wanted_words.update(tokens.tolist())
            width = min(GRAM[stream], len(tokens))
            wanted_grams[stream, width].update(gram_hashes(tokens, width).tolist())
    filters = {key: _filter(grams) for key, grams in wanted_grams.items()}
    seen = Frequencies()
    for text in texts:
        seen.documents += 1
        streams = {"words": words(normalised(text)), "kinds": kinds(normalised(text))}
        here = {t for s in streams.values() for t in np.unique(s.hashes).tolist()}
        seen.words.update(here & wanted_words)
        for (stream, width), wanted in wanted_grams.items():
            tokens = streams[stream].hashes
            places = _hits(tokens, width, filters[stream, width]).tolist()
            seen.grams.update({gram_hashes(tokens[p : p + width], width).item() for p in places} & wanted)
    return seen


def _read(item: Item) -> list[tuple[str, str, Hashes]]:
    """(part, stream, tokens) of an item; solutions also as kinds."""
    found: list[tuple[str, str, Hashes]] = []
    for part, text in item.parts:
        data = normalised(text)
        streams: list[tuple[str, Stream]] = [("words", words(data))]
        if part == "solution":
            streams.append(("kinds", kinds(data)))
        found += [(part, name, stream.hashes.copy()) for name, stream in streams if len(stream) >= 3]
    return found


def _filter(grams: Iterable[int]) -> NDArray[np.uint8]:
    """A bit for each run, about one in thirty set."""
    values = np.fromiter(grams, np.uint64)
    bits = 1 << max(12, int(len(values) * 32).bit_length())
    found = np.zeros(bits // 8, np.uint8)
    places = values & np.uint64(bits - 1)
    np.bitwise_or.at(
        found, (places >> np.uint64(3)).astype(np.int64), np.uint8(1) << (places & np.uint64(7)).astype(np.uint8)
    )
    return found
