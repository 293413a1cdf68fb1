"""Instructions as the stages of near duplicates see files: each is one of its own, in no repository."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.published import conversations
from schemas.corpus import INSTRUCTIONS


def instructions_of(parts: DataFrame, given: DataFrame, made: DataFrame) -> DataFrame:
    """(file_id, content_id, keep) of every instruction, each once; both ids are the instruction's."""
    found = [
        parts.select(F.explode("found.instruction_id").alias("file_id")),
        given.select(F.col("instruction_id").alias("file_id")),
        conversations(made).select(F.col("row_id").alias("file_id")),
    ]
    every = reduce(DataFrame.union, found).distinct()
    return every.withColumns({"content_id": F.col("file_id"), "keep": F.lit(True)})


def files_of(exact: DataFrame) -> tuple[DataFrame, DataFrame]:
    """(raw_files, repositories) that go with them: nothing ranks one before the other but its id."""
    nothing = {"repo_id": F.lit(None).cast("string"), "commit_time": F.lit(None).cast("timestamp")}
    files = exact.select("file_id", "content_id").withColumns(nothing)
    none = files.where("false").withColumn("stars", F.lit(None).cast("bigint"))
    return files, none.select("repo_id", "stars", "commit_time")


def texts_of(parts: DataFrame, given: DataFrame, threads: DataFrame) -> DataFrame:
    """(content_id, text) of every instruction, each once: what was asked and what was answered."""
    ours = parts.select(F.explode("texts").alias("t"))
    ours = ours.select("t.instruction_id", F.concat_ws("\n", "t.question", "t.answer").alias("text"))
    said = F.array_join(F.transform("messages", lambda m: m["content"]), "\n").alias("text")
    theirs = given.select("instruction_id", said)
    made = threads.select(F.explode("texts").alias("t")).where("t.messages IS NOT NULL")
    kind = INSTRUCTIONS.column("messages").type
    made = made.select(F.col("t.row_id").alias("instruction_id"), F.from_json("t.messages", kind).alias("messages"))
    every = ours.union(theirs).union(made.select("instruction_id", said))
    return every.groupBy(F.col("instruction_id").alias("content_id")).agg(F.min("text").alias("text"))
