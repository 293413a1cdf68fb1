"""What texts are searched for copies of benchmarks with: read on the driver and shipped to workers in the function."""

from __future__ import annotations

from jobs.corpus.parameters import Contamination
from jobs.runtime.places import read_bytes
from udfs.contamination.batches import Benchmark, Search
from udfs.contamination.frequencies import Frequencies, packaged, unpacked
from udfs.contamination.items import read_items


def search(p: Contamination) -> Search:
    """Raises ValueError where a file of a benchmark or of frequencies cannot be read."""
    given = {name: _bytes(place, "of a benchmark") if place else None for name, place in sorted(p.searched().items())}
    benchmarks = tuple(Benchmark.of(name, read_items(name, p.benchmarks[name], data)) for name, data in given.items())
    seen = _frequencies(p.frequencies) if benchmarks and p.rules == "copies" else Frequencies()
    return Search(benchmarks, p.rules, p.shares(), seen, seen.version)


def versions(p: Contamination) -> dict[str, str]:
    """Of each benchmark by name."""
    return {benchmark.name: benchmark.version for benchmark in search(p).benchmarks}


def _frequencies(place: str) -> Frequencies:
    return unpacked(_bytes(place, "that refinelake contamination --count wrote"), place) if place else packaged()


def _bytes(place: str, what: str) -> bytes:
    try:
        return read_bytes(place)
    except OSError as error:
        raise ValueError(f"{place}: expected a file {what}, found none that can be read ({error})") from None
