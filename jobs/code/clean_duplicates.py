"""Exact duplicates once more, on the cleaned text: two files that differ in a licence header are one.

spark-submit jobs/code/clean_duplicates.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code.ranking import copies
from jobs.code.touched import BY_CLEAN
from jobs.runtime.stage import Decide, NoParams
from schemas.code import CLEAN_DUPLICATES, FILTER_DECISIONS, RAW_FILES, REPOSITORIES


def clean_duplicates(filtered: DataFrame, raw_files: DataFrame, repositories: DataFrame, p: NoParams) -> DataFrame:
    """One row per file that the filter kept."""
    return copies(filtered, "clean_id", "clean_duplicate", raw_files, repositories)


STAGE = Decide(
    "clean_duplicates",
    clean_duplicates,
    reads=(FILTER_DECISIONS, RAW_FILES, REPOSITORIES),
    writes=CLEAN_DUPLICATES,
    narrow=BY_CLEAN,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
