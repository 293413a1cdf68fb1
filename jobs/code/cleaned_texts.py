"""Transformation: licence headers, personal data, notebook form (paper 2.1; appendix C.3 for notebooks).

spark-submit jobs/code/cleaned_texts.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.runtime.stage import Measure
from schemas.code import CLEANED_TEXTS, CONTENTS, NEAR_DUPLICATES, RAW_FILES
from udfs.cleaning.clean import Cleaning
from udfs.spark.code import cleaned_rows


def required(near: DataFrame, raw_files: DataFrame, p: Cleaning) -> DataFrame:
    """A text is cleaned by the comment style of its language: the key holds all that the kernel reads."""
    files = near.where("keep").select("file_id").join(raw_files, "file_id")
    return files.select("content_id", "language", "kind")


def cleaned_texts(keys: DataFrame, contents: DataFrame, p: Cleaning) -> DataFrame:
    """One row per text and language."""
    return cleaned_rows(keys.join(contents.select("content_id", "text"), "content_id"), p)


STAGE = Measure(
    "cleaned_texts",
    cleaned_texts,
    required,
    reads=(NEAR_DUPLICATES, RAW_FILES),
    texts=(CONTENTS,),
    writes=CLEANED_TEXTS,
    kernel_version=Cleaning.version,
    params=Cleaning(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
