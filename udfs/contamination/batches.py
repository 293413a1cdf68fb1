"""Copies of benchmark tasks by Arrow batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from schemas.storable import without_surrogates
from udfs.contamination.index import Frequencies, Index
from udfs.contamination.items import Item
from udfs.contamination.matching import find

_TEXTS = ("text_id", "benchmark", "item", "part", "method")
HITS = ", ".join(f"{n} string" for n in _TEXTS) + ", share double, limit double, seen string"
_ARROW = pa.schema(
    [(n, pa.string()) for n in _TEXTS] + [("share", pa.float64()), ("limit", pa.float64()), ("seen", pa.string())]
)


@dataclass(frozen=True)
class Benchmarks:
    """Tasks, and how common their words are: what an index is made of, once in each process."""

    items: tuple[Item, ...]
    documents: int = 0
    words: tuple[tuple[int, int], ...] = ()
    grams: tuple[tuple[int, int], ...] = ()

    @staticmethod
    def of(items: list[Item], seen: Frequencies) -> Benchmarks:
        said = (tuple(sorted(counts.items())) for counts in (seen.words, seen.grams))
        return Benchmarks(tuple(items), seen.documents, *said)


@cache
def index_of(benchmarks: Benchmarks) -> Index:
    seen = Frequencies(benchmarks.documents)
    seen.words.update(dict(benchmarks.words))
    seen.grams.update(dict(benchmarks.grams))
    return Index(benchmarks.items, seen)


def copy_batch(benchmarks: Benchmarks, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A row for each part of a task of which rows (text_id, text) hold a copy."""
    index = index_of(benchmarks)
    rows = [
        {
            "text_id": row["text_id"],
            **{name: getattr(hit, name) for name in ("benchmark", "item", "part", "method", "share", "limit")},
            "seen": without_surrogates(hit.text),
        }
        for row in batch.to_pylist()
        for hit in find(row["text"] or "", index)
        if hit.is_copy
    ]
    yield pa.RecordBatch.from_pylist(rows, _ARROW)
