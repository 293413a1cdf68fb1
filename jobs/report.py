"""report.html of a run: what came in, what stayed, why the rest went, and what it cost. One file, no scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jinja2
import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Dedup
from jobs.code.resolved import resolved
from jobs.code.signals import SIGNALS
from jobs.report_dedup import deduplication
from jobs.report_examples import examples, top_drops
from jobs.report_pictures import (
    cost_bars,
    dedup_bars,
    funnel,
    group_bars,
    language_bars,
    pair_curve,
    reason_bars,
    replaced_bars,
)
from jobs.report_signals import histograms
from jobs.runtime import accounting
from jobs.runtime.accounting import StageResult
from jobs.runtime.progress import throughput, top_reasons
from jobs.runtime.releases import current_release
from jobs.runtime.runner import Run
from schemas import code, ops
from schemas.contract import Table
from schemas.pictures import style
from udfs.duplicates.fingerprint import collision_probability
from udfs.rules.sentences import label

LANGUAGES = 40
_GROUPED = ("name", "file_id", "representative", "group_size")


def report_page(run: Run) -> str:
    """Collect a few hundred aggregated rows and render them. The funnel shows each stage's newest recorded result."""
    page = resources.files("jobs").joinpath("report.html.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True).from_string(page)
    results = newest_results(run)
    shown = _facts(run, results)
    return template.render(
        run_id=run.run_id,
        made_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        release=current_release(run.lake),
        style=style(),
        pictures=_pictures(run, results, shown),
        number=lambda n: f"{n:,}",
        label=label,
        **shown,
    )


def _facts(run: Run, results: list[StageResult]) -> dict[str, Any]:
    return {
        "stages": [_stage_row(r) for r in results],
        "languages": languages(run),
        "reasons": top_drops(results),
        "examples": examples(run, results),
        "dedup": deduplication(run),
        "groups": group_sizes(run),
        "curve": s_curve(run),
        "cleaning": cleaning(run, results),
        "checks": checks(run),
        "ids": resolved(run.facts) if run.lake.version(ops.REJECTS.name) is not None else [],
        "stale": _rows(run, ops.SOURCES, "status <> 'fresh'", 50),
    }


def _pictures(run: Run, results: list[StageResult], shown: dict[str, Any]) -> dict[str, Any]:
    measured = None
    if run.lake.version(SIGNALS.name) is not None:  # wide and read once: kept only where the run did so already
        measured = recorded(run, SIGNALS, run.held.narrow(SIGNALS, None, small=False), results)
    return {
        "funnel": funnel(run, results),
        "languages": language_bars(shown["languages"]),
        "reasons": reason_bars(shown["reasons"]),
        "signals": histograms(run, results, measured),
        "dedup": dedup_bars(shown["dedup"]["steps"]),
        "groups": {name: group_bars(name, rows) for name, rows in shown["groups"].items()},
        "replaced": replaced_bars(shown["cleaning"]["kinds"]),
        "cost": cost_bars(results),
    }


def newest_results(run: Run) -> list[StageResult]:
    """One result per stage in the order of the flow: of this run, else the newest recorded."""
    known = accounting.finished_work(run.lake) | {r.stage: r for r in run.results}
    order = ["ingest", *(s.name for s in run.flow)]
    return [known[name] for name in order if name in known]


def _stage_row(r: StageResult) -> dict[str, Any]:
    share = 100.0 * r.rows_kept / r.rows_read if r.rows_read else 100.0
    return {"r": r, "share": share, "reasons": top_reasons(r, 5), "rate": throughput(r)}


def languages(run: Run) -> list[dict[str, Any]]:
    """Files and bytes by language, before (raw_files) and after (code_corpus)."""
    raw = run.facts(code.RAW_FILES).groupBy(F.coalesce("language", F.lit("(unknown)")).alias("language"))
    raw = raw.agg(F.first("kind").alias("kind"), F.count(F.lit(1)).alias("files"), F.sum("size_bytes").alias("bytes"))
    kept = run.facts(code.CODE_CORPUS).groupBy("language")
    kept = kept.agg(F.count(F.lit(1)).alias("kept_files"), F.sum("text_bytes").alias("kept_bytes"))
    rows = [r.asDict() for r in raw.join(kept, "language", "left").na.fill(0).collect()]
    before, after = (sum(r[c] for r in rows) or 1 for c in ("bytes", "kept_bytes"))
    for row in rows:
        row["share"], row["kept_share"] = 100 * row["bytes"] / before, 100 * row["kept_bytes"] / after
    return sorted(rows, key=lambda r: -r["bytes"])[:LANGUAGES]


def group_sizes(run: Run) -> dict[str, list[dict[str, Any]]]:
    """Number of duplicate groups by size, sizes above 10 in powers of two."""
    tables = {"exact": code.EXACT_DUPLICATES, "near": code.NEAR_DUPLICATES}
    sizes = [
        run.facts(t).where("file_id = representative").select(F.lit(n).alias("name"), "group_size")
        for n, t in tables.items()
    ]
    groups = sizes[0].unionAll(sizes[1]).where("group_size > 1").groupBy("name", "group_size").count()
    shown: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in tables}
    for r in groups.orderBy("group_size").collect():
        size = _size_label(r["group_size"])
        number, files = shown[r["name"]].get(size, (0, 0))
        shown[r["name"]][size] = (number + r["count"], files + r["count"] * r["group_size"])
    return {n: [{"size": k, "groups": g, "files": f} for k, (g, f) in found.items()] for n, found in shown.items()}


