"""python -m benchmarks.dedup_strategies --sources MANIFEST: what each strategy of deduplication keeps.

Tables 9 and 13 of the paper, for a set of sources. One warehouse is ingested once, then the stages up to
near_duplicates run under each strategy in turn. Files, bytes and tokens are those of the raw texts that are left, less
the chunks that are cut, before cleaning and filter. Tokens are counted with a byte-level BPE: of --tokenizer, else one
of 16,384 tokens trained on 4 MB of the set.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.__main__ import machine
from benchmarks.token_counts import counted
from jobs.cli import guarded
from jobs.code import flow
from jobs.code.draws import draw
from jobs.code.ingest import ingest
from jobs.code.parameters import SECTIONS, Dedup, Ingest
from jobs.code.texts import kept_files
from jobs.runtime.manifest import read_manifest
from jobs.runtime.runner import Run, run_stages
from jobs.runtime.session import session
from jobs.runtime.tables import Lake
from schemas.code import CONTENTS, EXACT_DUPLICATES, FILE_DECISIONS, FINGERPRINTS, NEAR_DUPLICATES, RAW_FILES
from schemas.params import load_params
from udfs.duplicates.fingerprint import STRATEGIES
from udfs.tokens.tokenizer import TextTokenizer

STAGES = ("exact_duplicates", "fingerprints", "near_pairs", "near_duplicates")
VOCABULARY, SAMPLE_BYTES = 16_384, 4_000_000
PAPER = {
    "file": (485_817_123, 30_488_834, 32.74),
    "repository": (11_037_352, 7_480_488, 99.47),
    "chunk": (333_007_812, 79_272_460, 324.70),
    "file+chunk": (485_817_123, 7_993_164, 32.70),
    "repository+chunk": (11_037_352, 17_675_781, 72.40),
}
"""Tables 9 and 13 of arXiv 2411.04905, Python: files, repositories or chunks before and after, 1e9 tokens left."""


@dataclass(frozen=True)
class Volume:
    """What stands at one point: files and repositories, bytes and tokens of the texts, of these in copies of files."""

    files: int
    repositories: int
    bytes: int
    tokens: int
    copied_tokens: int


def main() -> int:
    about = (__doc__ or "").partition(": ")[2]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dedup_strategies", description=about)
    parser.add_argument("--sources", required=True, metavar="FILE", help="manifest, as `refinelake fetch` wrote it")
    parser.add_argument("--tokenizer", metavar="DIR", help="tokenizer to count with (default: trained on the set)")
    parser.add_argument("--set", action="append", default=[], metavar="dedup.NAME=VALUE", help="one parameter")
    parser.add_argument("--out", default=".cache/bench", metavar="DIR", help="folder for the results")
    args = parser.parse_args()
    return guarded(lambda: run(args))


def run(args: argparse.Namespace) -> int:
    """Measure, print a table and write DIR/dedup_strategies.json."""
    params = load_params(SECTIONS, None, args.set)
    with tempfile.TemporaryDirectory(prefix="refinelake-dedup-") as scratch:
        lake = Lake(session(), f"{scratch}/warehouse")
        _stages(lake, "ingest", params, ("file_decisions",), args.sources)
        place = args.tokenizer or _trained(lake, f"{scratch}/tokenizer")
        sizes = f"{scratch}/sizes"
        counted(lake.read(CONTENTS).withColumn("cut", F.lit(None)), place).write.parquet(sizes)
        found = {}
        for strategy in STRATEGIES:
            p = replace(params[Dedup], strategy=strategy)
            stages = _stages(lake, strategy, params | {Dedup: p}, STAGES)
            found[strategy] = _measured(stages, lake.spark.read.parquet(sizes), place)
            print(f"{strategy}: {found[strategy]['kept']}", flush=True)
        said = args.tokenizer or f"a BPE of {VOCABULARY:,} tokens trained on {SAMPLE_BYTES / 1e6:.0f} MB of the set"
        result = {"machine": machine(), "tokens_by": said, "strategies": found}
    Path(args.out).mkdir(parents=True, exist_ok=True)
    Path(args.out, "dedup_strategies.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    print("\n".join(page(result)))
    return 0


def _stages(lake: Lake, name: str, params: dict[type, Any], names: tuple[str, ...], sources: str | None = None) -> Run:
    """Carry out stages by name, after ingest where there are sources."""
    work = Run(lake, name, flow.STAGES, params)
    before: tuple[tuple[str, Callable[[], Any]], ...] = ()
    if sources:
        before = (("ingest", lambda: ingest(work, read_manifest(sources), params[Ingest])[0]),)
    run_stages(work, tuple(s for s in flow.STAGES if s.name in names), before=before)
    return work


def _trained(lake: Lake, place: str) -> str:
    contents = lake.read(CONTENTS)
    share = SAMPLE_BYTES / (contents.agg(F.sum("text_bytes")).collect()[0][0] or 1)
    sample = contents.where(draw(F.col("content_id"), "dedup strategies:") < share).select("text")
    TextTokenizer.train((row["text"] for row in sample.toLocalIterator()), VOCABULARY).save(place)
    return place


def _measured(run: Run, sizes: DataFrame, tokenizer: str) -> dict[str, Any]:
    """Volumes at the beginning, after exact deduplication and at the end, and chunks before and after."""
    raw, near = run.read(RAW_FILES), run.read(NEAR_DUPLICATES)
    left = kept_files(near, raw)
    cut = left.where("cut is not null").select("content_id", "cut").distinct()
    contents = run.read(CONTENTS).select(F.col("content_id").alias("whole"), "text")
    cut_sizes = counted(cut.join(contents, F.col("cut.content_id") == F.col("whole")), tokenizer)
    points = {
        "entered": run.read(FILE_DECISIONS).where("keep").select("file_id").join(raw, "file_id"),
        "distinct": run.read(EXACT_DUPLICATES).where("keep").select("file_id").join(raw, "file_id"),
        "kept": left,
    }
    every = sizes.union(cut_sizes)
    volumes = {name: asdict(_volume(rows.join(every, "content_id"))) for name, rows in points.items()}
    return volumes | {"chunks": _chunks(run, near)}


def _volume(rows: DataFrame) -> Volume:
    once = rows.groupBy("content_id").agg(F.count(F.lit(1)).alias("n"), F.first("tokens").alias("tokens"))
    copied = once.agg(F.sum(F.expr("(n - 1) * tokens"))).collect()[0][0]
    sums = (F.count(F.lit(1)), F.count_distinct("repo_id"), F.sum("bytes"), F.sum("tokens"))
    return Volume(*(n or 0 for n in (*rows.agg(*sums).collect()[0], copied)))


def _chunks(run: Run, near: DataFrame) -> list[int]:
    """Chunks of the files that exact deduplication left, and chunks kept; two zeros where chunks are not compared."""
    numbers = run.read(FINGERPRINTS).where("chunk > 0").groupBy("unit_id").agg(F.count(F.lit(1)).alias("n"))
    files = near.join(numbers, near["content_id"] == numbers["unit_id"])
    kept = F.when(F.col("keep"), F.col("n") - F.coalesce(F.array_size("cut"), F.lit(0))).otherwise(0)
    return [n or 0 for n in files.agg(F.sum("n"), F.sum(kept)).collect()[0]]


def page(result: dict[str, Any]) -> list[str]:
    """The result as Markdown."""
    lines = [
        f"Tokens by {result['tokens_by']}.",
        "",
        "| strategy | files | repositories | chunks | MB | M tokens | kept, of tokens | in copies of files "
        "| fuzzy step removes, files / bytes / tokens | paper: lines | paper: 1e9 tokens |",
        "|" + " --- |" * 11,
    ]
    for name, found in result["strategies"].items():
        entered, distinct, kept = (found[point] for point in ("entered", "distinct", "kept"))
        fuzzy = " / ".join(f"{_less(kept[c], distinct[c]):.1f} %" for c in ("files", "bytes", "tokens"))
        chunks = " to ".join(f"{n:,}" for n in found["chunks"] if found["chunks"][0])
        before, after, tokens = PAPER[name]
        shares = (100 - _less(kept["tokens"], entered["tokens"]), 100 * kept["copied_tokens"] / max(kept["tokens"], 1))
        cells = [
            name,
            f"{entered['files']:,} to {kept['files']:,}",
            f"{entered['repositories']:,} to {kept['repositories']:,}",
            chunks,
            f"{kept['bytes'] / 1e6:.2f}",
            f"{kept['tokens'] / 1e6:.3f}",
            *(f"{share:.1f} %" for share in shares),
            fuzzy + (" (paper: about 6 %)" if name == "file" else ""),
            f"{before:,} to {after:,}",
            f"{tokens:.2f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _less(after: int, before: int) -> float:
    """Per cent that went."""
    return 100.0 * (before - after) / max(before, 1)


if __name__ == "__main__":
    sys.exit(main())
