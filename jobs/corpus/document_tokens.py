"""Documents as rows of a token table."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.corpus.pinned_tokenizer import shipped
from udfs.spark.corpus import token_rows


def as_documents(docs: DataFrame, p: Tokens) -> DataFrame:
    """A row for each document, every column but the tokens."""
    return docs.select(
        "content_id",
        F.lit(0).alias("chunk"),
        "source",
        "language",
        "held_out",
        "text_bytes",
        F.lit(shipped(p).hash).alias("tokenizer_hash"),
        F.lit(p.fim().settings()).alias("fim"),
    )


def with_tokens(rows: DataFrame, docs: DataFrame, p: Tokens) -> DataFrame:
    """The rows with their texts as ids."""
    return token_rows(rows.join(docs.select("content_id", "text"), "content_id"), shipped(p), p.fim())
