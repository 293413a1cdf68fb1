"""Publish pretrain_tokens: every document of code_corpus and web_corpus as token ids; only what moved is tokenised.

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
from schemas.web import WEB_CORPUS
from udfs.spark.corpus import held_out_rows, token_rows


def pretrain_tokens(code: DataFrame, web: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the tokens. Held-out documents are marked, not left out: they are evaluated on."""
    return held_out_rows(documents(code, web), p.held_out).select(
        "content_id",
        F.lit(0).alias("chunk"),
        "source",
        "language",
        "held_out",
        "text_bytes",
        F.lit(shipped(p).hash).alias("tokenizer_hash"),
        F.lit(p.fim().settings()).alias("fim"),
    )


def documents(code: DataFrame, web: DataFrame) -> DataFrame:
    """(content_id, source, repo, language, text_bytes): a page is held out by its domain as code is by its repository,
    and a page whose text is in code_corpus too is that document.
    """
    files = code.select(
        F.col("clean_id").alias("content_id"), F.lit("code").alias("source"), "repo", "language", "text_bytes"
    )
    pages = web.select(
        F.col("clean_id").alias("content_id"),
        F.lit("web").alias("source"),
        F.col("domain").alias("repo"),
        F.col("natural_language").alias("language"),
        "text_bytes",
    )
    return files.union(pages.join(files.select("content_id"), "content_id", "left_anti").select(*files.columns))


def everyone(code: DataFrame, web: DataFrame) -> DataFrame:
    """Every document."""
    return documents(code, web).select("content_id")


def with_tokens(rows: DataFrame, code: DataFrame, web: DataFrame, p: Tokens) -> DataFrame:
    """The rows with their texts as ids, each text from the corpus that its document is of."""
    texts = (t.select(F.col("clean_id").alias("content_id"), "text") for t in (code, web))
    both = [
        rows.where(F.col("source") == source).join(some, "content_id")
        for source, some in zip(("code", "web"), texts, strict=True)
    ]
    return token_rows(both[0].unionByName(both[1]), shipped(p), p.fim())


STAGE = Publish(
    "pretrain_tokens",
    pretrain_tokens,
    with_tokens,
    reads=(CODE_CORPUS, WEB_CORPUS),
    texts=(CODE_CORPUS, WEB_CORPUS),
    writes=PRETRAIN_TOKENS,
    params=Tokens(),
    version=version,
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
