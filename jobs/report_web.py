"""The report of the web half: what each round recalled, how well, from where, and what became of it. One file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources
from typing import Any

import jinja2
from pyspark.sql import functions as F

from jobs.report_pictures import Picture
from jobs.runtime import accounting
from jobs.runtime.accounting import StageResult
from jobs.runtime.progress import top_reasons
from jobs.runtime.tables import Lake
from jobs.web.pinned import pinned
from schemas.lettering import amount
from schemas.pictures import Bar, Bin, bars, histogram, pairs, style
from schemas.recall import RECALL_MODELS
from schemas.web import WEB_CORPUS

_STEPS = {
    "web_ingest": "captures",
    "web_exact_duplicates": "recalled, texts",
    "web_near_duplicates": "less near copies",
    "web_filter_decisions": "less poor ones",
    "web_corpus": "in web_corpus",
}
_DOMAINS = 12
_BINS = 20


def web_report_page(lake: Lake) -> str:
    """Render a few hundred aggregated rows: of the newest results of stages, the rounds, and web_corpus."""
    page = resources.files("jobs").joinpath("web_report.html.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True).from_string(page)
    done = accounting.finished_work(lake)
    rounds = _rounds(lake)
    return template.render(
        made_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        style=style(),
        steps=_steps(done),
        corpus=_corpus(lake),
        tags=[_of_tag(tag, rows, pinned(lake).get(tag)) for tag, rows in rounds.items()],
        number=lambda n: f"{n:,}",
        percent=lambda x: "not measured" if x is None else f"{x:.1%}",
    )


def _rounds(lake: Lake) -> dict[str, list[dict[str, Any]]]:
    """By tag the rounds that were trained last: a first round begins them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(lake.small(RECALL_MODELS), key=lambda r: (r["tag"], r["trained_at"], r["round"])):
        if row["round"] == 1:
            found[row["tag"]] = []
        found.setdefault(row["tag"], []).append(row | {"facts": json.loads(row["facts"])})
    return found


def _steps(done: dict[str, StageResult]) -> Picture:
    rows = [(name, done[stage]) for stage, name in _STEPS.items() if stage in done]
    if not rows:
        return Picture("", "")
    shown = []
    for name, r in rows:
        count = r.rows_read if r.stage == "web_exact_duplicates" else r.rows_kept
        shown.append(Bar(name, count, f"{count:,}"))
    first, last = rows[0][1], rows[-1][1]
    said = f"Of {first.rows_kept:,} captures {last.rows_kept:,} texts are in web_corpus."
    decided = done.get("web_filter_decisions")
    if decided and decided.rows_dropped:
        said += f" The rules for documents dropped {decided.rows_dropped:,}, above all for: {top_reasons(decided, 3)}."
    return Picture(said, bars(shown, "Pages that are left after each step"))


def _corpus(lake: Lake) -> dict[str, Picture]:
    """Why pages were recalled, and the largest domains of web_corpus."""
    if lake.version(WEB_CORPUS.name) is None:
        return {}
    rows = lake.read(WEB_CORPUS)
    by = F.substring_index("why", ":", 1)
    why = rows.groupBy(by.alias("why")).agg(F.count(F.lit(1)).alias("n"), F.sum("text_bytes").alias("size")).collect()
    said = {
        "code_blocks": "code in blocks, by rule",
        "classifier": "classifier",
        "pattern": "pattern",
        "label": "label",
    }
    ordered = sorted(why, key=lambda r: (-r["n"], r["why"]))
    reasons = [Bar(said.get(r["why"], r["why"]), r["n"], f"{r['n']:,} texts, {amount(r['size'])}") for r in ordered]
    grouped = rows.groupBy("domain").agg(F.count(F.lit(1)).alias("n"), F.sum("text_bytes").alias("size"))
    domains = grouped.orderBy(F.desc("size"), "domain").limit(_DOMAINS).collect()
    sites = [Bar(r["domain"] or "no address", r["size"], f"{amount(r['size'])}, {r['n']:,} texts") for r in domains]
    total = sum(r["size"] for r in why)
    texts = sum(r["n"] for r in why)
    return {
        "why": Picture(f"What recalled the {texts:,} texts of web_corpus ({amount(total)}).", bars(reasons, "Why")),
        "domains": Picture("The domains that most of its text is from.", bars(sites, "Largest domains")),
    }


def _of_tag(tag: str, rounds: list[dict[str, Any]], in_force: dict[str, Any] | None) -> dict[str, Any]:
    last = rounds[-1]
    return {
        "tag": tag,
        "rounds": rounds,
        "last": last,
        "in_force": in_force,
        "pictures": [
            p for p in (_recalled(rounds), _quality(rounds), _kinds(last), _scores(last), _domains(last)) if p
        ],
    }


def _recalled(rounds: list[dict[str, Any]]) -> Picture:
    rows = [(f"round {r['round']}", r["facts"]["recalled"], r["facts"]["new"]) for r in rounds]
    said = "Texts that each round recalls, and those of them that the round before did not."
    return Picture(said, pairs(rows, lambda n: f"{n:,.0f}", "Texts recalled by each round"))


def _quality(rounds: list[dict[str, Any]]) -> Picture | None:
    rows = [
        (f"round {r['round']}", 100 * r["precision"], 100 * r["recall"]) for r in rounds if r["precision"] is not None
    ]
    if not rows:
        return None
    seen = rounds[-1]["facts"]["measured"]
    said = f"Precision (upper bar) and recall (lower) on {seen['pages']:,} labelled pages of {seen['sites']} sites"
    return Picture(
        f"{said} that no round was trained from.", pairs(rows, lambda x: f"{x:.1f} %", "Precision and recall")
    )


def _kinds(last: dict[str, Any]) -> Picture | None:
    kinds = last["facts"]["measured"].get("kinds", {})
    rows = [
        Bar(name, 100 * found["recall"], f"{found['recall']:.0%} of {found['of_tag']:,}")
        for name, found in kinds.items()
        if found["recall"] is not None
    ]
    return (
        Picture("Recall by kind of page: a threshold must not cost one of them.", bars(rows, "By kind"))
        if rows
        else None
    )


def _scores(last: dict[str, Any]) -> Picture | None:
    counts = [0] * _BINS
    for at, _, number in last["facts"]["histogram"]:
        counts[at] += number
    if not any(counts):
        return None
    limit = min(int(last["threshold"] * _BINS), _BINS - 1)
    bins = [Bin(f"{n / _BINS:g}", count, n < limit) for n, count in enumerate(counts)]
    said = (
        "Scores of all texts by the last round's classifier; those under the line stay out unless a rule recalls them."
    )
    limits = [(limit, f"threshold {last['threshold']:.3f}")]
    return Picture(said, histogram(bins, limits, "texts", "Scores"))


def _domains(last: dict[str, Any]) -> Picture | None:
    rows = [
        Bar(d["domain"], d["recalled"] / d["pages"], f"{d['recalled']:,} of {d['pages']:,}")
        for d in last["facts"]["largest_domains"]
    ]
    number = last["facts"]["domains"]
    said = (
        f"{number:,} domain{'s are' if number != 1 else ' is'} of the tag; the share of pages recalled in the largest."
    )
    return Picture(said, bars(rows, "Domains")) if rows else None
