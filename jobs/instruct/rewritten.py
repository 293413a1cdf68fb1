"""Publish rewritten: files of medium quality, written again in good form, each with the id of its original.

spark-submit jobs/instruct/rewritten.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.instruct import published
from jobs.runtime.stage import Publish
from schemas.code import CODE_CORPUS
from schemas.instruct import MADE_DECISIONS, POPULATION, REWRITTEN, SEED_PARTS, THREADS
from schemas.web import WEB_CORPUS


def rewritten(
    decisions: DataFrame, parts: DataFrame, population: DataFrame, code: DataFrame, web: DataFrame, p: Tokens
) -> DataFrame:
    """Every column but the text and run_id. A seed is a whole file: equal ones are one text of the corpus."""
    rows = published.published(REWRITTEN, decisions, parts, population, code, web, p.held_out)
    seeds = parts.where("recipe = 'rewriting'").select("clean_id", F.explode("found.seed_id").alias("seed_id"))
    return rows.join(seeds.groupBy("seed_id").agg(F.min("clean_id").alias("original")), "seed_id")


STAGE = Publish(
    "rewritten",
    rewritten,
    published.with_text,
    reads=(MADE_DECISIONS, SEED_PARTS, POPULATION, CODE_CORPUS, WEB_CORPUS),
    texts=(THREADS,),
    writes=REWRITTEN,
    params=Tokens(),
    population=published.everyone(REWRITTEN),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
