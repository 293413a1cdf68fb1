"""Publish algorithmic: the files of the corpus that hold a keyword of algorithmic code (paper, annealing data).

spark-submit jobs/instruct/algorithmic.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.stage import NoParams, Publish
from schemas.code import CODE_CORPUS
from schemas.instruct import ALGORITHM_MARKS, ALGORITHMIC


def algorithmic(marks: DataFrame, corpus: DataFrame, p: NoParams) -> DataFrame:
    """Every column but the text and run_id."""
    facts = corpus.select("clean_id", "language", "repo", "path", "licences", "text_bytes")
    return marked(marks, corpus).join(facts, "clean_id")


def marked(marks: DataFrame, corpus: DataFrame) -> DataFrame:
    """(clean_id, keywords) of the texts with a keyword; a text that left the corpus has none."""
    found = marks.where(F.size("keywords") > 0).select("clean_id", "keywords")
    return found.join(corpus.select("clean_id"), "clean_id", "left_semi")


def with_text(rows: DataFrame, corpus: DataFrame, p: NoParams) -> DataFrame:
    return rows.join(corpus.select("clean_id", "text"), "clean_id")


def everyone(marks: DataFrame, corpus: DataFrame, *_: object) -> DataFrame:
    """Every text with a keyword."""
    return marked(marks, corpus)


STAGE = Publish(
    "algorithmic",
    algorithmic,
    with_text,
    reads=(ALGORITHM_MARKS, CODE_CORPUS),
    texts=(CODE_CORPUS,),
    writes=ALGORITHMIC,
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
