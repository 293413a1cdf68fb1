"""Publish instructions: the conversations that were kept, held out where a repository they stand in is.

spark-submit jobs/corpus/instructions.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.runtime.stage import Publish
from schemas.corpus import GIVEN_INSTRUCTIONS, INSTRUCTION_DECISIONS, INSTRUCTION_PARTS, INSTRUCTIONS
from schemas.instruct import THREADS
from udfs.spark.corpus import held_out_rows


def instructions(decisions: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the messages. A copy in a held-out repository holds all others out: it is the same text."""
    anywhere = F.max("held_out").over(Window.partitionBy("instruction_id"))
    rows = held_out_rows(decisions, p.held_out).withColumn("held_out", anywhere).where("keep")
    return rows.drop("keep", "reasons")


def with_messages(rows: DataFrame, parts: DataFrame, given: DataFrame, threads: DataFrame, p: Tokens) -> DataFrame:
    """The rows with their messages, each from where it stands."""
    texts = parts.select(F.col("clean_id").alias("origin"), "language", "texts")
    ours = rows.where("kind IN ('docstring', 'summary')").join(texts, ["origin", "language"])
    mine = F.expr("filter(texts, t -> t.instruction_id = instruction_id)[0]")
    said = (("user", "question"), ("assistant", "answer"))
    turns = [F.struct(F.lit(role).alias("role"), mine[part].alias("content")) for role, part in said]
    ours = ours.withColumn("messages", F.array(*turns)).drop("texts")
    key = ["origin", "instruction_id"]
    theirs = rows.where("kind = 'table'").join(given.select(*key, "messages"), key)
    return ours.unionByName(theirs).unionByName(_made(rows.where("kind = 'made'"), threads))


def _made(rows: DataFrame, threads: DataFrame) -> DataFrame:
    """What recipes made, with the messages of its thread."""
    texts = threads.select("seed_id", F.col("recipe").alias("source"), F.explode("texts").alias("t"))
    kind = INSTRUCTIONS.column("messages").type
    messages = F.from_json("t.messages", kind).alias("messages")
    texts = texts.select("seed_id", "source", F.col("t.row_id").alias("instruction_id"), messages)
    key = ["seed_id", "source", "instruction_id"]
    seed = F.split_part("origin", F.lit("/"), F.lit(2))
    return rows.withColumn("seed_id", seed).join(texts.dropDuplicates(key), key).drop("seed_id")


STAGE = Publish(
    "instructions",
    instructions,
    with_messages,
    reads=(INSTRUCTION_DECISIONS,),
    texts=(INSTRUCTION_PARTS, GIVEN_INSTRUCTIONS, THREADS),
    writes=INSTRUCTIONS,
    params=Tokens(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
