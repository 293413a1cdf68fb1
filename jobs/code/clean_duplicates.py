"""Exact duplicates once more, on the cleaned text: two files that differ in a licence header are one.

spark-submit jobs/code/clean_duplicates.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.ranking import decided, first_of, ranked, reason, reasons
from jobs.runtime.cli import stage_main
from jobs.runtime.stage import Decide, NoParams
from schemas.code import CLEAN_DUPLICATES, FILTER_DECISIONS, RAW_FILES, REPOSITORIES


def clean_duplicates(filtered: DataFrame, raw_files: DataFrame, repositories: DataFrame, p: NoParams) -> DataFrame:
    """One row per file that the filter kept."""
    rows = ranked(filtered.where("keep").select("file_id", "clean_id"), raw_files, repositories)
    representative, size = first_of("clean_id")
    rows = rows.select("file_id", "clean_id", representative.alias("representative"), size.alias("group_size"))
    copy = F.col("file_id") != F.col("representative")
    why = reasons((copy, reason("clean_duplicate", detail=F.col("representative"))))
    return decided(rows.withColumn("reasons", why))


STAGE = Decide(
    "clean_duplicates",
    clean_duplicates,
    reads=(FILTER_DECISIONS, RAW_FILES, REPOSITORIES),
    writes=CLEAN_DUPLICATES,
)

if __name__ == "__main__":
    stage_main(STAGE)
