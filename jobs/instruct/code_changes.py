"""Publish code_changes: commits with their message, the files before, what bears on them, and the diff.

spark-submit jobs/instruct/code_changes.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.instruct import published
from jobs.instruct.made_decisions import score_of
from jobs.runtime.stage import Publish
from schemas.instruct import CODE_CHANGES, COMMIT_FILES, MADE_DECISIONS, THREADS


def code_changes(decisions: DataFrame, files: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the texts, the commit and run_id."""
    places = published.homes_of_changes(files)
    rows = published.standing(published.of_target(CODE_CHANGES, decisions), places, p.held_out)
    named = places.groupBy("seed_id").agg(F.min("repo").alias("repo"))
    return rows.withColumn("score", score_of("score")).join(named, "seed_id")


def with_text(rows: DataFrame, threads: DataFrame, *_: object) -> DataFrame:
    """The rows with what their threads made."""
    parts = (F.get_json_object("parts", f"$.{name}").alias(name) for name in ("commit", "message", "diff"))
    return published.with_texts(rows, threads).select(*rows.columns, *parts, "text")


STAGE = Publish(
    "code_changes",
    code_changes,
    with_text,
    reads=(MADE_DECISIONS, COMMIT_FILES),
    texts=(THREADS,),
    writes=CODE_CHANGES,
    params=Tokens(),
    population=published.everyone(CODE_CHANGES),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
