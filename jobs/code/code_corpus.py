"""Publish code_corpus: distinct cleaned texts that passed every stage, gated by the contract's expectations.

spark-submit jobs/code/code_corpus.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Dedup
from jobs.code.texts import kept_files, with_text
from jobs.code.touched import PUBLISHED
from jobs.runtime.stage import Publish
from schemas.code import (
    CLEANED_TEXTS,
    CODE_CORPUS,
    CONTENTS,
    NEAR_DUPLICATES,
    RAW_FILES,
    REPOSITORIES,
    SAMPLE_DECISIONS,
)


def code_corpus(
    sampled: DataFrame, raw_files: DataFrame, repositories: DataFrame, near: DataFrame, p: Dedup
) -> DataFrame:
    """Every column but text and run_id. Only where chunks are cut need it be known which."""
    files = kept_files(near, raw_files) if p.chunks else raw_files
    kept = sampled.where("keep").select("file_id", "clean_id", "text_bytes")
    repos = repositories.select(
        "repo_id", "repo", F.col("licences").alias("repo_licences"), F.col("commit_time").alias("repo_time")
    )
    rows = kept.join(files, "file_id").join(repos, "repo_id")
    return rows.select(
        "clean_id",
        "file_id",
        "content_id",
        "language",
        "kind",
        "repo_id",
        "repo",
        "path",
        F.coalesce("licences", "repo_licences").alias("licences"),
        F.coalesce("commit_time", "repo_time").alias("commit_time"),
        F.col("size_bytes").alias("raw_bytes"),
        "text_bytes",
    )


def texts_of(rows: DataFrame, contents: DataFrame, cleaned: DataFrame, p: Dedup) -> DataFrame:
    return with_text(rows, contents, cleaned)


STAGE = Publish(
    "code_corpus",
    code_corpus,
    texts_of,
    reads=(SAMPLE_DECISIONS, RAW_FILES, REPOSITORIES, NEAR_DUPLICATES),
    texts=(CONTENTS, CLEANED_TEXTS),
    writes=CODE_CORPUS,
    params=Dedup(),
    narrow=PUBLISHED,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
