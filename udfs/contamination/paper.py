"""The paper's two rules, to be compared with: an item's entry point stands in a text, or a run of ten of its words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from udfs.contamination.items import Item
from udfs.contamination.matching import SHOWN, Hit
from udfs.contamination.runs import filter_of, gram_hashes, places_of
from udfs.contamination.streams import Hashes, Places, Stream, normalised, words

WIDTH = 10
"""Words of a run that is shared (OpenCoder, decontamination)."""

_Part = tuple[Item, str]


class PaperIndex:
    """Entry points and runs of ten words of some benchmarks."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._names: dict[int, list[_Part]] = defaultdict(list)
        self._runs: dict[int, list[_Part]] = defaultdict(list)
        for item in items:
            for hashed in words(item.entry_point.encode()).hashes.tolist():
                self._names[hashed].append((item, "entry_point"))
            for part, text in item.parts:
                for hashed in set(gram_hashes(words(normalised(text)).hashes, WIDTH).tolist()):
                    self._runs[hashed].append((item, part))
        self._some = filter_of(self._runs)
        self._listed = np.array(sorted(self._names), np.uint64)

    def find(self, text: str) -> list[Hit]:
        """For each item the first place of its name, and of a run that it shares."""
        stream = words(normalised(text))
        found: dict[tuple[str, str, str], Hit] = {}
        for hit in self._hits(stream):
            found.setdefault((hit.benchmark, hit.item, hit.method), hit)
        return list(found.values())

    def _hits(self, stream: Stream) -> Iterator[Hit]:
        hashes = stream.hashes
        named = np.flatnonzero(np.isin(hashes, self._listed))
        yield from self._of("entry_point", stream, self._names, named, hashes[named], 1)
        yield from self._of("ten_words", stream, self._runs, *places_of(hashes, WIDTH, self._some), WIDTH)

    def _of(
        self,
        method: str,
        stream: Stream,
        wanted: dict[int, list[_Part]],
        places: Places,
        hashes: Hashes,
        width: int,
    ) -> Iterator[Hit]:
        for at, hashed in zip(places.tolist(), hashes.tolist(), strict=True):
            for item, part in wanted.get(hashed, ()):
                shown = stream.text(at, at + width - 1)[:SHOWN]
                yield Hit(item.benchmark, item.item, part, method, 1.0, 1.0, shown)
