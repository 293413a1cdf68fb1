"""Fingerprints of instructions, question and answer together, by the kernel that marks code.

spark-submit jobs/corpus/instruction_fingerprints.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code import fingerprints
from jobs.corpus.as_files import instructions_of, texts_of
from jobs.corpus.parameters import InstructionDedup
from jobs.runtime.stage import Measure
from schemas.corpus import GIVEN_INSTRUCTIONS, INSTRUCTION_FINGERPRINTS, INSTRUCTION_PARTS
from schemas.instruct import MADE_DECISIONS, THREADS


def required(parts: DataFrame, given: DataFrame, made: DataFrame, p: InstructionDedup) -> DataFrame:
    """(unit_id, content_id) of each instruction."""
    exact = instructions_of(parts, given, made)
    return fingerprints.required(exact, exact, p)


def instruction_fingerprints(
    keys: DataFrame, parts: DataFrame, given: DataFrame, threads: DataFrame, p: InstructionDedup
) -> DataFrame:
    """One row per instruction."""
    return fingerprints.fingerprints(keys, texts_of(parts, given, threads), p)


STAGE = Measure(
    "instruction_fingerprints",
    instruction_fingerprints,
    required,
    reads=(INSTRUCTION_PARTS, GIVEN_INSTRUCTIONS, MADE_DECISIONS),
    texts=(INSTRUCTION_PARTS, GIVEN_INSTRUCTIONS, THREADS),
    writes=INSTRUCTION_FINGERPRINTS,
    kernel_version=InstructionDedup.version,
    params=InstructionDedup(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
