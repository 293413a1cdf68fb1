"""Fingerprints of the raw texts that exact deduplication kept.

    spark-submit jobs/code/fingerprints.py --warehouse DIR --set near_duplicates.bands=14 --set near_duplicates.rows=8

Raw and not cleaned texts, as in the paper's order: a changed cleaning rule moves no fingerprint.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import NearDuplicates
from jobs.code.units import repository_units
from jobs.runtime.stage import Measure
from schemas.code import CONTENTS, EXACT_DUPLICATES, FINGERPRINTS, RAW_FILES
from udfs.spark.code import fingerprint_rows, repository_fingerprint_rows


def required(exact: DataFrame, raw_files: DataFrame, p: NearDuplicates) -> DataFrame:
    """(unit_id, content_id): one row per content of a unit."""
    if p.level == "repository":
        return repository_units(exact, raw_files).select("unit_id", "content_id")
    return exact.where("keep").select(F.col("content_id").alias("unit_id"), "content_id")


def fingerprints(keys: DataFrame, contents: DataFrame, p: NearDuplicates) -> DataFrame:
    """One row per text, per chunk of it, or per repository; a text that kills its worker has one that says so."""
    texts = keys.join(contents, "content_id").select("unit_id", "text")
    return repository_fingerprint_rows(texts, p) if p.level == "repository" else fingerprint_rows(texts, p)


STAGE = Measure(
    "fingerprints",
    fingerprints,
    required,
    reads=(EXACT_DUPLICATES, RAW_FILES),
    texts=(CONTENTS,),
    writes=FINGERPRINTS,
    kernel_version=NearDuplicates.version,
    params=NearDuplicates(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
