"""Publish textbooks: explanations of code from several angles (paper, annealing data).

spark-submit jobs/instruct/textbooks.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.corpus.parameters import Tokens
from jobs.instruct import published
from jobs.runtime.stage import Publish
from schemas.code import CODE_CORPUS
from schemas.instruct import MADE_DECISIONS, POPULATION, SEED_PARTS, TEXTBOOKS, THREADS
from schemas.web import WEB_CORPUS


def textbooks(
    decisions: DataFrame, parts: DataFrame, population: DataFrame, code: DataFrame, web: DataFrame, p: Tokens
) -> DataFrame:
    """Every column but the text and run_id."""
    return published.published(TEXTBOOKS, decisions, parts, population, code, web, p.held_out)


STAGE = Publish(
    "textbooks",
    textbooks,
    published.with_text,
    reads=(MADE_DECISIONS, SEED_PARTS, POPULATION, CODE_CORPUS, WEB_CORPUS),
    texts=(THREADS,),
    writes=TEXTBOOKS,
    params=Tokens(),
    population=published.everyone(TEXTBOOKS),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
