"""Fingerprints of the raw texts that exact deduplication kept, of their chunks and of whole repositories by strategy.

    spark-submit jobs/code/fingerprints.py --warehouse DIR --set dedup.bands=14 --set dedup.rows=8

Raw and not cleaned texts, as in the paper's order: a changed cleaning rule moves no fingerprint.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Dedup
from jobs.code.touched import FINGERPRINTED
from jobs.code.units import unit_contents
from jobs.runtime.stage import Measure
from schemas.code import CONTENTS, EXACT_DUPLICATES, FINGERPRINTS, RAW_FILES
from udfs.spark.code import fingerprint_rows, repository_fingerprint_rows


def required(exact: DataFrame, raw_files: DataFrame, p: Dedup) -> DataFrame:
    """(unit_id, content_id): one row per content of a unit."""
    return unit_contents(exact, raw_files, p)


def fingerprints(keys: DataFrame, contents: DataFrame, p: Dedup) -> DataFrame:
    """One row per text, per chunk of it, per repository; a text that kills its worker has one that says so."""
    texts = keys.join(contents, "content_id").select("unit_id", "content_id", "text")
    if p.whole != "repository":
        return fingerprint_rows(texts, p)
    alone = F.col("unit_id") == F.col("content_id")
    repositories = repository_fingerprint_rows(texts.where(~alone), p)
    return repositories.union(fingerprint_rows(texts.where(alone), p)) if p.chunks else repositories


STAGE = Measure(
    "fingerprints",
    fingerprints,
    required,
    reads=(EXACT_DUPLICATES, RAW_FILES),
    texts=(CONTENTS,),
    writes=FINGERPRINTS,
    kernel_version=Dedup.version,
    params=Dedup(),
    narrow=FINGERPRINTED,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
