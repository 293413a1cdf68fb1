"""Fingerprints of the texts of pages that exact deduplication kept, by the kernel that marks code.

spark-submit jobs/web/web_fingerprints.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.code import fingerprints
from jobs.runtime.stage import Measure
from jobs.web.parameters import WebDedup
from schemas.web import PAGE_TEXTS, WEB_EXACT_DUPLICATES, WEB_FINGERPRINTS


def required(exact: DataFrame, p: WebDedup) -> DataFrame:
    """(unit_id, content_id) of each text."""
    return fingerprints.required(exact, exact, p)


def web_fingerprints(keys: DataFrame, texts: DataFrame, p: WebDedup) -> DataFrame:
    """One row per text."""
    return fingerprints.fingerprints(keys, texts, p)


STAGE = Measure(
    "web_fingerprints",
    web_fingerprints,
    required,
    reads=(WEB_EXACT_DUPLICATES,),
    texts=(PAGE_TEXTS,),
    writes=WEB_FINGERPRINTS,
    kernel_version=WebDedup.version,
    params=WebDedup(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
