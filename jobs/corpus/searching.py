"""What texts are searched for copies of benchmarks with: read on the driver and shipped to workers in the function."""

from __future__ import annotations

import json
from functools import lru_cache

from jobs.corpus.parameters import Contamination
from jobs.runtime.places import read_bytes
from jobs.runtime.store_errors import remedy
from udfs.contamination.batches import Benchmark, Search
from udfs.contamination.frequencies import Frequencies, packaged, unpacked
from udfs.contamination.items import read_items


def search(p: Contamination) -> Search:
    """Raises ValueError where a file of a benchmark or of frequencies cannot be read."""
    given = {name: _bytes(place, "of a benchmark") if place else None for name, place in sorted(p.searched().items())}
    benchmarks = tuple(_benchmark(name, p.benchmarks[name], data) for name, data in given.items())
    return Search(benchmarks, p.rules, p.shares(), _frequencies(p) if benchmarks else Frequencies())


def versions(p: Contamination) -> dict[str, str]:
    """Of each benchmark by name."""
    return {benchmark.name: benchmark.version for benchmark in search(p).benchmarks}


def in_force(p: Contamination) -> str:
    """Identity of the tasks that are searched for: another file at the same place is another piece of work."""
    return json.dumps(versions(p), sort_keys=True)


def _frequencies(p: Contamination) -> Frequencies:
    if p.rules != "copies":
        return Frequencies()
    what = "that refinelake contamination --count wrote"
    return _unpacked(_bytes(p.frequencies, what), p.frequencies) if p.frequencies else packaged()


# A run asks a dozen times what is in force: files are read anew each time, and taken apart once.
_benchmark = lru_cache(maxsize=64)(lambda name, place, data: Benchmark.of(name, read_items(name, place, data)))
_unpacked = lru_cache(maxsize=2)(unpacked)


def _bytes(place: str, what: str) -> bytes:
    try:
        return read_bytes(place)
    except OSError as error:
        raise ValueError(f"{place}: expected a file {what}, found none that can be read: {remedy(error)}") from None
