"""Near-duplicate instructions: of each group the first by its id stands for it, by the stage that does so for code.

Alike are two by their words (instruction_pairs) or, where an encoder is named, by their meaning
(instruction_neighbours).

spark-submit jobs/corpus/instruction_groups.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.components import Fixpoint
from jobs.code.near_duplicates import near_duplicates
from jobs.code.ranking import reason
from jobs.corpus.as_files import files_of, instructions_of
from jobs.corpus.parameters import InstructionDedup
from jobs.runtime.stage import Decide
from schemas.corpus import (
    GIVEN_INSTRUCTIONS,
    INSTRUCTION_FINGERPRINTS,
    INSTRUCTION_GROUPS,
    INSTRUCTION_NEIGHBOURS,
    INSTRUCTION_PAIRS,
    INSTRUCTION_PARTS,
)
from schemas.instruct import MADE_DECISIONS


def instruction_groups(
    pairs: DataFrame,
    neighbours: DataFrame,
    fingerprints: DataFrame,
    parts: DataFrame,
    given: DataFrame,
    made: DataFrame,
    p: InstructionDedup,
    fixpoint: Fixpoint,
) -> DataFrame:
    """One row per instruction."""
    exact = instructions_of(parts, given, made)
    if not p.embeddings:
        return near_duplicates(exact, pairs, fingerprints, *files_of(exact), p, fixpoint)
    both = ["unit_a", "unit_b"]
    meant = neighbours.where("verified").join(pairs.where("verified").select(*both), both, "left_anti")
    every = pairs.join(meant.select(*both), both, "left_anti").unionByName(meant)
    rows = near_duplicates(exact, every, fingerprints, *files_of(exact), p, fixpoint)
    return _said(rows, meant, p)


def _said(rows: DataFrame, meant: DataFrame, p: InstructionDedup) -> DataFrame:
    """The reason of a row that only its meaning brings to its representative: the cosine, and its own threshold."""
    mine, other = F.col("file_id"), F.col("representative")
    rows = rows.withColumns({"unit_a": F.least(mine, other), "unit_b": F.greatest(mine, other)})
    rows = rows.join(
        meant.select("unit_a", "unit_b", F.col("similarity").alias("_cosine")), ["unit_a", "unit_b"], "left"
    )
    same = F.array(reason("same_meaning", F.col("_cosine"), F.lit(p.cosine), other))
    why = F.when(~F.col("keep") & F.col("_cosine").isNotNull(), same).otherwise(F.col("reasons"))
    return rows.withColumn("reasons", why).drop("unit_a", "unit_b", "_cosine")


def everyone(*given: DataFrame | InstructionDedup) -> DataFrame:
    """Every instruction."""
    return instructions_of(*given[3:6])


STAGE = Decide(
    "instruction_groups",
    instruction_groups,
    reads=(
        INSTRUCTION_PAIRS,
        INSTRUCTION_NEIGHBOURS,
        INSTRUCTION_FINGERPRINTS,
        INSTRUCTION_PARTS,
        GIVEN_INSTRUCTIONS,
        MADE_DECISIONS,
    ),
    writes=INSTRUCTION_GROUPS,
    params=InstructionDedup(),
    iterative=True,
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
