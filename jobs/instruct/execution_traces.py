"""Publish execution_traces: functions with a call and what each line that ran did to its variables.

spark-submit jobs/instruct/execution_traces.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.instruct import published
from jobs.instruct.made_decisions import score_of
from jobs.runtime.stage import Publish
from schemas.code import CODE_CORPUS
from schemas.instruct import EXECUTION_TRACES, MADE_DECISIONS, POPULATION, SEED_PARTS, THREADS
from schemas.web import WEB_CORPUS


def execution_traces(
    decisions: DataFrame, parts: DataFrame, population: DataFrame, code: DataFrame, web: DataFrame, p: Tokens
) -> DataFrame:
    """Every column but the text, the call and run_id."""
    rows = published.published(EXECUTION_TRACES, decisions, parts, population, code, web, p.held_out)
    return rows.withColumn("steps", score_of("steps").cast("int"))


def with_text(rows: DataFrame, threads: DataFrame, *_: object) -> DataFrame:
    """The rows with what their threads made."""
    found = published.with_texts(rows, threads)
    return found.select(*rows.columns, _part("call"), _said("value"), _said("raised"), "text")


def _part(name: str) -> Column:
    return F.get_json_object("parts", f"$.{name}").alias(name)


def _said(name: str) -> Column:
    """A part that is there: an empty one is none."""
    return F.nullif(_part(name), F.lit("")).alias(name)


STAGE = Publish(
    "execution_traces",
    execution_traces,
    with_text,
    reads=(MADE_DECISIONS, SEED_PARTS, POPULATION, CODE_CORPUS, WEB_CORPUS),
    texts=(THREADS,),
    writes=EXECUTION_TRACES,
    params=Tokens(),
    population=published.everyone(EXECUTION_TRACES),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
