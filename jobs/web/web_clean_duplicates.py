"""Exact duplicates once more, on the cleaned text of pages.

spark-submit jobs/web/web_clean_duplicates.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code.ranking import copies
from jobs.runtime.stage import Decide, NoParams
from jobs.web.as_files import files_of, no_repositories
from schemas.web import WEB_CLEAN_DUPLICATES, WEB_FILTER_DECISIONS, WEB_PAGES


def web_clean_duplicates(filtered: DataFrame, pages: DataFrame, p: NoParams) -> DataFrame:
    """One row per page that the filter kept."""
    return copies(filtered, "clean_id", "clean_duplicate", files_of(pages), no_repositories(pages))


STAGE = Decide(
    "web_clean_duplicates",
    web_clean_duplicates,
    reads=(WEB_FILTER_DECISIONS, WEB_PAGES),
    writes=WEB_CLEAN_DUPLICATES,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
