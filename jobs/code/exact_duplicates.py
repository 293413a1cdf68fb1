"""Exact duplicates: files with the same text, by SHA-256 (paper 2.1, nearly 75 % of GitHub's files).

spark-submit jobs/code/exact_duplicates.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.ranking import decided, first_of, ranked, reason, reasons
from jobs.runtime.cli import stage_main
from jobs.runtime.stage import Decide, NoParams
from schemas.code import EXACT_DUPLICATES, FILE_DECISIONS, RAW_FILES, REPOSITORIES


def exact_duplicates(files: DataFrame, raw_files: DataFrame, repositories: DataFrame, p: NoParams) -> DataFrame:
    """One row per kept file; of each text, the best-ranked file is kept."""
    rows = ranked(files.where("keep").select("file_id", "content_id"), raw_files, repositories)
    representative, size = first_of("content_id")
    rows = rows.select("file_id", "content_id", representative.alias("representative"), size.alias("group_size"))
    copy = F.col("file_id") != F.col("representative")
    why = reasons((copy, reason("exact_duplicate", detail=F.col("representative"))))
    return decided(rows.withColumn("reasons", why))


STAGE = Decide(
    "exact_duplicates",
    exact_duplicates,
    reads=(FILE_DECISIONS, RAW_FILES, REPOSITORIES),
    writes=EXACT_DUPLICATES,
)

if __name__ == "__main__":
    stage_main(STAGE)
