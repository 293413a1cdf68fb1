"""python -m benchmarks.tokens --warehouse DIR --tokenizer DIR: the kernel of token tables against the library alone.

Both encode the same Arrow batches in the same process on one thread, in turns, CPU time. "encode_batch" is what the
library's own call gives for the texts as Python strings; the kernel takes an Arrow batch and returns one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa

from benchmarks.__main__ import machine
from jobs.cli import guarded
from udfs.tokens.fim import Fim
from udfs.tokens.tokenizer import TextTokenizer
from udfs.tokens.tokenizing import Shipped, token_batches

ROWS, BYTES = 512, 16 * 1024**2
"""A batch as Spark hands it over (spark-defaults.conf)."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tokens", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--warehouse", required=True, help="location of the Delta tables")
    parser.add_argument("--tokenizer", required=True, metavar="DIR", help="folder of a tokenizer")
    parser.add_argument("--mb", type=float, default=8.0, help="MB of text")
    parser.add_argument("--rounds", type=int, default=5, help="times that each is measured")
    parser.add_argument("--out", default=".cache/bench", metavar="DIR", help="folder for the results")
    args = parser.parse_args()
    return guarded(lambda: run(args))


def run(args: argparse.Namespace) -> int:
    """Measure, print a table and write DIR/tokens.json."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    tokenizer = TextTokenizer.read(args.tokenizer)
    batches = list(corpus_batches(args.warehouse, args.mb))
    result = {"machine": machine(), "vocabulary": tokenizer.size, **measure(tokenizer, batches, args.rounds)}
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokens.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    print("\n".join(page(result)))
    return 0


def corpus_batches(warehouse: str, mb: float) -> Iterator[pa.RecordBatch]:
    """Batches (content_id, text) of code_corpus, of at most ROWS rows and BYTES bytes, `mb` MB in all."""
    import pyarrow.parquet as pq

    from jobs.runtime.snapshot import Snapshot

    rows: list[tuple[str, str]] = []
    size, total = 0, 0
    files = sorted(Path(Snapshot.newest(warehouse).warehouse, "code_corpus").rglob("*.parquet"))
    for file in files:
        for part in pq.ParquetFile(file).iter_batches(64, columns=["clean_id", "text"]):
            for content_id, text in zip(part["clean_id"].to_pylist(), part["text"].to_pylist(), strict=True):
                length = len(text.encode())
                if rows and (len(rows) == ROWS or size + length > BYTES):
                    yield _batch(rows)
                    rows, size = [], 0
                rows.append((content_id, text))
                size, total = size + length, total + length
                if total >= mb * 1e6:
                    yield _batch(rows)
                    return
    if rows:
        yield _batch(rows)


def _batch(rows: list[tuple[str, str]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.array(column) for column in zip(*rows, strict=True)], ["content_id", "text"])


def measure(tokenizer: TextTokenizer, batches: list[pa.RecordBatch], rounds: int) -> dict[str, Any]:
    """MB of text per CPU second of each way, and the kernel's share of encode_batch in the median of the rounds."""
    from tokenizers import Tokenizer

    library = Tokenizer.from_str(tokenizer.serialised)
    library.encode_special_tokens = True
    texts = [batch["text"].to_pylist() for batch in batches]
    shipped = Shipped.of(tokenizer)
    ways: dict[str, Callable[[], object]] = {
        "encode_batch": lambda: [library.encode_batch(part, add_special_tokens=False) for part in texts],
        "encode_batch_fast": lambda: [library.encode_batch_fast(part, add_special_tokens=False) for part in texts],
        "kernel": lambda: [list(token_batches(shipped, Fim(), batch)) for batch in batches],
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            began = time.process_time()
            way()
            seconds[name].append(time.process_time() - began)
    timed = {name: found[1:] for name, found in seconds.items()}  # the first round warms up
    mb = sum(len(text.encode()) for part in texts for text in part) / 1e6
    shares = [a / b for a, b in zip(timed["encode_batch"], timed["kernel"], strict=True)]
    return {
        "mb": mb,
        "texts": sum(map(len, texts)),
        "mb_per_cpu_second": {name: mb / median(found) for name, found in timed.items()},
        "kernel_against_encode_batch": median(shares),
        "lowest": min(shares),
        "highest": max(shares),
    }


def page(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['texts']:,} texts, {result['mb']:.1f} MB, vocabulary {result['vocabulary']:,}"]
    lines += [f"{name:<18} {rate:>6.2f} MB per CPU s" for name, rate in result["mb_per_cpu_second"].items()]
    share, low, high = (result[name] for name in ("kernel_against_encode_batch", "lowest", "highest"))
    return [*lines, f"kernel / encode_batch {share:.2f} (rounds from {low:.2f} to {high:.2f}; goal 0.9)"]


if __name__ == "__main__":
    sys.exit(main())
