"""The report of the synthetic half: what recipes made, why threads ended without, what it cost. One file."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from functools import reduce
from importlib import resources
from typing import Any

import jinja2
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct import costs
from jobs.report_conversations import conversation_pictures
from jobs.report_pictures import Picture
from jobs.runtime.tables import Lake
from schemas.instruct import LLM_RESPONSES, MADE_DECISIONS, PLAYED, THREADS
from schemas.pictures import Bar, bars, style
from udfs.recipes.book import RECIPES
from udfs.rules.sentences import label

_REASONS = 8
_SAMPLES = 2
_SHOWN = 1_200


def instruct_report_page(lake: Lake) -> str:
    """Render a few hundred aggregated rows of threads, decisions and calls, and a few samples."""
    page = resources.files("jobs").joinpath("instruct_report.html.jinja").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True).from_string(page)
    threads, dropped = _threads(lake)
    kept = costs.kept_rows(lake)
    spent = costs.by_step(lake).collect() if lake.version(LLM_RESPONSES.name) is not None else []
    return template.render(
        made_at=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        style=style(),
        made=_made(threads, kept),
        money=_money(spent, kept),
        conversations=conversation_pictures(lake),
        recipes=[_of_recipe(name, threads[name], dropped[name], kept, spent, lake) for name in sorted(threads)],
        whole=costs.sentence(costs.of_run(lake)),
        docs={name: recipe.doc for name, recipe in RECIPES.items()},
        number=lambda n: f"{n:,}",
        money_of=lambda x: f"{x:,.4f}",
    )


def _threads(lake: Lake) -> tuple[dict[str, Counter[str]], dict[str, Counter[str]]]:
    """By recipe: threads that made rows and that did not, and why they did not."""
    tables = (lake.read(t) for t in PLAYED if lake.version(t.name) is not None)
    every = reduce(DataFrame.unionByName, (rows.select("recipe", "keep", "reasons") for rows in tables))
    rows = every.groupBy("recipe", "keep", F.get("reasons", 0)["rule"].alias("rule")).count().collect()
    threads: dict[str, Counter[str]] = {}
    dropped: dict[str, Counter[str]] = {}
    for row in rows:
        threads.setdefault(row["recipe"], Counter())["kept" if row["keep"] else "dropped"] += row["count"]
        reasons = dropped.setdefault(row["recipe"], Counter())
        if not row["keep"]:
            reasons[row["rule"]] += row["count"]
    return threads, dropped


def _made(threads: dict[str, Counter[str]], kept: dict[str, int]) -> Picture:
    rows = [Bar(name, kept.get(name, 0), f"{kept.get(name, 0):,} rows") for name in sorted(threads)]
    total, ended = sum(sum(c.values()) for c in threads.values()), sum(c["dropped"] for c in threads.values())
    said = f"{total:,} threads came to their end, {ended:,} of them without a row."
    return Picture(said, bars(rows, "Rows that were kept, by recipe"))


def _money(spent: list[Any], kept: dict[str, int]) -> Picture:
    by: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for row in spent:
        by[row["recipe"]] += row["cost"]
        tokens[row["recipe"]] += row["prompt_tokens"] + row["completion_tokens"]
    if not tokens:
        return Picture("No model was asked.", "")
    if sum(by.values()):
        prices = {name: f"{cost / kept[name]:,.4f} a row" if kept.get(name) else "no row" for name, cost in by.items()}
        rows = [Bar(name, by[name], f"{by[name]:,.4f}, {prices[name]}") for name in sorted(by)]
        return Picture("What the calls cost, and each row that was kept of them.", bars(rows, "Cost by recipe"))
    rows = [Bar(name, tokens[name], f"{tokens[name]:,} tokens") for name in sorted(tokens)]
    return Picture("No prices are known (calls.prices): tokens instead.", bars(rows, "Tokens by recipe"))


def _of_recipe(
    name: str, threads: Counter[str], dropped: Counter[str], kept: dict[str, int], spent: list[Any], lake: Lake
) -> dict[str, Any]:
    shown = [Bar(label(rule), n, f"{n:,}") for rule, n in dropped.most_common(_REASONS)]
    why = Picture("Why threads ended without a row.", bars(shown, f"Reasons, {name}")) if shown else None
    steps = [row for row in spent if row["recipe"] == name]
    return {"name": name, "threads": threads, "kept": kept.get(name, 0), "why": why, "steps": steps} | {
        "samples": _samples(lake, name)
    }


def _samples(lake: Lake, recipe: str) -> list[list[dict[str, str]]]:
    """A few kept rows as turns, or as one text; none where a run ended before it decided."""
    if lake.version(MADE_DECISIONS.name) is None:
        return []
    kept = lake.read(MADE_DECISIONS).where("keep").where(F.col("recipe") == recipe).select("seed_id", "row_id")
    some = kept.orderBy("row_id").limit(_SAMPLES)
    texts = lake.read(THREADS).where(F.col("recipe") == recipe).select("seed_id", F.explode("texts").alias("t"))
    rows = texts.join(F.broadcast(some), (texts["seed_id"] == some["seed_id"]) & (F.col("t.row_id") == some["row_id"]))
    return [_turns(row["t"]) for row in rows.select("t").collect()]


def _turns(text: Any) -> list[dict[str, str]]:
    turns = json.loads(text["messages"]) if text["messages"] else [{"role": "text", "content": text["text"] or ""}]
    return [{"role": t["role"], "content": t["content"][:_SHOWN]} for t in turns]
