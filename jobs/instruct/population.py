"""The lineage of every task of the evolution; of several tasks of one text the earliest one is solved.

spark-submit jobs/instruct/population.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason, reasons
from jobs.instruct import lineage
from jobs.runtime.stage import Decide
from schemas.instruct import GENERATION_1, GENERATION_2, GENERATION_3, GIVEN_SEEDS, POPULATION, QUESTIONS, SEED_PARTS
from udfs.recipes.evolution import GENERATIONS, Evolution


def population(
    questions: DataFrame,
    given: DataFrame,
    parts: DataFrame,
    first: DataFrame,
    second: DataFrame,
    third: DataFrame,
    p: Evolution,
) -> DataFrame:
    """One row per task."""
    rows = lineage.members(questions, given, (first, second, third))
    found = lineage.with_origins(rows, "seed_id", F.array("seed_id"), rows, parts, GENERATIONS)
    return told(lineage.with_first(found))


def told(rows: DataFrame) -> DataFrame:
    """Individuals with `first`, and why one is not solved."""
    copy = (F.col("first") != F.col("seed_id"), reason("duplicate", detail=F.col("first")))
    return decided(rows.withColumn("reasons", reasons(copy))).drop("first", "domain")


def everyone(
    questions: DataFrame,
    given: DataFrame,
    parts: DataFrame,
    first: DataFrame,
    second: DataFrame,
    third: DataFrame,
    p: Evolution,
) -> DataFrame:
    """Every task that is alive."""
    return lineage.members(questions, given, (first, second, third)).select("seed_id")


STAGE = Decide(
    "population",
    population,
    reads=(QUESTIONS, GIVEN_SEEDS, SEED_PARTS, GENERATION_1, GENERATION_2, GENERATION_3),
    writes=POPULATION,
    params=Evolution(),
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
