"""Exact duplicates: files with the same text, by SHA-256 (paper 2.1, nearly 75 % of GitHub's files).

spark-submit jobs/code/exact_duplicates.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Dedup
from jobs.code.ranking import copies, decided
from jobs.code.touched import BY_CONTENT
from jobs.runtime.stage import Decide
from schemas.code import EXACT_DUPLICATES, FILE_DECISIONS, RAW_FILES, REPOSITORIES
from schemas.contract import REASONS


def exact_duplicates(files: DataFrame, raw_files: DataFrame, repositories: DataFrame, p: Dedup) -> DataFrame:
    """One row per kept file; of each text, the best-ranked file is kept. Where the strategy does not begin with files
    every file stays: in the paper 52 of the 99 B tokens that repositories leave are copies of others.
    """
    if p.whole == "file":
        return copies(files, "content_id", "exact_duplicate", raw_files, repositories)
    alone = files.where("keep").select("file_id", "content_id", F.array().cast(REASONS).alias("reasons"))
    return decided(alone.withColumns({"representative": F.col("file_id"), "group_size": F.lit(1)}))


STAGE = Decide(
    "exact_duplicates",
    exact_duplicates,
    reads=(FILE_DECISIONS, RAW_FILES, REPOSITORIES),
    writes=EXACT_DUPLICATES,
    params=Dedup(),
    narrow=BY_CONTENT,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
