"""Near duplicates among pages: the newest capture of a group stands for it, by the stage that does so for code.

spark-submit jobs/web/web_near_duplicates.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code.components import Fixpoint
from jobs.code.near_duplicates import near_duplicates
from jobs.runtime.stage import Decide
from jobs.web.as_files import files_of, no_repositories
from jobs.web.parameters import WebDedup
from schemas.web import WEB_EXACT_DUPLICATES, WEB_FINGERPRINTS, WEB_NEAR_DUPLICATES, WEB_NEAR_PAIRS, WEB_PAGES


def web_near_duplicates(
    exact: DataFrame, pairs: DataFrame, fingerprints: DataFrame, pages: DataFrame, p: WebDedup, fixpoint: Fixpoint
) -> DataFrame:
    """One row per page that exact deduplication kept."""
    return near_duplicates(exact, pairs, fingerprints, files_of(pages), no_repositories(pages), p, fixpoint)


STAGE = Decide(
    "web_near_duplicates",
    web_near_duplicates,
    reads=(WEB_EXACT_DUPLICATES, WEB_NEAR_PAIRS, WEB_FINGERPRINTS, WEB_PAGES),
    writes=WEB_NEAR_DUPLICATES,
    params=WebDedup(),
    iterative=True,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
