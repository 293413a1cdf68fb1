"""Texts that could not be cleaned (broken notebooks, mostly) go to rejects, one row per file.

spark-submit jobs/code/rejects.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.texts import kept_files
from jobs.runtime.stage import Decide, NoParams
from schemas.code import CLEANED_TEXTS, NEAR_DUPLICATES, RAW_FILES
from schemas.ops import REJECTS

_STAGE = "cleaned_texts"


def rejects(near: DataFrame, raw_files: DataFrame, cleaned: DataFrame, p: NoParams) -> DataFrame:
    """One row per file whose text failed."""
    failed = cleaned.where("failure is not null").select("content_id", "language", "kind", "failure")
    rows = kept_files(near, raw_files).join(failed, ["content_id", "language", "kind"])
    reason = F.regexp_extract("failure", r"^[a-z_]+", 0)
    return rows.select(
        F.sha2(F.concat_ws("\0", F.lit(_STAGE), "source_id", "path", reason), 256).alias("reject_id"),
        F.lit(_STAGE).alias("stage"),
        "source_id",
        "path",
        "content_id",
        reason.alias("reason"),
        F.col("failure").alias("detail"),
        "size_bytes",
    )


STAGE = Decide(
    "rejects",
    rejects,
    reads=(NEAR_DUPLICATES, RAW_FILES, CLEANED_TEXTS),
    writes=REJECTS,
    scope=f"stage = '{_STAGE}'",
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
