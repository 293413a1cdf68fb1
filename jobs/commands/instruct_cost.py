"""refinelake instruct cost: tokens, money and time of calls by recipe and step, and the price of a kept row."""

from __future__ import annotations

import argparse

from jobs.commands.arguments import add_lake_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import open_lake
    from jobs.instruct import costs
    from jobs.runtime.progress import Console
    from schemas.instruct import LLM_RESPONSES

    args.staging = None
    lake, _ = open_lake(args)
    if lake.version(LLM_RESPONSES.name) is None:
        raise ValueError(f"{lake.warehouse}: expected calls of models, found none; run refinelake instruct run first")
    console = Console()
    rows = costs.by_step(lake).collect()  # a row for each step of a recipe
    shown = [
        (
            r["recipe"],
            r["step"],
            r["model"],
            *(f"{r[name]:,}" for name in ("calls", "answered", "prompt_tokens", "completion_tokens")),
            f"{r['cost']:.4f}",
            f"{r['seconds'] / max(1, r['answered']):.1f}",
        )
        for r in rows
    ]
    titles = ("recipe", "step", "model", "calls", "answers", "prompt tokens", "answer tokens", "cost", "s an answer")
    console.rows(titles, shown)
    kept = costs.kept_rows(lake)
    for recipe in sorted({r["recipe"] for r in rows}):
        spent = sum(r["cost"] for r in rows if r["recipe"] == recipe)
        number = kept.get(recipe, 0)
        price = f"{spent / number:.4f} a kept row" if number else "no row was kept"
        console.say(f"{recipe}: {number:,} rows kept, cost {spent:.4f}, {price}")
    console.say(costs.sentence(costs.of_run(lake)))
    return 0
