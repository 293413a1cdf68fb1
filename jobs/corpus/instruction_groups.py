"""Near-duplicate instructions: of each group the first by its id stands for it, by the stage that does so for code.

spark-submit jobs/corpus/instruction_groups.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code.components import Fixpoint
from jobs.code.near_duplicates import near_duplicates
from jobs.corpus.as_files import files_of, instructions_of
from jobs.corpus.parameters import InstructionDedup
from jobs.runtime.stage import Decide
from schemas.corpus import (
    GIVEN_INSTRUCTIONS,
    INSTRUCTION_FINGERPRINTS,
    INSTRUCTION_GROUPS,
    INSTRUCTION_PAIRS,
    INSTRUCTION_PARTS,
)
from schemas.instruct import MADE_DECISIONS


def instruction_groups(
    pairs: DataFrame,
    fingerprints: DataFrame,
    parts: DataFrame,
    given: DataFrame,
    made: DataFrame,
    p: InstructionDedup,
    fixpoint: Fixpoint,
) -> DataFrame:
    """One row per instruction."""
    exact = instructions_of(parts, given, made)
    return near_duplicates(exact, pairs, fingerprints, *files_of(exact), p, fixpoint)


def everyone(
    pairs: DataFrame, fingerprints: DataFrame, parts: DataFrame, given: DataFrame, made: DataFrame
) -> DataFrame:
    """Every instruction."""
    return instructions_of(parts, given, made)


STAGE = Decide(
    "instruction_groups",
    instruction_groups,
    reads=(INSTRUCTION_PAIRS, INSTRUCTION_FINGERPRINTS, INSTRUCTION_PARTS, GIVEN_INSTRUCTIONS, MADE_DECISIONS),
    writes=INSTRUCTION_GROUPS,
    params=InstructionDedup(),
    iterative=True,
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
