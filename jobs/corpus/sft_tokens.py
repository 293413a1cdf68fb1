"""Publish sft_tokens: every conversation as token ids with what is supervised; only what moved is tokenised.

spark-submit jobs/corpus/sft_tokens.py --warehouse DIR --set tokens.tokenizer=DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.corpus.pinned_tokenizer import shipped
from jobs.runtime.stage import Publish
from schemas.corpus import INSTRUCTIONS, SFT_TOKENS
from udfs.spark.corpus import conversation_rows


def sft_tokens(instructions: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the tokens and the mask."""
    return instructions.select(
        F.col("instruction_id").alias("content_id"),
        F.lit(0).alias("chunk"),
        "source",
        "language",
        "held_out",
        "text_bytes",
        F.lit(shipped(p).hash).alias("tokenizer_hash"),
        "stage",
    )


def with_tokens(rows: DataFrame, instructions: DataFrame, p: Tokens) -> DataFrame:
    messages = instructions.select(F.col("instruction_id").alias("content_id"), "messages")
    return conversation_rows(rows.join(messages, "content_id"), shipped(p))


STAGE = Publish(
    "sft_tokens",
    sft_tokens,
    with_tokens,
    reads=(INSTRUCTIONS,),
    texts=(INSTRUCTIONS,),
    writes=SFT_TOKENS,
    params=Tokens(),
    version=lambda p: shipped(p).hash,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
