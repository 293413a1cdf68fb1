"""The learned quality score: how fast it is, and how well it agrees with labels that it did not see.

    python -m benchmarks.quality --sources .cache/demo/sources.jsonl

Heads on hashed n-grams and fastText on the same tokens are trained on the same labels and measured on repositories that
neither saw: rank correlation, area under the curve, MB a second of CPU time on one core. The labels
are a stand-in: three criteria from 1 to 5 that a program reads off stored signals, one in three of them moved by one,
as a judge that is not sure would. They say whether a head can learn such a thing, not how good it is with a model's.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.report import table
from jobs.cli import guarded
from jobs.runtime.manifest import read_manifest
from udfs.quality.features import sums_of
from udfs.quality.heads import Labelled, fitted, share
from udfs.quality.measuring import auc, spearman
from udfs.reading import kinds as sources
from udfs.reading.limits import Limits
from udfs.reading.records import staged_batches
from udfs.signals import measure

BITS, MOST_BYTES = 18, 32_768
_NAMES = ("frac_chars_comments", "num_chars_line_mean", "frac_words_unique", "frac_chars_digital")


def texts_of(manifest: str) -> dict[str, list[tuple[str, str]]]:
    """By language (text, repository) of each distinct code file of a manifest's sources."""
    found: dict[str, tuple[str, str, str]] = {}
    for source in read_manifest(manifest):
        unit = sources.Unit(source.source_id, source.kind, source.location, source.revision)
        for location in sources.probe(unit).units:
            for batch in staged_batches(unit, location, Limits(), salt=""):
                for row in batch.select(["content_id", "language", "kind", "text"]).to_pylist():
                    if row["text"] and row["kind"] == "code":
                        found[row["content_id"]] = (row["language"], row["text"], source.repo or source.source_id)
    by = defaultdict(list)
    for key in sorted(found):
        by[found[key][0]].append(found[key][1:])
    return by


def stand_in(text: str, language: str) -> float:
    """Mean of three whole numbers from 1 to 5: is it explained, is it laid out to be read, does it say new things."""
    head = text[:16_000]
    values, _ = measure(head, language=language, kind="code", natural_language="en")
    comments, line, unique, digits = (float(values.get(f"qsc_code_{name}") or 0.0) for name in _NAMES)
    explained = 1 + 4 * min(comments, 0.25) / 0.25 - (2 if comments > 0.6 else 0)
    laid_out = 5 - abs(line - 32) / 10 - 10 * digits
    new = 1 + 4 * min(unique / 0.5, 1.0)
    marks = []
    for name, value in (("explained", explained), ("laid_out", laid_out), ("new", new)):
        moved = share(head, name)
        marks.append(min(5, max(1, round(value) + (1 if moved < 1 / 6 else -1 if moved > 5 / 6 else 0))))
    return mean(marks)


def by_fasttext(train: Sequence[Labelled], held: Sequence[Labelled], middle: float) -> tuple[np.ndarray, float]:
    """(scores, CPU seconds) of fastText on the words and marks of the texts, two labels."""
    import re

    import fasttext

    from udfs.web.fasttext_process import trained

    token = re.compile(r"\w+|[^\w\s]|\n[ \t]*")

    def words(text: str) -> str:
        return " ".join([t if t[0] != "\n" else f"_{len(t) // 2}" for t in token.findall(text[:MOST_BYTES])])

    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder, "lines")
        said = (f"__label__{'yes' if e.score >= middle else 'no'} {words(e.text)}\n" for e in train)
        lines.write_text("".join(said), encoding="utf-8")
        model = f"{folder}/model.bin"
        settings = {"dim": 64, "lr": 0.5, "wordNgrams": 2, "minCount": 2, "epoch": 10, "bucket": 2**18, "thread": 1}
        trained(str(lines), model, settings)
        loaded = fasttext.load_model(model)
        started = time.process_time()
        labels, chances = loaded.f.multilinePredict([words(e.text) + "\n" for e in held], 2, 0.0, "strict")
        took = time.process_time() - started
    found = [dict(zip(n, c, strict=True)).get("__label__yes", 0.0) for n, c in zip(labels, chances, strict=True)]
    return np.array(found), took


def by_head(train: Sequence[Labelled], held: Sequence[Labelled]) -> tuple[np.ndarray, float]:
    head = fitted(train, MOST_BYTES, BITS)
    texts = pa.array([e.text for e in held], pa.large_string())
    weights, of = head.weights[None, :], np.zeros(len(held), np.int64)
    sums_of(texts[:1], of[:1], weights, MOST_BYTES)
    seconds = []
    for _ in range(5):
        started = time.process_time()
        scores, _ = sums_of(texts, of, weights, MOST_BYTES)
        seconds.append(time.process_time() - started)
    return scores, median(seconds)


def run(args: argparse.Namespace) -> int:
    by = texts_of(args.sources)
    rows = []
    for language, texts in sorted(by.items(), key=lambda item: -len(item[1])):
        repos = Counter(repo for _, repo in texts)
        if len(texts) < args.least or len(repos) < 4:
            continue
        labelled = [Labelled(text[:MOST_BYTES], stand_in(text, language), repo) for text, repo in texts[: args.most]]
        rows.append(_row(language, labelled))
        print(rows[-1], file=sys.stderr, flush=True)
    names = ("language", "labels", "held out", "head: rho", "AUC", "MB/s", "fastText: rho", "AUC", "MB/s")
    print(table(names, rows))
    return 0


def _row(language: str, labelled: Sequence[Labelled]) -> tuple[Any, ...]:
    held = [e for e in labelled if share(e.group, "held_out") < 0.3]
    train = [e for e in labelled if share(e.group, "held_out") >= 0.3]
    middle = median(e.score for e in train)
    truth = [e.score for e in held]
    size = sum(len(e.text.encode()) for e in held) / 1e6
    ways: tuple[Callable[[], tuple[np.ndarray, float]], ...] = (
        lambda: by_head(train, held),
        lambda: by_fasttext(train, held, middle),
    )
    row: list[Any] = [language, len(labelled), len(held)]
    for way in ways:
        scores, seconds = way()
        rho, area = spearman(scores, truth), auc(scores, [t >= middle for t in truth])
        row += [f"{rho or 0:.2f}", f"{area or 0:.2f}", f"{size / max(seconds, 1e-6):.0f}"]
    return tuple(row)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--sources", required=True, metavar="FILE", help="manifest of the texts")
    parser.add_argument("--least", type=int, default=300, help="files that a language has to have")
    parser.add_argument("--most", type=int, default=2000, help="files of a language that are labelled")
    args = parser.parse_args()
    return guarded(lambda: run(args))


if __name__ == "__main__":
    sys.exit(main())
