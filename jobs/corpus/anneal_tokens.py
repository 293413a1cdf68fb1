"""Publish anneal_tokens: algorithmic files, verified snippets and textbooks as token ids (paper 4.1, annealing).

spark-submit jobs/corpus/anneal_tokens.py --warehouse DIR --set tokens.tokenizer=DIR
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.corpus.pinned_tokenizer import shipped, version
from jobs.runtime.stage import Publish
from schemas.corpus import ANNEAL_TOKENS
from schemas.instruct import ALGORITHMIC, SYNTHETIC_SNIPPETS, TEXTBOOKS
from udfs.spark.corpus import held_out_rows, token_rows

_PARTS = ("algorithmic", "snippets", "textbooks")
"""Sources of the table: the names that the annealing mixture gives them."""


def anneal_tokens(algorithmic: DataFrame, snippets: DataFrame, textbooks: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the tokens. Held-out documents are marked, not left out: they are evaluated on."""
    files = algorithmic.select(F.col("clean_id").alias("content_id"), "repo", "language", "text_bytes")
    files = held_out_rows(files, p.held_out).drop("repo").withColumn("source", F.lit(_PARTS[0]))
    columns = (F.col("row_id").alias("content_id"), "language", "text_bytes", "held_out")
    made = [
        rows.select(*columns).withColumn("source", F.lit(name))
        for name, rows in zip(_PARTS[1:], (snippets, textbooks), strict=True)
    ]
    return _once([files, *made]).select(
        "content_id",
        F.lit(0).alias("chunk"),
        "source",
        "language",
        "held_out",
        "text_bytes",
        F.lit(shipped(p).hash).alias("tokenizer_hash"),
        F.lit(p.fim().settings()).alias("fim"),
    )


def _once(parts: list[DataFrame]) -> DataFrame:
    """All rows; of a text that is in two parts the one in the first."""
    kept = parts[0]
    for rows in parts[1:]:
        kept = kept.unionByName(rows.join(kept.select("content_id"), "content_id", "left_anti"))
    return kept


def everyone(algorithmic: DataFrame, snippets: DataFrame, textbooks: DataFrame) -> DataFrame:
    """Every text of the three."""
    made = [rows.select(F.col("row_id").alias("content_id")) for rows in (snippets, textbooks)]
    return reduce(DataFrame.union, made, algorithmic.select(F.col("clean_id").alias("content_id"))).distinct()


def with_tokens(
    rows: DataFrame, algorithmic: DataFrame, snippets: DataFrame, textbooks: DataFrame, p: Tokens
) -> DataFrame:
    """The rows with their texts as ids, each text from the table that its row is of."""
    texts = (algorithmic.withColumnRenamed("clean_id", "row_id"), snippets, textbooks)
    found = [
        rows.where(F.col("source") == name).join(some.select(F.col("row_id").alias("content_id"), "text"), "content_id")
        for name, some in zip(_PARTS, texts, strict=True)
    ]
    return token_rows(reduce(DataFrame.unionByName, found), shipped(p), p.fim())


STAGE = Publish(
    "anneal_tokens",
    anneal_tokens,
    with_tokens,
    reads=(ALGORITHMIC, SYNTHETIC_SNIPPETS, TEXTBOOKS),
    texts=(ALGORITHMIC, SYNTHETIC_SNIPPETS, TEXTBOOKS),
    writes=ANNEAL_TOKENS,
    params=Tokens(),
    version=version,
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
