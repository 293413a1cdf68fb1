"""Publish synthetic_snippets: functions with tests that were run and passed (paper, annealing data).

spark-submit jobs/instruct/synthetic_snippets.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.corpus.parameters import Tokens
from jobs.instruct import published
from jobs.runtime.stage import Publish
from schemas.code import CODE_CORPUS
from schemas.instruct import MADE_DECISIONS, POPULATION, SEED_PARTS, SYNTHETIC_SNIPPETS, THREADS
from schemas.web import WEB_CORPUS


def synthetic_snippets(
    decisions: DataFrame, parts: DataFrame, population: DataFrame, code: DataFrame, web: DataFrame, p: Tokens
) -> DataFrame:
    """Every column but the text and run_id."""
    return published.published(SYNTHETIC_SNIPPETS, decisions, parts, population, code, web, p.held_out)


STAGE = Publish(
    "synthetic_snippets",
    synthetic_snippets,
    published.with_text,
    reads=(MADE_DECISIONS, SEED_PARTS, POPULATION, CODE_CORPUS, WEB_CORPUS),
    texts=(THREADS,),
    writes=SYNTHETIC_SNIPPETS,
    params=Tokens(),
    population=published.everyone(SYNTHETIC_SNIPPETS),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
