"""data_report.html: what training reads, beside the paper's shares, and which benchmarks stood in it. One file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jinja2
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.composition import Composition, Part, compositions, paper
from jobs.corpus.contaminated import copies
from jobs.report_pictures import Picture
from jobs.runtime.releases import current_release
from jobs.runtime.tables import Lake
from schemas.contamination import BENCHMARK_HITS, CONTAMINATION
from schemas.pictures import Bar, bars, pairs, style

_LANGUAGES = 20
_COPIES = 12
_TITLES = {
    "pretrain_tokens": "Pretraining",
    "anneal_tokens": "Annealing",
    "sft_stage1": "Fine-tuning, first stage",
    "sft_stage2": "Fine-tuning, second stage",
}


def data_report_page(lake: Lake) -> str:
    """Render a few hundred aggregated rows of the tables at the end and of decontamination."""
    page = resources.files("jobs").joinpath("data_report.html.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True).from_string(page)
    release = current_release(lake)
    return template.render(
        made_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        style=style(),
        tables=[_of_table(c) for c in compositions(lake)],
        paper=paper()["from"],
        copies=_copies(lake) if lake.version(CONTAMINATION.name) is not None else None,
        curve=detector(),
        release=release["release_id"] if release else None,
        versions=sorted(release["tables"].items()) if release else [],
        number=lambda n: f"{n:,}",
    )


def _of_table(c: Composition) -> dict[str, Any]:
    sources = Picture("", bars([_bar(p, c.unit) for p in c.parts["source"]], f"Sources of {c.table}, by {c.unit}"))
    most = c.parts["language"][:_LANGUAGES]
    languages = Picture("", bars([_bar(p, c.unit) for p in most], f"Languages of {c.table}, by {c.unit}"))
    size = f"{c.size:,} {c.unit}" + (f" in {c.rows:,} rows" if c.unit != "rows" else "")
    title = _TITLES[c.table]
    return {"name": c.table, "title": title, "size": size, "said": c.said, "sources": sources, "languages": languages}


def _bar(part: Part, unit: str) -> Bar:
    shown = f"{part.share:.1%}" + (f", paper {part.paper:.1%}" if part.paper is not None else "")
    return Bar(part.name, part.share, f"{shown}, {part.size:,}" if unit == "rows" else shown, part.paper)


def _copies(lake: Lake) -> dict[str, Any]:
    """How many tasks of each benchmark were found and where, and the first copies."""
    found = copies(lake)
    inside = F.collect_set("item").alias("items"), F.count_distinct("text_id").alias("texts")
    by = found.groupBy("benchmark", "table").agg(*inside).collect()  # no more items than the benchmark has tasks
    searched = lake.read(BENCHMARK_HITS).agg(F.count_distinct("text_id")).collect()[0][0]
    tasks: dict[str, set[str]] = {}
    for row in by:
        tasks.setdefault(row["benchmark"], set()).update(row["items"])
    counts = {name: len(items) for name, items in sorted(tasks.items())}
    rows = [Bar(name, number, f"{number:,} tasks") for name, number in counts.items()]
    return {
        "picture": Picture(
            _found(searched, counts), bars(rows, "Tasks of benchmarks that stand in the data", "dropped")
        ),
        "places": sorted((r["benchmark"], r["table"], len(r["items"]), r["texts"]) for r in by),
        "first": _first(found),
    }


def _found(searched: int, tasks: dict[str, int]) -> str:
    if not searched:
        return "No text was searched: no benchmark is named, or there is no text."
    if not tasks:
        return f"{searched:,} texts were searched. None holds a copy of a task."
    named = ", ".join(f"{number:,} of {name}" for name, number in tasks.items())
    said = f"{searched:,} texts were searched. Some hold copies of tasks ({named}); none of these texts "
    return said + "is in a table that training reads."


def _first(found: DataFrame) -> list[dict[str, Any]]:
    columns = ("benchmark", "item", "table", "source", "part", "method", "share", "seen")
    rows = found.select(*columns).orderBy(*columns[:4], "part").limit(_COPIES).collect()
    return [row.asDict() | {"share": f"{row['share']:.0%}"} for row in rows]


def detector() -> dict[str, Any]:
    """How sure the search is: precision and recall over thresholds, as benchmarks/contamination.py measured them."""
    text = resources.files("jobs").joinpath("data", "contamination_curve.json").read_text(encoding="utf-8")
    measured = json.loads(text)
    rows = [(f"{p['least']:g}", p["recall"], p["precision"]) for p in measured["points"]]
    now = measured["in_force"]
    said = f"At the threshold in force, {now['least']:g}: recall {now['recall']:.3f}, precision {now['precision']:.3f} "
    said += f"({measured['of']}). By threshold, the upper bar is recall, the lower one precision."
    picture = pairs(rows, "{:.3f}".format, "Recall and precision by threshold")
    return {"say": said, "svg": picture, "points": measured["points"]}
