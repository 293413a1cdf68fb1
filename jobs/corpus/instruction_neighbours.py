"""Pairs of instructions whose vectors are near: candidates that share a band of planes, verified by their cosine.

spark-submit jobs/corpus/instruction_neighbours.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.near_pairs import candidates, with_sketches
from jobs.corpus.as_files import instructions_of
from jobs.corpus.parameters import InstructionDedup
from jobs.runtime.stage import Decide
from schemas.corpus import GIVEN_INSTRUCTIONS, INSTRUCTION_EMBEDDINGS, INSTRUCTION_NEIGHBOURS, INSTRUCTION_PARTS
from schemas.instruct import MADE_DECISIONS
from udfs.spark.pairs import cosine_rows


def instruction_neighbours(
    embeddings: DataFrame, parts: DataFrame, given: DataFrame, made: DataFrame, p: InstructionDedup
) -> DataFrame:
    """One row per candidate pair."""
    live = instructions_of(parts, given, made).select(F.col("content_id").alias("unit_id"))
    units = embeddings.where("failure IS NULL").join(live, "unit_id", "left_semi")
    if not p.embeddings:
        units = units.where("false")
    pairs = candidates(units.select("unit_id", "bands"), p)
    return cosine_rows(with_sketches(pairs, units)).withColumn("verified", F.col("similarity") >= p.cosine)


STAGE = Decide(
    "instruction_neighbours",
    instruction_neighbours,
    reads=(INSTRUCTION_EMBEDDINGS, INSTRUCTION_PARTS, GIVEN_INSTRUCTIONS, MADE_DECISIONS),
    writes=INSTRUCTION_NEIGHBOURS,
    params=InstructionDedup(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
