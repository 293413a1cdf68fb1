"""Publish pretrain_docs: every document of code_corpus and web_corpus that holds no copy of a benchmark.

spark-submit jobs/corpus/pretrain_docs.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.clean_of_benchmarks import without_copies
from jobs.corpus.parameters import Tokens
from jobs.runtime.stage import Publish
from schemas.code import CODE_CORPUS
from schemas.contamination import CONTAMINATION
from schemas.documents import PRETRAIN_DOCS
from schemas.web import WEB_CORPUS
from udfs.spark.corpus import held_out_rows

UNKNOWN = "unknown"
"""Language of a page whose script says nothing."""
_SOURCES = ("code", "web")


def pretrain_docs(code: DataFrame, web: DataFrame, contamination: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the text. Held-out documents are marked, not left out: they are evaluated on."""
    rows = without_copies(documents(code, web), "content_id", contamination)
    return held_out_rows(rows, p.held_out)


def documents(code: DataFrame, web: DataFrame) -> DataFrame:
    """(content_id, source, repo, path, language, licences, text_bytes): a page is held out by its domain as code is by
    its repository, and a page whose text is in code_corpus too is that document.
    """
    about = (F.col("clean_id").alias("content_id"), "licences", "text_bytes")
    files = code.select(*about, F.lit(_SOURCES[0]).alias("source"), "repo", "path", "language")
    pages = web.select(
        *about,
        F.lit(_SOURCES[1]).alias("source"),
        F.col("domain").alias("repo"),
        F.col("url").alias("path"),
        F.coalesce("natural_language", F.lit(UNKNOWN)).alias("language"),
    )
    return files.unionByName(pages.join(files.select("content_id"), "content_id", "left_anti"))


def everyone(code: DataFrame, web: DataFrame, contamination: DataFrame, *_: object) -> DataFrame:
    """Every document without a copy."""
    ids = code.select("clean_id").union(web.select("clean_id")).distinct()
    return without_copies(ids, "clean_id", contamination)


def with_text(rows: DataFrame, code: DataFrame, web: DataFrame, p: Tokens) -> DataFrame:
    """The rows with their texts, each from the corpus that its document is of."""
    texts = (t.select(F.col("clean_id").alias("content_id"), "text") for t in (code, web))
    files, pages = (
        rows.where(F.col("source") == source).join(some, "content_id")
        for source, some in zip(_SOURCES, texts, strict=True)
    )
    return files.unionByName(pages)


STAGE = Publish(
    "pretrain_docs",
    pretrain_docs,
    with_text,
    reads=(CODE_CORPUS, WEB_CORPUS, CONTAMINATION),
    texts=(CODE_CORPUS, WEB_CORPUS),
    writes=PRETRAIN_DOCS,
    params=Tokens(),
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
