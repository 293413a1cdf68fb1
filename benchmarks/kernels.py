"""The kernels alone: one core, CPU time, median of three rounds over the same texts."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.stages import MB, Sample
from udfs import signals
from udfs.cleaning import clean as cleaning
from udfs.duplicates import shingling
from udfs.duplicates.fingerprint import Fingerprint, fingerprint_texts
from udfs.languages import detect as languages
from udfs.languages.natural_language import natural_language
from udfs.reading import decoding
from udfs.rules.load import load_rules

Work = Callable[[Sequence[Sample]], object]
BATCH = 512
"""Texts a batch, as spark-defaults.conf sets it."""
LEAST_LANGUAGE_MB = 0.1
"""Languages with less text in the sample are not listed: one odd file would be their rate."""


def tokenising(texts: Sequence[Sample]) -> None:
    """Bytes to tokens to shingle hashes, without the sketch."""
    for sample in texts:
        raw = np.frombuffer(sample.text.encode(), np.uint8)
        shingling.shingle_hashes(raw, shingling.BYTE_CLASSES, 5, np.empty(raw.size + 1, np.uint64))


def fingerprint(sketch: str) -> Work:
    """The whole fingerprint over Arrow batches, as the stage runs it."""
    p = Fingerprint(sketch=sketch)  # type: ignore[arg-type]

    def work(texts: Sequence[Sample]) -> None:
        for batch in batched_texts(texts):
            fingerprint_texts(batch, p)

    return work


def batched_texts(texts: Sequence[Sample]) -> Iterator[pa.Array]:
    for first in range(0, len(texts), BATCH):
        yield pa.array([s.text for s in texts[first : first + BATCH]])


def sha256(texts: Sequence[Sample]) -> None:
    for sample in texts:
        hashlib.sha256(sample.text.encode()).digest()


def decode(texts: Sequence[Sample]) -> None:
    for sample in texts:
        decoding.decode(sample.text.encode())


def detect(texts: Sequence[Sample]) -> None:
    for sample in texts:
        languages.detect(sample.path, sample.text)


def clean(texts: Sequence[Sample]) -> None:
    for sample in texts:
        cleaning.clean(sample.text, language=sample.language, kind=sample.kind)


def measure(texts: Sequence[Sample]) -> None:
    """Natural language, every signal of the text's kind, as the stage runs them, and the rules of its set."""
    book = load_rules()
    for s in texts:
        spoken = natural_language(s.text)
        values, _ = signals.measure(s.text, language=s.language or "", kind=s.kind, natural_language=spoken)
        book.evaluate(book.set_for(s.kind, s.language or "", spoken), values)


KERNELS: dict[str, Work] = {
    "SHA-256": sha256,
    "decoding": decode,
    "tokenising and shingling": tokenising,
    "fingerprint, fss": fingerprint("fss"),
    "fingerprint, minhash (datasketch)": fingerprint("minhash"),
    "language detection": detect,
    "cleaning": clean,
    "signals": measure,
}
SLOW = "fingerprint, minhash (datasketch)"


def rate(work: Work, texts: Sequence[Sample], rounds: int = 3) -> dict[str, float]:
    """MB, CPU seconds (median of the rounds) and MB per CPU second, after one small round that compiles and loads."""
    work(texts[:8])
    size = sum(len(s.text.encode()) for s in texts) / MB
    seconds = []
    for _ in range(rounds):
        began = time.process_time()
        work(texts)
        seconds.append(time.process_time() - began)
    cpu = median(seconds)
    return {"mb": size, "cpu_seconds": cpu, "mb_per_cpu_second": size / cpu if cpu else 0.0}


def measure_kernels(texts: Sequence[Sample], slow_mb: float = 3.0) -> list[dict[str, Any]]:
    """One row per kernel; datasketch gets the first `slow_mb` MB only."""
    rows = []
    for name, work in KERNELS.items():
        some = first_mb(texts, slow_mb) if name == SLOW else texts
        rows.append({"kernel": name, **rate(work, some)})
    return rows


def signals_by_language(texts: Sequence[Sample], least_mb: float = LEAST_LANGUAGE_MB) -> list[dict[str, Any]]:
    """Rate of the signals for each language with enough text, slowest first."""
    rows = []
    ordered = sorted(texts, key=lambda s: s.language or "")
    for language, group in groupby(ordered, key=lambda s: s.language or ""):
        mine = list(group)
        if sum(len(s.text.encode()) for s in mine) >= least_mb * MB:
            rows.append({"language": language, "files": len(mine), **rate(measure, mine)})
    return sorted(rows, key=lambda r: r["mb_per_cpu_second"])


def first_mb(texts: Sequence[Sample], most_mb: float) -> Sequence[Sample]:
    size = 0
    for i, sample in enumerate(texts):
        size += len(sample.text.encode())
        if size > most_mb * MB:
            return texts[: max(i, 1)]
    return texts
