"""Texts that a kernel failed on (broken notebooks, mostly) go to rejects, one row per file and kernel.

    spark-submit jobs/code/rejects.py --warehouse DIR

A file whose text could not be cleaned or measured goes no further. One without a fingerprint goes on: it is compared
exactly only.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.signals import SIGNALS
from jobs.code.texts import kept_files
from jobs.runtime.stage import Decide, NoParams
from schemas.code import CLEANED_TEXTS, FINGERPRINTS, NEAR_DUPLICATES, RAW_FILES
from schemas.ops import REJECTS

_TEXT = ["content_id", "language", "kind"]
_STAGES = ("fingerprints", "cleaned_texts", "signals")


def rejects(
    near: DataFrame, raw_files: DataFrame, fingerprints: DataFrame, cleaned: DataFrame, signals: DataFrame, p: NoParams
) -> DataFrame:
    """One row per file and kernel that failed on its text."""
    files = kept_files(near, raw_files)
    # A repository is no text and has no failure of its own. What is cut from a text comes after its fingerprint.
    unmarked = _failed(fingerprints.withColumnRenamed("unit_id", "content_id"), "content_id").distinct()
    whole = near.where("keep").select("file_id").join(raw_files, "file_id")
    cleaned_as = cleaned.select(*_TEXT, "clean_id")
    unmeasured = _failed(signals, "clean_id", "language", "kind").join(cleaned_as, ["clean_id", "language", "kind"])
    failed = {
        "fingerprints": whole.join(unmarked, "content_id"),
        "cleaned_texts": files.join(_failed(cleaned, *_TEXT), _TEXT),
        "signals": files.join(unmeasured.drop("clean_id"), _TEXT),
    }
    return reduce(DataFrame.union, (_rows(stage, rows) for stage, rows in failed.items()))


def _failed(measured: DataFrame, *key: str) -> DataFrame:
    return measured.where("failure is not null").select(*key, "failure")


def _rows(stage: str, failed: DataFrame) -> DataFrame:
    reason = F.regexp_extract("failure", r"^[a-z_]+", 0)
    return failed.select(
        F.sha2(F.concat_ws("\0", F.lit(stage), "source_id", "path", reason), 256).alias("reject_id"),
        F.lit(stage).alias("stage"),
        "source_id",
        "path",
        "content_id",
        reason.alias("reason"),
        F.col("failure").alias("detail"),
        "size_bytes",
        F.lit(None).cast("string").alias("unit"),
        F.lit(None).cast("string").alias("repo_id"),
    )


STAGE = Decide(
    "rejects",
    rejects,
    reads=(NEAR_DUPLICATES, RAW_FILES, FINGERPRINTS, CLEANED_TEXTS, SIGNALS),
    writes=REJECTS,
    scope=f"stage in {_STAGES}",
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
