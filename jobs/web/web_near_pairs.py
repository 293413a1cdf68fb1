"""Candidate pairs of near-duplicate pages, verified on their sketches, by the stage that pairs code.

spark-submit jobs/web/web_near_pairs.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code.near_pairs import near_pairs
from jobs.runtime.stage import Decide
from jobs.web.parameters import WebDedup
from schemas.web import WEB_EXACT_DUPLICATES, WEB_FINGERPRINTS, WEB_NEAR_PAIRS


def web_near_pairs(exact: DataFrame, fingerprints: DataFrame, p: WebDedup) -> DataFrame:
    """One row per candidate pair."""
    return near_pairs(exact, exact, fingerprints, p)


STAGE = Decide(
    "web_near_pairs",
    web_near_pairs,
    reads=(WEB_EXACT_DUPLICATES, WEB_FINGERPRINTS),
    writes=WEB_NEAR_PAIRS,
    params=WebDedup(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
