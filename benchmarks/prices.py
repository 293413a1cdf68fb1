"""What the synthetic data of the paper would take at its own volume: tokens of prompts and answers by recipe.

    python -m benchmarks.prices --warehouse warehouse

Prompts are filled with seeds of the corpus and counted by a tokenizer where one is given, else as bytes / 4 (the rule
of thumb of BPE vocabularies). Answers are counted as long as their prompts expect them (`expected_tokens`). Rows that
are dropped are paid too: the table counts a seed, and says how many seeds the paper's rows need if each gave one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from statistics import mean
from typing import Any

import pyarrow.compute as pc

from jobs.runtime.snapshot import Snapshot
from schemas.code import CODE_CORPUS
from udfs.calls.money import BYTES_A_TOKEN
from udfs.recipes import replay
from udfs.recipes.book import RECIPES
from udfs.recipes.prompts import expected_tokens, prompt
from udfs.recipes.seeding import DRAWN, seeds_of
from udfs.recipes.steps import Seed

TOKENS = {"snippets": 2.71e9, "textbooks": 0.91e9}
"""Tokens of the paper's annealing sets (Table 3): rows are these over the usual length of the recipe's answers."""
ROWS = {
    "infinity": 1_030_000,
    "realuser": 676_000,
    "diverse": 2_510_000,
    "educational": 118_278,
    "package": 170_943,
    "evol": 111_183,
    "mceval": 35_943,
    "oss_questions": 1_430_000,
    "evolution": 7_545_000,
    "open_code_instruct": 5_000_000,
    "queries": 287_000,
    "interaction": 49_783,
}
"""Rows of the published sets, see docs/instruct.md. OpenCodeInstruct's 9 million raw tasks are 1.455 million seeds and
their children; OpenCodeInterpreter's 66,383 dialogues are 16,600 packed ones, which ask nothing, and simulated ones.
"""
_SEEDS = 200
_DIALOGUE = 1_200
"""Bytes of a seed that is no text of the corpus: a dialogue, a symbol with its text."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--warehouse", required=True, help="of a run that made code_corpus")
    parser.add_argument("--price", nargs=2, type=float, default=(0.2, 0.6), metavar="MONEY", help="a million tokens")
    args = parser.parse_args()
    print("| recipe | rows of the paper | prompt tokens a seed | answer tokens a seed | billion tokens | price |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in (*TOKENS, *ROWS):
        asked, given = tokens(name, list(seeds(args.warehouse, name)))
        rows = ROWS.get(name) or round(TOKENS[name] / prompt(RECIPES[name].asks[0][1]).expected_tokens)
        whole = rows * (asked * args.price[0] + given * args.price[1]) / 1e6
        numbers = (
            f"{rows:,}",
            f"{asked:,.0f}",
            f"{given:,.0f}",
            f"{rows * (asked + given) / 1e9:.2f}",
            f"{whole:,.0f}",
        )
        print(f"| `{name}` | {' | '.join(numbers)} |")
    return 0


def seeds(warehouse: str, recipe: str) -> Iterator[Seed]:
    """A few seeds of the corpus; none of recipes that start from something else."""
    draw = DRAWN.get(recipe)
    if draw is None or draw.corpus != "code":
        return
    mine = pc.field("language").isin(list(draw.languages)) if draw.languages else pc.scalar(True)
    columns = ["clean_id", "language", "text"]
    for row in Snapshot.newest(warehouse).rows(CODE_CORPUS, mine, columns, _SEEDS):
        for fields in seeds_of(recipe, row["text"], row["language"]):
            yield Seed(row["clean_id"], fields, row["language"])


def tokens(name: str, found: list[Seed]) -> tuple[float, float]:
    """(prompt tokens, answer tokens) of a seed that goes through every step of the recipe."""
    recipe = RECIPES[name]
    models = replay.Models({"default": "m"})
    first = [_first(recipe, seed, models) for seed in found]
    size = mean(len(str(sorted(seed.fields.items())).encode()) for seed in found) if found else _DIALOGUE
    asked = given = before = 0.0
    for number, (_, name_of_prompt, times) in enumerate(recipe.asked(recipe.settings)):
        expected, answer = expected_tokens(name_of_prompt, size + before * BYTES_A_TOKEN)
        known = [f for f in first if f] if number == 0 else []
        asked += times * (mean(known) / BYTES_A_TOKEN if known else expected)
        given += times * answer
        before += times * answer
    return asked, given


def _first(recipe: Any, seed: Seed, models: replay.Models) -> int:
    """Bytes of the first requests of a thread."""
    played = replay.play(recipe, replace(seed), recipe.settings, models, {})
    return sum(len(a.body.encode()) for a in played.waits if a.kind == "call")


if __name__ == "__main__":
    raise SystemExit(main())
