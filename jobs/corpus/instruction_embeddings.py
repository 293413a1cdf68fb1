"""Vectors of instructions by the encoder of instruction_dedup.embeddings, question and answer together; none without.

spark-submit jobs/corpus/instruction_embeddings.py --warehouse DIR --set instruction_dedup.embeddings=FOLDER
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.as_files import instructions_of, texts_of
from jobs.corpus.parameters import InstructionDedup
from jobs.runtime.stage import Measure
from schemas.corpus import GIVEN_INSTRUCTIONS, INSTRUCTION_EMBEDDINGS, INSTRUCTION_PARTS
from schemas.instruct import MADE_DECISIONS, THREADS
from udfs.spark.embeddings import embedded_rows


def required(parts: DataFrame, given: DataFrame, made: DataFrame, p: InstructionDedup) -> DataFrame:
    """(unit_id) of each instruction, of none where no encoder is named."""
    every = instructions_of(parts, given, made).select(F.col("content_id").alias("unit_id"))
    return every if p.embeddings else every.where("false")


def instruction_embeddings(
    keys: DataFrame, parts: DataFrame, given: DataFrame, threads: DataFrame, p: InstructionDedup
) -> DataFrame:
    """One row per instruction."""
    texts = texts_of(parts, given, threads).withColumnRenamed("content_id", "unit_id")
    return embedded_rows(keys.join(texts, "unit_id"), p.embeddings, p.encoder_version())


STAGE = Measure(
    "instruction_embeddings",
    instruction_embeddings,
    required,
    reads=(INSTRUCTION_PARTS, GIVEN_INSTRUCTIONS, MADE_DECISIONS),
    texts=(INSTRUCTION_PARTS, GIVEN_INSTRUCTIONS, THREADS),
    writes=INSTRUCTION_EMBEDDINGS,
    kernel_version=InstructionDedup.encoder_version,
    params=InstructionDedup(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
