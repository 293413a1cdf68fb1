"""One whole run in a fresh warehouse, and the floor: the least a pass over the same bytes can cost here."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import functions as F

from benchmarks.memory import StageWatch
from jobs.code import flow
from jobs.code.ingest import ingest
from jobs.code.parameters import SECTIONS, Ingest
from jobs.runtime import releases, runner
from jobs.runtime.accounting import StageResult
from jobs.runtime.manifest import read_manifest
from jobs.runtime.tables import Lake
from schemas.code import CONTENTS, RAW_FILES
from schemas.params import load_params

MB = 1e6


@dataclass(frozen=True)
class Sample:
    """A text of the corpus with what the kernels are told of it."""

    path: str
    language: str | None
    kind: str
    text: str


def run_flow(lake: Lake, manifest: str, params: str | None = None) -> list[dict[str, Any]]:
    """Ingest and every stage with the parameters in force. One row per stage, sizes in MB, memory in MB resident."""
    watch = StageWatch()
    run = runner.Run(lake, "benchmark", flow.STAGES, load_params(SECTIONS, params), progress=watch)
    sources = read_manifest(manifest)

    def read_sources() -> StageResult:
        return ingest(run, sources, run.params[Ingest])[0]

    runner.run_stages(run, flow.STAGES, before=(("ingest", read_sources),))
    releases.name_versions(lake, run.run_id, flow.TABLES)
    run.held.let_go()
    return [_row(result, watch.stages[result.stage]) for result in run.results]


def _row(result: StageResult, seen: dict[str, float]) -> dict[str, Any]:
    return {
        "stage": result.stage,
        "rows": result.rows_read,
        "seconds": result.seconds,
        "cpu_seconds": seen["cpu"],
        "mb": result.bytes_read / MB,
        "jvm_mb": seen["jvm"] / MB,
        "worker_mb": seen["worker"] / MB,
    }


def floor(lake: Lake, folder: Path, repeats: int = 3) -> dict[str, Any]:
    """Read every text, SHA-256 it, write zstd parquet: medians, CPU of the process tree, JVM warm from the run."""
    contents = lake.read(CONTENTS)
    size = contents.agg(F.sum("text_bytes")).collect()[0][0] / MB
    runs = []
    watch = StageWatch()
    for _ in range(repeats):
        began, cpu = time.monotonic(), watch.cpu_seconds()
        rows = contents.select("content_id", F.sha2("text", 256).alias("digest"), "text")
        rows.write.mode("overwrite").option("compression", "zstd").parquet(str(folder / "floor"))
        runs.append((time.monotonic() - began, watch.cpu_seconds() - cpu))
    seconds, cpu = median(r[0] for r in runs), median(r[1] for r in runs)
    spread = max(r[1] for r in runs) - min(r[1] for r in runs)
    return {"mb": size, "seconds": seconds, "cpu_seconds": cpu, "spread_cpu_seconds": spread}


def against_floor(rows: list[dict[str, Any]], least: dict[str, Any]) -> list[dict[str, Any]]:
    """Add MB per CPU second, and each stage's CPU as a multiple of the floor over the whole corpus."""
    for row in rows:
        row["mb_per_cpu_second"] = row["mb"] / row["cpu_seconds"] if row["mb"] and row["cpu_seconds"] else None
        row["floors"] = row["cpu_seconds"] / least["cpu_seconds"] if least["cpu_seconds"] else None
    return rows


def sample_texts(lake: Lake, folder: Path, most_mb: float) -> list[Sample]:
    """Texts of the corpus in order of their hash, up to `most_mb` MB: a random sample that any machine draws again."""
    files = lake.read(RAW_FILES).where("kind not in ('excluded', 'unknown')")
    facts = files.groupBy("content_id").agg(F.min(F.struct("path", "language", "kind")).alias("f")).select("*", "f.*")
    contents = lake.read(CONTENTS).where("text_bytes > 0")
    total = contents.agg(F.sum("text_bytes")).collect()[0][0] / MB
    # A quarter above the wanted share, then cut to size: files are too unequal for the share itself.
    share = min(1.0, 1.25 * most_mb / total)
    drawn = F.conv(F.substring("content_id", 1, 8), 16, 10).cast("double") < F.lit(share * 2**32)
    columns = ("content_id", "path", "language", "kind", "text")
    place = str(folder / "sample")
    contents.where(drawn).join(facts, "content_id").select(*columns).write.mode("overwrite").parquet(place)
    rows = pq.read_table(place, columns=list(columns)).sort_by("content_id").to_pylist()
    found, size = [], 0
    for row in rows:
        size += len(row["text"].encode())
        if found and size > most_mb * MB:
            break
        found.append(Sample(row["path"], row["language"], row["kind"], row["text"]))
    return found