def _size_label(size: int) -> str:
    if size <= 10:
        return str(size)
    low = max(11, 1 << (size.bit_length() - 1))
    return f"{low} to {(1 << size.bit_length()) - 1}"


def s_curve(run: Run) -> dict[str, Any]:
    """The S-curve of the setting in force as SVG, with a histogram of the candidate pairs found."""
    p = run.params.get(Dedup, Dedup())
    bucket = F.floor(F.least(F.col("similarity"), F.lit(0.9999)) * 50)
    pairs = run.facts(code.NEAR_PAIRS).groupBy(bucket.alias("b"), "verified").count().collect()
    line = collision_probability(np.linspace(0.0, 1.0, 201), p.bands, p.rows)
    found = {True: np.zeros(50), False: np.zeros(50)}
    for r in pairs:
        found[r["verified"]][r["b"]] += r["count"]
    middle = (1.0 / p.bands) ** (1.0 / p.rows)
    total, verified = int(sum(v.sum() for v in found.values())), int(found[True].sum())
    svg = pair_curve(line, found[True], found[False])
    return {"svg": svg, "p": p, "middle": middle, "pairs": total, "verified": verified}


def recorded(run: Run, table: Table, rows: DataFrame, results: list[StageResult]) -> DataFrame:
    """Of rows of a measured table those of the kernel recorded for it: a warehouse may be older than this code."""
    kernel = next((r.kernel_version for r in results if r.table_name == table.name), None) or run.kernel(table)
    return rows.where(F.col("kernel_version") == kernel)


def cleaning(run: Run, results: list[StageResult]) -> dict[str, Any]:
    """How many texts lost a header, and replacements by kind."""
    rows = recorded(run, code.CLEANED_TEXTS, run.narrow(code.CLEANED_TEXTS), results)
    facts = rows.agg(
        F.count(F.lit(1)).alias("texts"),
        F.count_if(F.expr("header_bytes > 0")).alias("headers"),
        F.count_if(F.expr("failure is not null")).alias("failed"),
        F.count_if(F.expr("clean_id <> content_id")).alias("changed"),
    ).collect()[0]
    kinds = rows.select(F.explode("replaced").alias("kind", "n")).groupBy("kind").agg(F.sum("n"), F.count(F.lit(1)))
    return {**facts.asDict(), "kinds": sorted(tuple(r) for r in kinds.collect())}


def checks(run: Run) -> list[dict[str, Any]]:
    """Results of the newest checked publication."""
    rows = [row for row in run.lake.small(ops.CHECKS) if row["table_name"] == code.CODE_CORPUS.name]
    newest = max((row["checked_at"] for row in rows), default=None)
    return sorted((row for row in rows if row["checked_at"] == newest), key=lambda row: row["check_name"])


def _rows(run: Run, table: Table, condition: str, most: int) -> list[dict[str, Any]]:
    if run.lake.version(table.name) is None:
        return []
    rows: DataFrame = run.facts(table).where(condition).orderBy(*table.key).limit(most)
    return [r.asDict() for r in rows.collect()]
