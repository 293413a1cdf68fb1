"""refinelake instruct recipes: what there is, what each makes, asks and runs."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def work(args: argparse.Namespace) -> int:
    from jobs.runtime.progress import Console
    from udfs.recipes.book import RECIPES

    rows = []
    for name, recipe in RECIPES.items():
        asks = ", ".join(f"{step} ({prompt})" for step, prompt, _ in recipe.asks) or "nothing"
        rows.append((name, recipe.target, asks, ", ".join(recipe.needs) or "-", recipe.doc))
    Console().rows(("recipe", "makes", "asks (prompt)", "runs", "what it is"), rows)
    return 0
