"""refinelake instruct recipes: what there is, what each makes, asks and runs."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def work(args: argparse.Namespace) -> int:
    from udfs.recipes.book import RECIPES
    from udfs.recipes.seeding import DRAWN

    corpora = {"code": "texts of code_corpus", "web": "pages of web_corpus", "pages": "any page that was captured"}
    for name, recipe in RECIPES.items():
        draw = DRAWN.get(name)
        asks = ", ".join(f"{step} (prompt {prompt})" for step, prompt, _ in recipe.asks)
        print(f"{name}: {recipe.doc}")
        print(f"    seeds: {corpora[draw.corpus] if draw else 'what recipes.tables, packages or histories name'}")
        print(f"    asks: {asks or 'no model'}")
        print(f"    runs: {'programs in ' + ', '.join(recipe.needs) if recipe.needs else 'nothing'}")
        print(f"    makes: {recipe.target}")
    return 0
