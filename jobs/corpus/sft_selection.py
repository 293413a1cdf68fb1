"""Which conversations a stage of fine-tuning has: its own, all of them where stages are mixed, or none."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.clean_of_benchmarks import without_copies
from jobs.corpus.parameters import Sft


def selected(stage: int, instructions: DataFrame, contamination: DataFrame, p: Sft) -> DataFrame:
    """The conversations of a stage that hold no copy of a benchmark, every column but the messages."""
    mine = (
        instructions.drop("messages")
        .where(F.col("stage").isin(list(p.taken_by(stage))))
        .withColumn("stage", F.lit(stage))
    )
    return without_copies(mine, "instruction_id", contamination)


def with_messages(rows: DataFrame, instructions: DataFrame, p: Sft) -> DataFrame:
    """The rows with their messages."""
    return rows.join(instructions.select("instruction_id", "messages"), "instruction_id")
