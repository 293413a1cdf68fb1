"""Which instructions are kept: bounds of length, and of several equal ones the first by origin.

spark-submit jobs/corpus/instruction_decisions.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason, reasons
from jobs.corpus.parameters import Instructions
from jobs.runtime.stage import Decide
from schemas.code import CODE_CORPUS
from schemas.corpus import GIVEN_INSTRUCTIONS, INSTRUCTION_DECISIONS, INSTRUCTION_PARTS

_TABLE_NAME = r"([^/]+?)(?:\.[A-Za-z.]+)?/*$"


def occurrences(parts: DataFrame, given: DataFrame, corpus: DataFrame) -> DataFrame:
    """Every instruction at every place it stands: in the texts of the corpus, not in those it once held, and tables."""
    repos = corpus.select("clean_id", "language", "repo")
    found = parts.select("clean_id", "language", F.explode("found").alias("f")).join(repos, ["clean_id", "language"])
    ours = found.select(
        F.col("clean_id").alias("origin"), "f.*", F.lit("code").alias("source"), "language", "repo"
    ).withColumn("stage", F.lit(None).cast("int"))
    theirs = given.drop("messages").withColumns(
        {"kind": F.lit("table"), "source": F.regexp_extract("origin", _TABLE_NAME, 1)}
    )
    return ours.unionByName(theirs)


def instruction_decisions(parts: DataFrame, given: DataFrame, corpus: DataFrame, p: Instructions) -> DataFrame:
    """One row per occurrence."""
    rows = occurrences(parts, given, corpus)
    stage = F.when(F.col("kind") == "docstring", p.docstring_stage).when(F.col("kind") == "summary", p.summary_stage)
    rows = rows.withColumn("stage", F.coalesce("stage", stage))
    first = F.first("origin").over(Window.partitionBy("instruction_id").orderBy("origin"))
    rows = rows.withColumn("first", first)
    why = reasons(
        _over("question_bytes", p.max_question_bytes, "question_too_long"),
        _over("answer_bytes", p.max_answer_bytes, "answer_too_long"),
        (
            F.col("answer_bytes") < p.min_answer_bytes,
            reason("answer_too_short", F.col("answer_bytes"), F.lit(p.min_answer_bytes)),
        ),
        (F.col("origin") != F.col("first"), reason("duplicate", detail=F.col("first"))),
    )
    rows = decided(rows.withColumn("reasons", why))
    rows = rows.withColumn("text_bytes", F.col("question_bytes") + F.col("answer_bytes"))
    return rows.drop("question_bytes", "answer_bytes", "first")


def _over(column: str, most: int, rule: str) -> tuple[Column, Column]:
    return F.col(column) > most, reason(rule, F.col(column), F.lit(most))


STAGE = Decide(
    "instruction_decisions",
    instruction_decisions,
    reads=(INSTRUCTION_PARTS, GIVEN_INSTRUCTIONS, CODE_CORPUS),
    writes=INSTRUCTION_DECISIONS,
    params=Instructions(),
    population=occurrences,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
