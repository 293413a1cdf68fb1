"""Copies of benchmark tasks, and how common words are, by Arrow batch."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, TypeAlias

import pyarrow as pa

from schemas.contamination import BENCHMARK_HITS
from schemas.identity import code_identity
from schemas.storable import without_surrogates
from udfs.contamination.frequencies import Frequencies, counted
from udfs.contamination.index import Index
from udfs.contamination.items import Item
from udfs.contamination.matching import Hit, find
from udfs.contamination.paper import PaperIndex
from udfs.contamination.rules import USUAL, Shares

COUNTED = "kind string, hash bigint, texts bigint"
_COUNTED_ARROW = pa.schema([("kind", pa.string()), ("hash", pa.int64()), ("texts", pa.int64())])
_OWN = tuple(n for n in BENCHMARK_HITS.names if n not in ("kernel_version", "failure"))
FOUND = ", ".join(f"{n} {BENCHMARK_HITS.column(n).type}" for n in _OWN)
_FOUND_ARROW = BENCHMARK_HITS.arrow_schema(_OWN)
_CODE = code_identity(__name__)

Find: TypeAlias = Callable[[str], list[Hit]]


@dataclass(frozen=True)
class Benchmark:
    """Tasks under a name; `version` is of all that they say."""

    name: str
    version: str
    items: tuple[Item, ...] = field(compare=False, repr=False)

    @staticmethod
    def of(name: str, items: list[Item]) -> Benchmark:
        return Benchmark(name, hashlib.sha256(repr(items).encode()).hexdigest()[:16], tuple(items))


@dataclass(frozen=True)
class Search:
    """What texts are searched for, by which rules, and what is known of how common words are."""

    benchmarks: tuple[Benchmark, ...]
    rules: str = "copies"
    shares: Shares = USUAL
    seen: Frequencies = field(default_factory=Frequencies, repr=False)

    def version(self) -> str:
        """Of everything but the benchmarks: these are part of the key of what was found."""
        said = f"{_CODE} {self.rules} {self.shares} {self.seen.version if self.rules == 'copies' else ''}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@lru_cache(maxsize=8)
def finder(search: Search, names: frozenset[str]) -> Find:
    """What finds copies of tasks of these benchmarks: an index of them, made once in each process."""
    items = [item for benchmark in search.benchmarks if benchmark.name in names for item in benchmark.items]
    if search.rules == "paper":
        return PaperIndex(items).find
    return partial(find, index=Index(items, search.seen), p=search.shares)


def search_batch(search: Search, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A row for each row (text_id, benchmark, benchmark_version, text); a text is searched once for all of its own."""
    asked: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in batch.to_pylist():
        asked[row["text_id"]].append(row)
    rows = []
    for some in asked.values():
        hits = finder(search, frozenset(row["benchmark"] for row in some))(some[0]["text"] or "")
        copies = [hit for hit in hits if hit.is_copy]
        for row in some:
            mine = [_stored(hit) for hit in copies if hit.benchmark == row["benchmark"]]
            mine.sort(key=lambda one: (one["item"], one["part"], one["method"]))
            rows.append({**row, "hits": mine})
    yield pa.RecordBatch.from_pylist(rows, _FOUND_ARROW)


def _stored(hit: Hit) -> dict[str, Any]:
    found = {name: getattr(hit, name) for name in ("item", "part", "method")}
    # A share of weights in single precision: what stands behind the sixth digit hangs on the machine.
    return found | {"share": round(hit.share, 6), "limit": round(hit.limit, 6), "seen": without_surrogates(hit.text)}


def count_batch(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """In how many of the texts of the batch each word, and each run, stands."""
    for kind, (hashes, texts) in counted(text or "" for text in batch.column("text").to_pylist()).items():
        columns = [pa.array([kind] * len(hashes)), pa.array(hashes.view("int64")), pa.array(texts)]
        yield pa.RecordBatch.from_arrays(columns, schema=_COUNTED_ARROW)
