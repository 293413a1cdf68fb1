"""Fingerprints of the raw texts that exact deduplication kept.

    spark-submit jobs/code/fingerprints.py --warehouse DIR --set fingerprint.bands=14 --set fingerprint.rows=8

Raw and not cleaned texts, as in the paper's order: a changed cleaning rule moves no fingerprint.
"""

from __future__ import annotations

from jobs.runtime.cli import stage_main
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.stage import Measure
from schemas.code import CONTENTS, EXACT_DUPLICATES, FINGERPRINTS
from udfs.fingerprint import Fingerprint
from udfs.spark import fingerprint_rows


def required(exact: DataFrame, p: Fingerprint) -> DataFrame:
    return exact.where("keep").select(F.col("content_id").alias("unit_id"), "content_id")


def fingerprints(keys: DataFrame, contents: DataFrame, p: Fingerprint) -> DataFrame:
    """One row per text, or per chunk of it."""
    return fingerprint_rows(keys.join(contents, "content_id").select("unit_id", "text"), p)


STAGE = Measure(
    "fingerprints",
    fingerprints,
    required,
    reads=(EXACT_DUPLICATES,),
    texts=(CONTENTS,),
    writes=FINGERPRINTS,
    kernel_version=Fingerprint.version,
    params=Fingerprint(),
)

if __name__ == "__main__":
    stage_main(STAGE)
