"""Publish code_feedback: dialogues of several turns about code, with results of runs in them.

spark-submit jobs/instruct/code_feedback.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.instruct import published
from jobs.instruct.made_decisions import score_of
from jobs.runtime.stage import Publish
from schemas.code import CODE_CORPUS
from schemas.instruct import CODE_FEEDBACK, MADE_DECISIONS, POPULATION, SEED_PARTS, THREADS
from schemas.web import WEB_CORPUS


def code_feedback(
    decisions: DataFrame, parts: DataFrame, population: DataFrame, code: DataFrame, web: DataFrame, p: Tokens
) -> DataFrame:
    """Every column but the messages and run_id."""
    rows = published.published(CODE_FEEDBACK, decisions, parts, population, code, web, p.held_out)
    packed = F.when(score_of("similar") > 0, "similar").otherwise("single_turn")
    kind = F.when(F.col("recipe") == "packing", packed).otherwise(F.col("recipe"))
    return rows.withColumns({"kind": kind, "turns": score_of("turns").cast("int")})


def with_messages(rows: DataFrame, threads: DataFrame, *_: object) -> DataFrame:
    """The rows with the messages of their threads."""
    messages = F.from_json("messages", CODE_FEEDBACK.column("messages").type)
    return published.with_texts(rows, threads).select(*rows.columns, messages.alias("messages"))


STAGE = Publish(
    "code_feedback",
    code_feedback,
    with_messages,
    reads=(MADE_DECISIONS, SEED_PARTS, POPULATION, CODE_CORPUS, WEB_CORPUS),
    texts=(THREADS,),
    writes=CODE_FEEDBACK,
    params=Tokens(),
    population=published.everyone(CODE_FEEDBACK),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
