"""The query pool: what threads found of given queries and problems, as narrow rows."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

QUERIES = "seeds:interaction"
PROBLEMS = "seeds:follow_up"


def pool(questions: DataFrame) -> DataFrame:
    """(seed_id, thread_id, target, language, tags, squeezed, complexity, solutions) of each, once."""
    rows = questions.select(
        F.col("seed_id").alias("thread_id"), F.explode(F.arrays_zip("made", "scores")).alias("r")
    ).where(F.col("r.made.target").isin(QUERIES, PROBLEMS))
    named = rows.select(
        F.col("r.made.row_id").alias("seed_id"),
        "thread_id",
        F.col("r.made.target").alias("target"),
        F.col("r.made.language").alias("language"),
        F.coalesce("r.made.name", F.lit("")).alias("tags"),
        F.col("r.made.squeezed").alias("squeezed"),
        _score("complexity").alias("complexity"),
        _score("solutions").alias("solutions"),
    )
    facts = [name for name in named.columns if name != "seed_id"]
    return named.groupBy("seed_id").agg(*(F.min(name).alias(name) for name in facts))


def _score(name: str) -> Column:
    return F.get(F.filter("r.scores", lambda s: s["name"] == name), 0)["value"]


def with_texts(rows: DataFrame, questions: DataFrame) -> DataFrame:
    """Rows (seed_id) of the pool with `parts`: their texts by name, as JSON."""
    texts = questions.select(F.explode("texts").alias("t")).select(F.col("t.row_id").alias("seed_id"), "t.parts")
    return rows.join(texts.dropDuplicates(["seed_id"]), "seed_id")
