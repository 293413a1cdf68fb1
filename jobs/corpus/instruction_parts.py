"""Instructions that a text holds: documented functions and the description it opens with, found without a model.

spark-submit jobs/corpus/instruction_parts.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.runtime.stage import Measure, NoParams
from schemas.code import CODE_CORPUS
from schemas.corpus import INSTRUCTION_PARTS
from udfs.instructions import make
from udfs.spark.corpus import instruction_rows


def required(corpus: DataFrame, p: NoParams) -> DataFrame:
    """A text is read as its language."""
    return corpus.select("clean_id", "language")


def instruction_parts(keys: DataFrame, corpus: DataFrame, p: NoParams) -> DataFrame:
    """One row per text, with or without instructions."""
    return instruction_rows(keys.join(corpus.select("clean_id", "text"), "clean_id"))


STAGE = Measure(
    "instruction_parts",
    instruction_parts,
    required,
    reads=(CODE_CORPUS,),
    texts=(CODE_CORPUS,),
    writes=INSTRUCTION_PARTS,
    kernel_version=lambda _: make.version(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
