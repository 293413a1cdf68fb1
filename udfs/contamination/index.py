"""Benchmarks as an index of rare runs of words, by which a text finds the items that it may be a copy of.

A run of words that many texts of a corpus have, or many items, is an idiom: it brings no candidate, and its words weigh
little. What an index says of a benchmark hangs on that benchmark alone, and not on the others that are in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from udfs.contamination.frequencies import GRAM, SHORTEST, Frequencies
from udfs.contamination.items import Item
from udfs.contamination.runs import filter_of, gram_hashes, places_of
from udfs.contamination.streams import Hashes, kinds, normalised, words

_COMMON_ITEMS = 6
"""A run in more items than this is boilerplate of the benchmark."""
_MANY_PARTS = 3_000
"""Parts of a benchmark of some size: where there are fewer, that several have a word is no reason to call it common."""
_LEAST_RUNS = 0.1
_LEAST_BITS = 0.05

Place = tuple[int, int]


@dataclass(frozen=True)
class Floors:
    """What a part has to tell, else nobody can say that it was copied: bits of its words, and of code without names so
    many tokens.
    """

    bits: float = 25.0
    tokens: int = 40

    def hold(self, stream: str, tokens: int, bits: float) -> bool:
        return tokens >= self.tokens if stream == "kinds" else bits >= self.bits


@dataclass(frozen=True)
class Part:
    """A part of an item in one of the streams: its tokens, what each weighs, and the weight of all."""

    benchmark: str
    item: str
    part: str
    stream: str
    tokens: Hashes
    weights: NDArray[np.float32]
    name: int = 0
    """Hash of the item's entry point."""
    rare: int = 0
    """Runs of it that bring a candidate."""

    @property
    def weight(self) -> float:
        return float(self.weights.sum())

    @property
    def width(self) -> int:
        return min(GRAM[self.stream], len(self.tokens))


class Index:
    """The parts of some benchmarks, and postings of their rare runs: by stream and width (part, place in it)."""

    def __init__(self, items: Iterable[Item], seen: Frequencies | None = None, floors: Floors = Floors()) -> None:
        self.parts: list[Part] = []
        self._grams: dict[tuple[str, int], dict[int, list[Place]]] = defaultdict(dict)
        for _, some in groupby(sorted(items, key=lambda i: i.benchmark), key=lambda i: i.benchmark):
            self._add(_parts(list(some), seen or Frequencies(), floors), seen or Frequencies())
        self._filters = {key: filter_of(grams) for key, grams in self._grams.items()}

    def _add(self, parts: list[Part], seen: Frequencies) -> None:
        """The parts of one benchmark and their rare runs."""
        found: dict[tuple[str, int], dict[int, list[Place]]] = defaultdict(dict)
        for number, part in enumerate(parts):
            grams = found[part.stream, part.width]
            for at, hashed in enumerate(gram_hashes(part.tokens, part.width).tolist()):
                grams.setdefault(hashed, []).append((number, at))
        rare: Counter[int] = Counter()
        for key, grams in found.items():
            common = seen.idioms(np.fromiter(grams, np.uint64)).tolist()
            for (hashed, places), idiom in zip(grams.items(), common, strict=True):
                if not idiom and len({parts[number].item for number, _ in places}) <= _COMMON_ITEMS:
                    rare.update(number for number, _ in places)
                    moved = ((len(self.parts) + number, at) for number, at in places)
                    self._grams[key].setdefault(hashed, []).extend(moved)
        self.parts += [replace(part, rare=rare[number]) for number, part in enumerate(parts)]

    def anchors(self, stream: str, tokens: Hashes) -> dict[int, list[Place]]:
        """By part the places (in the part, in the text) of rare runs that both have."""
        found: dict[int, list[Place]] = defaultdict(list)
        for (name, width), grams in self._grams.items():
            if name != stream:
                continue
            places, hashes = places_of(tokens, width, self._filters[name, width])
            for at, hashed in zip(places.tolist(), hashes.tolist(), strict=True):
                for part, where in grams.get(hashed, ()):
                    found[part].append((where, at))
        # A copy has more of a part's runs than one that an idiom brings.
        return {n: places for n, places in found.items() if len(places) >= _LEAST_RUNS * self.parts[n].rare}


def _parts(items: list[Item], seen: Frequencies, floors: Floors) -> list[Part]:
    """The parts of a benchmark that tell enough."""
    raw = [(item, part, stream, tokens) for item in items for part, stream, tokens in _read(item)]
    within: Counter[int] = Counter()
    for _, _, _, tokens in raw:
        within.update(set(tokens.tolist()))
    found = []
    for item, part, stream, tokens in raw:
        own = np.array([within[token] + 1 for token in tokens.tolist()]) / (max(len(raw), _MANY_PARTS) + 2)
        # Bits that a word tells: of its share in the corpus, or among the parts where that is higher.
        bits = -np.log2(np.maximum(seen.shares(tokens), own))
        weights = np.maximum(bits, _LEAST_BITS).astype(np.float32)
        if floors.hold(stream, len(tokens), float(weights.sum())):
            found.append(Part(item.benchmark, item.item, part, stream, tokens, weights, _name(item)))
    return found


def _name(item: Item) -> int:
    hashes = words(normalised(item.entry_point)).hashes
    return int(hashes[0]) if len(hashes) == 1 else 0


def _read(item: Item) -> list[tuple[str, str, Hashes]]:
    """(part, stream, tokens) of an item; solutions also as kinds."""
    found: list[tuple[str, str, Hashes]] = []
    for part, text in item.parts:
        data = normalised(text)
        found.append((part, "words", words(data).hashes.copy()))
        if part == "solution":
            found.append((part, "kinds", kinds(data).hashes.copy()))
    return [(part, stream, tokens) for part, stream, tokens in found if len(tokens) >= SHORTEST]
