"""Candidate pairs of near-duplicate instructions, verified on their sketches, by the stage that pairs code.

spark-submit jobs/corpus/instruction_pairs.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code.near_pairs import near_pairs
from jobs.corpus.as_files import instructions_of
from jobs.corpus.parameters import InstructionDedup
from jobs.runtime.stage import Decide
from schemas.corpus import GIVEN_INSTRUCTIONS, INSTRUCTION_FINGERPRINTS, INSTRUCTION_PAIRS, INSTRUCTION_PARTS
from schemas.instruct import MADE_DECISIONS


def instruction_pairs(
    fingerprints: DataFrame, parts: DataFrame, given: DataFrame, made: DataFrame, p: InstructionDedup
) -> DataFrame:
    """One row per candidate pair."""
    exact = instructions_of(parts, given, made)
    return near_pairs(exact, exact, fingerprints, p)


STAGE = Decide(
    "instruction_pairs",
    instruction_pairs,
    reads=(INSTRUCTION_FINGERPRINTS, INSTRUCTION_PARTS, GIVEN_INSTRUCTIONS, MADE_DECISIONS),
    writes=INSTRUCTION_PAIRS,
    params=InstructionDedup(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
