"""Exact duplicates among the captures that are of any tag: one of each text goes on.

spark-submit jobs/web/web_exact_duplicates.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.ranking import copies
from jobs.runtime.stage import Decide
from jobs.web.as_files import files_of, no_repositories
from jobs.web.parameters import WebDedup
from schemas.web import WEB_DECISIONS, WEB_EXACT_DUPLICATES, WEB_PAGES


def web_exact_duplicates(decisions: DataFrame, pages: DataFrame, p: WebDedup) -> DataFrame:
    """One row per capture that stays under some tag."""
    kept = everyone(decisions, pages).withColumn("keep", F.lit(True))
    return copies(kept, "content_id", "exact_duplicate", files_of(pages), no_repositories(pages))


def everyone(decisions: DataFrame, pages: DataFrame, *_: object) -> DataFrame:
    """(file_id, content_id) of captures that stay under some tag."""
    return decisions.where("keep").select(F.col("page_id").alias("file_id"), "content_id").distinct()


STAGE = Decide(
    "web_exact_duplicates",
    web_exact_duplicates,
    reads=(WEB_DECISIONS, WEB_PAGES),
    writes=WEB_EXACT_DUPLICATES,
    params=WebDedup(),
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
