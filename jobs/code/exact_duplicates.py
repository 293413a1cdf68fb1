"""Exact duplicates: files with the same text, by SHA-256 (paper 2.1, nearly 75 % of GitHub's files).

spark-submit jobs/code/exact_duplicates.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code.ranking import copies
from jobs.runtime.stage import Decide, NoParams
from schemas.code import EXACT_DUPLICATES, FILE_DECISIONS, RAW_FILES, REPOSITORIES


def exact_duplicates(files: DataFrame, raw_files: DataFrame, repositories: DataFrame, p: NoParams) -> DataFrame:
    """One row per kept file; of each text, the best-ranked file is kept."""
    return copies(files, "content_id", "exact_duplicate", raw_files, repositories)


STAGE = Decide(
    "exact_duplicates",
    exact_duplicates,
    reads=(FILE_DECISIONS, RAW_FILES, REPOSITORIES),
    writes=EXACT_DUPLICATES,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
