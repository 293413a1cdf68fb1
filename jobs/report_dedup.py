"""The report's table of deduplication: files, bytes and tokens before and after each step, as the paper's tables 9 and
13 give them, with the share that the fuzzy step removes.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import functions as F

from jobs.code.parameters import Dedup
from jobs.runtime.runner import Run
from schemas.code import EXACT_DUPLICATES, FILE_DECISIONS, FINGERPRINTS, NEAR_DUPLICATES, RAW_FILES

PAPER_FUZZY = 6.0
"""Per cent of the files that fuzzy deduplication removes after the exact one (OpenCoder, 2.1)."""
BYTES_PER_TOKEN = 3.9
"""Tokens are estimated: bytes of the files over what a token of a BPE of 16,384 holds on the tiny set, see
docs/decisions/dedup-strategy.md. `python -m benchmarks.dedup_strategies` counts them.
"""


def deduplication(run: Run) -> dict[str, Any]:
    """One pass over narrow tables. Of a file with chunks cut the bytes are in proportion to its chunks that stay."""
    p = run.params.get(Dedup, Dedup())
    near = run.facts(NEAR_DUPLICATES).select("file_id", F.col("keep").alias("near"), F.array_size("cut").alias("cut"))
    exact = run.facts(EXACT_DUPLICATES).select("file_id", F.col("keep").alias("exact"))
    rows = run.facts(FILE_DECISIONS).where("keep").select("file_id", "content_id").join(exact, "file_id")
    rows = rows.join(near, "file_id", "left").join(run.facts(RAW_FILES).select("file_id", "size_bytes"), "file_id")
    stays = F.lit(1.0)
    if p.chunks:
        chunks = run.facts(FINGERPRINTS).where("chunk > 0").groupBy(F.col("unit_id").alias("content_id"))
        rows = rows.join(chunks.agg(F.count(F.lit(1)).alias("chunks")), "content_id", "left")
        stays = 1 - F.coalesce(F.col("cut") / F.col("chunks"), F.lit(0.0))
    sums = []
    for condition, part in ((F.lit(True), F.lit(1.0)), (F.col("exact"), F.lit(1.0)), (F.col("near"), stays)):
        sums += [F.count_if(condition), F.sum(F.when(condition, F.col("size_bytes") * part))]
    found = [n or 0 for n in rows.agg(*sums, F.sum("cut")).collect()[0]]
    names = ("after type and size", "after exact copies", "after near copies")
    steps = [_step(name, *found[2 * n : 2 * n + 2], *found[:2]) for n, name in enumerate(names)]
    fuzzy = {c: 100 * (1 - steps[2][c] / (steps[1][c] or 1)) if steps[1][c] else 0.0 for c in ("files", "bytes")}
    return {"strategy": p.strategy, "steps": steps, "cut": found[6], "fuzzy": fuzzy, "paper": PAPER_FUZZY}


def _step(name: str, files: int, size: float, all_files: int, all_bytes: float) -> dict[str, Any]:
    share = {"files_share": 100 * files / (all_files or 1), "bytes_share": 100 * size / (all_bytes or 1)}
    return {"name": name, "files": files, "bytes": size, "tokens": size / BYTES_PER_TOKEN, **share}
