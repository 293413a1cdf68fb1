"""The pictures of report.html: each a sentence that says what it shows, and an SVG (schemas/pictures.py)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.accounting import StageResult
from jobs.runtime.runner import Run
from schemas import code, ops
from schemas.lettering import amount
from schemas.pictures import Bar, Step, bars, curve, flow, pairs
from udfs.rules.sentences import label

FLOOR = 81.0
"""MB of text per CPU second of the least pass over it: read, SHA-256, write zstd parquet (docs/performance.md)."""
LANGUAGES = 16
REASONS = 12


@dataclass(frozen=True)
class Picture:
    """`say` stands above; both are empty where there is nothing to show."""

    say: str
    svg: str


def funnel(run: Run, results: list[StageResult]) -> Picture:
    """The stages that decide about files, with bytes as found."""
    deciding = {s.writes.name: s.name for s in run.flow if {"file_id", "keep"} <= set(s.writes.names)}
    shown = [r for r in results if r.stage == "ingest" or r.table_name in deciding]
    if not shown or not shown[0].rows_read:
        return Picture("", "")
    raw, gone = _bytes_gone(run, [r.table_name for r in shown if r.stage != "ingest"])
    left = raw + gone.get("ingest", 0)
    steps = []
    for r in shown:
        stays = left - gone.get("ingest" if r.stage == "ingest" else r.table_name, 0)
        steps.append(Step(r.stage, r.rows_read, r.rows_kept, left, stays, _why(r)))
        left = stays
    return Picture(_said(steps, shown), flow(steps, "Files and bytes that each stage keeps and drops"))


def _said(steps: list[Step], shown: list[StageResult]) -> str:
    found, kept = steps[0].files, steps[-1].kept
    most = max(shown, key=lambda r: r.rows_dropped)
    said = f"Of {found:,} files {kept:,} are in the corpus ({_percent(kept, found)}), which were "
    said += f"{amount(steps[-1].kept_bytes)} of {amount(steps[0].bytes)} as found."
    if most.rows_dropped:
        said += f" Most of the others went in {most.stage} ({most.rows_dropped:,} files), above all for: {_why(most)}."
    return said


def _bytes_gone(run: Run, tables: list[str]) -> tuple[int, dict[str, int]]:
    """Bytes of all raw files, and of those that each table dropped; of what ingest refused where they are known."""
    written = {s.writes.name: s.writes for s in run.flow}
    sizes = run.facts(code.RAW_FILES).select("file_id", F.col("size_bytes").alias("size"))
    dropped = [run.facts(written[t]).where("not keep").select("file_id", F.lit(t).alias("by")) for t in tables]
    parts = [sizes.select(F.lit("").alias("by"), "size")]
    if dropped:
        parts.append(reduce(DataFrame.unionAll, dropped).join(sizes, "file_id").select("by", "size"))
    if run.lake.version(ops.REJECTS.name) is not None:
        refused = run.facts(ops.REJECTS).where("stage = 'ingest'")
        parts.append(refused.select(F.lit("ingest").alias("by"), F.col("size_bytes").alias("size")))
    sums = reduce(DataFrame.unionAll, parts).groupBy("by").agg(F.sum("size").alias("size"))
    found = {r["by"]: r["size"] or 0 for r in sums.collect()}
    return found.pop("", 0), found


def _why(r: StageResult) -> str:
    counts: Counter[str] = Counter()
    for reason, count in r.reasons.items():
        counts[label(reason)] += count
    first = max(counts.items(), key=lambda item: (item[1], item[0]), default=None)
    if first is None:
        return ""
    return first[0] if first[1] == r.rows_dropped else f"{first[0]} ({first[1]:,})"


def language_bars(rows: list[dict[str, Any]]) -> Picture:
    """The largest languages; rows as in the table, largest first."""
    if not rows:
        return Picture("", "")
    shown = rows[:LANGUAGES]
    first = max(rows, key=lambda r: r["kept_bytes"])
    say = f"The {len(shown)} largest languages by bytes found, in megabytes."
    if first["kept_bytes"]:
        say += f" Most of the corpus is {first['language']}: {first['kept_share']:.0f} % of its bytes."
    drawn = [(r["language"], r["bytes"] / 1e6, r["kept_bytes"] / 1e6) for r in shown]
    return Picture(
        say,
        pairs(drawn, lambda mb: f"{mb:,.2f} MB" if mb else "none", "Megabytes by language, found and in the corpus"),
    )


def reason_bars(reasons: list[tuple[str, str, int]]) -> Picture:
    """The most frequent reasons of all stages; rows as in the table, largest first."""
    if not reasons:
        return Picture("", "")
    drawn = [Bar(f"{stage}: {label(reason)}", count, f"{count:,}") for stage, reason, count in reasons[:REASONS]]
    say = f"The {len(drawn)} most frequent reasons of {len(reasons)}, in files. A file with several counts under each."
    return Picture(say, bars(drawn, "Files dropped by reason", "dropped"))


def dedup_bars(steps: list[dict[str, Any]]) -> Picture:
    """Bytes that each step of deduplication leaves; the template says the rest."""
    drawn = [Bar(s["name"], s["bytes"], f"{amount(s['bytes'])} in {s['files']:,} files") for s in steps]
    return Picture("", bars(drawn, "Bytes before and after each step of deduplication"))


def group_bars(name: str, rows: list[dict[str, Any]]) -> Picture:
    """Groups of one kind of duplicates by size."""
    if not rows:
        return Picture(f"There are no groups of {name} copies.", "")
    groups, files = sum(r["groups"] for r in rows), sum(r["files"] for r in rows)
    one = groups == 1
    say = f"{files:,} files are in {groups:,} group{'' if one else 's'} of {name} copies; one file of each stays."
    drawn = [Bar(f"{r['size']} files", r["groups"], f"{r['groups']:,} group{'s' * (r['groups'] != 1)}") for r in rows]
    return Picture(say, bars(drawn, f"Groups of {name} copies by their number of files"))


def replaced_bars(kinds: list[tuple[str, int, int]]) -> Picture:
    """Personal data and secrets by kind: (kind, times, texts)."""
    if not kinds:
        return Picture("No personal data were replaced.", "")
    shown = sorted(kinds, key=lambda kind: (-kind[1], kind[0]))
    say = f"{sum(k[1] for k in kinds):,} personal data and secrets were replaced, most of the kind {shown[0][0]}."
    drawn = [Bar(kind, n, f"{n:,} in {texts:,} text{'s' * (texts != 1)}") for kind, n, texts in shown]
    return Picture(say, bars(drawn, "Replaced personal data by kind"))


def cost_bars(results: list[StageResult]) -> Picture:
    """CPU seconds a stage, each that reads text with its floor as a line."""
    known = [r for r in results if r.cpu_seconds is not None]
    if not known:
        return Picture("", "")
    drawn, total = [], sum(r.cpu_seconds or 0.0 for r in known)
    for r in known:
        spent, least = r.cpu_seconds or 0.0, r.bytes_read / 1e6 / FLOOR
        times = f", {spent / least:,.0f} x floor" if least >= 0.05 else ""
        drawn.append(Bar(r.stage, spent, f"{spent:.1f} s{times}", least if r.bytes_read else None))
    most = max(known, key=lambda r: r.cpu_seconds or 0.0)
    size = max(r.bytes_read for r in known)
    say = f"The stages took {total:,.0f} CPU seconds, {most.stage} most of them ({_percent(most.cpu_seconds, total)})."
    if size:
        least = size / 1e6 / FLOOR
        say += f" The line across a bar is the floor for the text it reads, {least:.1f} CPU seconds for {amount(size)}:"
        say += f" read, SHA-256 and zstd alone, at {FLOOR:.0f} MB per CPU second (docs/performance.md)."
    return Picture(say, bars(drawn, "CPU seconds by stage, with the floor of the text it reads"))


def pair_curve(line: Any, verified: Any, refused: Any) -> str:
    """The S-curve over [0, 1] with the pairs found, in bins."""
    x = np.linspace(0.0, 1.0, len(line))
    stacked = [(float(a), float(b)) for a, b in zip(verified, refused, strict=True)]
    title = "Chance that two texts share a band, by their Jaccard index, and the candidate pairs found"
    return curve([(float(a), float(b)) for a, b in zip(x, line, strict=True)], stacked, title)


def _percent(part: float | None, whole: float) -> str:
    return f"{100 * (part or 0) / (whole or 1):.0f} %"
