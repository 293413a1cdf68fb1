"""Publish pretrain_tokens: every document of code_corpus as token ids; only what moved is tokenised.

spark-submit jobs/corpus/pretrain_tokens.py --warehouse DIR --set tokens.tokenizer=DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.corpus.pinned_tokenizer import shipped, version
from jobs.runtime.stage import Publish
from schemas.code import CODE_CORPUS
from schemas.corpus import PRETRAIN_TOKENS
from udfs.spark.corpus import held_out_rows, token_rows


def pretrain_tokens(corpus: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the tokens. Held-out documents are marked, not left out: they are evaluated on."""
    documents = corpus.select(F.col("clean_id").alias("content_id"), "repo", "language", "text_bytes")
    return held_out_rows(documents, p.held_out).select(
        "content_id",
        F.lit(0).alias("chunk"),
        F.lit("code").alias("source"),
        "language",
        "held_out",
        "text_bytes",
        F.lit(shipped(p).hash).alias("tokenizer_hash"),
        F.lit(p.fim().settings()).alias("fim"),
    )


def with_tokens(rows: DataFrame, corpus: DataFrame, p: Tokens) -> DataFrame:
    texts = corpus.select(F.col("clean_id").alias("content_id"), "text")
    return token_rows(rows.join(texts, "content_id"), shipped(p), p.fim())


STAGE = Publish(
    "pretrain_tokens",
    pretrain_tokens,
    with_tokens,
    reads=(CODE_CORPUS,),
    texts=(CODE_CORPUS,),
    writes=PRETRAIN_TOKENS,
    params=Tokens(),
    version=version,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
