"""What the filter costs on a whole set: every signal and the rules' decision, by language, one core, CPU time.

    python -m benchmarks.signals --sources .cache/demo/sources.jsonl

Every distinct text of the manifest's sources is measured as the stage measures it, natural language and rules
included. The rate of the set is all its bytes by all their seconds. HTML, and with --chinese a folder of Chinese
documents, stand in the table with the rest and are left out of the second sum, since the goal for the signals leaves
them out. Python's own parser on the same Python files says how fast the machine is at the moment. Chinese words are
cut by jieba where that is installed; the row says which. --signals adds where the time goes: each signal's own seconds,
what several share with the first that asks.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.kernels import LEAST_LANGUAGE_MB, measure
from benchmarks.report import table
from benchmarks.stages import MB, Sample
from jobs.cli import guarded
from jobs.runtime.manifest import read_manifest
from udfs.languages.natural_language import natural_language
from udfs.reading import decoding
from udfs.reading import kinds as sources
from udfs.reading.limits import Limits
from udfs.reading.records import staged_batches
from udfs.rules.load import load_rules
from udfs.signals import applicable
from udfs.signals.registry import KINDS
from udfs.signals.views import View
from udfs.signals.words import tokenizer_version

APART = ("html", "(Chinese documents)")
OTHERS = "(others)"


def texts_of(manifest: str) -> list[Sample]:
    """Each distinct text of a manifest's sources that the filter would measure, in the order of their hashes."""
    found: dict[str, Sample] = {}
    for source in read_manifest(manifest):
        unit = sources.Unit(source.source_id, source.kind, source.location, source.revision)
        for location in sources.probe(unit).units:
            for batch in staged_batches(unit, location, Limits(), salt=""):
                for row in batch.select(["content_id", "path", "language", "kind", "text"]).to_pylist():
                    if row["text"] and row["kind"] in KINDS:
                        found.setdefault(row.pop("content_id"), Sample(**row))
    return [found[key] for key in sorted(found)]


def chinese_of(folder: str) -> list[Sample]:
    """The files of a folder as documents, those that are not Chinese left out."""
    files = (file for file in sorted(Path(folder).rglob("*")) if file.is_file())
    read = ((file.name, decoding.decode(file.read_bytes())) for file in files)
    texts = [(name, made.text) for name, made in read if isinstance(made, decoding.Decoded)]
    return [Sample(name, APART[1], "text", text) for name, text in texts if natural_language(text) == "zh"]


def by_language(texts: Iterable[Sample], rounds: int = 3, least_mb: float = LEAST_LANGUAGE_MB) -> list[dict[str, Any]]:
    """Files, MB and CPU seconds (median of the rounds) by language, slowest first. Small languages are one row."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for text in texts:
        groups[text.language or text.kind].append(text)
    for name in [n for n, some in groups.items() if _size(some) < least_mb and n not in APART]:
        groups[OTHERS] += groups.pop(name)
    seconds: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds + 1):  # the first compiles and loads
        for name, some in groups.items():
            began = time.process_time()
            measure(some if number else some[:3])
            seconds[name].append(time.process_time() - began)
    rows = [
        {"language": name, "files": len(some), "mb": _size(some), "cpu_seconds": median(seconds[name][1:])}
        for name, some in groups.items()
    ]
    return sorted(rows, key=lambda row: row["mb"] / row["cpu_seconds"])


def by_signal(texts: Sequence[Sample]) -> list[tuple[str, float]]:
    """CPU seconds of each signal over all texts, most first; the clock's own cost (0.3 s a million calls) included."""
    book, spent, clock = load_rules(), Counter[str](), time.thread_time
    for text in texts:
        began = clock()
        spoken = natural_language(text.text)
        now = clock()
        spent["natural language"] += now - began
        view = View(text.text, text.language or "", spoken)
        values = {}
        for signal in applicable(text.kind, text.language or ""):
            try:
                values[signal.name] = signal.function(view)
            except Exception:  # a failure is recorded elsewhere; here it is time
                values[signal.name] = None
            began, now = now, clock()
            spent[signal.name] += now - began
        book.evaluate(book.set_for(text.kind, text.language or "", spoken), values)
        spent["rules"] += clock() - now
    return spent.most_common()


def yardstick(texts: Iterable[Sample], rounds: int = 3) -> float:
    """MB per CPU second of Python's own parser (ast.parse) on the set's Python files: how fast this machine is now."""
    some = [text for text in texts if text.language == "python"]
    seconds = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(rounds):
            began = time.process_time()
            for text in some:
                with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                    ast.parse(text.text)
            seconds.append(time.process_time() - began)
    return _size(some) / median(seconds) if some else 0.0


def page(rows: Sequence[dict[str, Any]]) -> str:
    """The table by language and the sums."""
    said = [(r["language"], r["files"], f"{r['mb']:.2f}", f"{r['cpu_seconds']:.2f}", _rate([r])) for r in rows]
    inside = [r for r in rows if r["language"] not in APART]
    whole = [r for r in rows if r["language"] != APART[1]]
    lines = [
        table(("language", "files", "MB", "CPU s", "MB per CPU s"), said),
        f"The set: {sum(r['mb'] for r in whole):.1f} MB, {_rate(whole)} MB per CPU second; but HTML {_rate(inside)}; "
        f"slowest {inside[0]['language']}, {_rate(inside[:1])}.",
    ]
    return "\n\n".join([*lines, f"Chinese words: {tokenizer_version()}."] if len(whole) < len(rows) else lines)


def _rate(rows: Sequence[dict[str, Any]]) -> str:
    return f"{sum(r['mb'] for r in rows) / sum(r['cpu_seconds'] for r in rows):.1f}"


def _size(texts: Iterable[Sample]) -> float:
    return sum(len(text.text.encode()) for text in texts) / MB


def run(args: argparse.Namespace) -> int:
    texts = texts_of(args.sources)
    rows = by_language([*texts, *(chinese_of(args.chinese) if args.chinese else ())], args.rounds)
    print(page(rows))
    if parser := yardstick(texts, args.rounds):
        whole = sum(r["mb"] for r in rows) / sum(r["cpu_seconds"] for r in rows)
        print(
            f"\nPython's own parser on the set's Python files: {parser:.2f} MB per CPU second; the filter is", end=" "
        )
        print(f"{whole / parser:.1f} times as fast. Python {sys.version}.")
    if args.signals:
        spent, size = by_signal(texts), _size(texts)
        print("\n" + table(("signal", "ms per MB"), [(name, f"{1e3 * s / size:.2f}") for name, s in spent[:30]]))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signals", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sources", required=True, metavar="FILE", help="a manifest, as `refinelake fetch` wrote it")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="the median of N is shown")
    parser.add_argument("--chinese", metavar="DIR", help="a folder of Chinese documents, for a row of their own")
    parser.add_argument("--signals", action="store_true", help="also the seconds of each signal")
    args = parser.parse_args()
    return guarded(lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
