"""Transformation: licence headers, personal data, notebook form (paper 2.1; appendix C.3 for notebooks).

spark-submit jobs/code/cleaned_texts.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.texts import kept_files
from jobs.code.touched import CLEANED
from jobs.runtime.stage import Measure
from schemas.code import CLEANED_TEXTS, CONTENTS, NEAR_DUPLICATES, RAW_FILES
from udfs.cleaning.clean import Cleaning
from udfs.spark.code import cleaned_rows


def required(near: DataFrame, raw_files: DataFrame, p: Cleaning) -> DataFrame:
    """A text is cleaned by the comment style of its language: the key holds all that the kernel reads."""
    return kept_files(near, raw_files).select("content_id", "language", "kind", "cut")


def cleaned_texts(keys: DataFrame, contents: DataFrame, p: Cleaning) -> DataFrame:
    """One row per text, less the chunks that are cut, and language."""
    texts = contents.select(F.col("content_id").alias("whole_id"), "text")
    keys = keys.withColumn("whole_id", F.coalesce("cut.content_id", "content_id"))
    return cleaned_rows(keys.join(texts, "whole_id"), p)


STAGE = Measure(
    "cleaned_texts",
    cleaned_texts,
    required,
    reads=(NEAR_DUPLICATES, RAW_FILES),
    texts=(CONTENTS,),
    writes=CLEANED_TEXTS,
    kernel_version=Cleaning.version,
    params=Cleaning(),
    narrow=CLEANED,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
