"""Publish sft_tokens: every conversation as token ids with what is supervised; only what moved is tokenised.

spark-submit jobs/corpus/sft_tokens.py --warehouse DIR --set tokens.tokenizer=DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.corpus.pinned_tokenizer import shipped
from jobs.runtime.stage import Publish
from schemas.corpus import SFT_TOKENS
from schemas.documents import SFT_STAGE1, SFT_STAGE2
from udfs.spark.corpus import conversation_rows


def sft_tokens(first: DataFrame, second: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the tokens and the mask."""
    return first.unionByName(second).select(
        F.col("instruction_id").alias("content_id"),
        F.lit(0).alias("chunk"),
        "source",
        "language",
        "held_out",
        "text_bytes",
        F.lit(shipped(p).hash).alias("tokenizer_hash"),
        "stage",
    )


def everyone(first: DataFrame, second: DataFrame, *_: object) -> DataFrame:
    """Every conversation of both."""
    return first.select("instruction_id").union(second.select("instruction_id"))


def with_tokens(rows: DataFrame, first: DataFrame, second: DataFrame, p: Tokens) -> DataFrame:
    columns = (F.col("instruction_id").alias("content_id"), "messages")
    messages = first.select(*columns).union(second.select(*columns))
    return conversation_rows(rows.join(messages, "content_id"), shipped(p))


STAGE = Publish(
    "sft_tokens",
    sft_tokens,
    with_tokens,
    reads=(SFT_STAGE1, SFT_STAGE2),
    texts=(SFT_STAGE1, SFT_STAGE2),
    writes=SFT_TOKENS,
    params=Tokens(),
    version=lambda p: shipped(p).hash,
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
