"""Learned quality of the cleaned texts of code, by the scorer in force: nothing is scored without one.

spark-submit jobs/code/quality_scores.py --warehouse DIR --set quality.model=DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Quality
from jobs.code.texts import kept_files, with_text
from jobs.code.touched import MEASURED
from jobs.runtime.stage import Measure
from schemas.code import CLEANED_TEXTS, CONTENTS, NEAR_DUPLICATES, RAW_FILES
from schemas.quality import QUALITY_SCORES
from udfs.spark.code import quality_rows


def required(near: DataFrame, raw_files: DataFrame, cleaned: DataFrame, p: Quality) -> DataFrame:
    """Cleaned texts of code in the scorer's languages; of equal ones the smallest content_id says where the text is."""
    key = ["content_id", "language", "kind"]
    if not p.scores:
        return cleaned.where("false").select("clean_id", "language", "kind", "content_id")
    from udfs.quality.scorer import scorer  # it needs a compiler, which runs without a scorer do not wait for

    files = raw_files.where("kind = 'code'").where(F.col("language").isin(*sorted(scorer(p.model).languages)))
    found = kept_files(near, files).select(*key).distinct()
    texts = cleaned.where("failure is null and text_bytes > 0").select(*key, "clean_id")
    joined = found.join(texts, key)
    return joined.groupBy("clean_id", "language", "kind").agg(F.min("content_id").alias("content_id"))


def quality_scores(keys: DataFrame, contents: DataFrame, cleaned: DataFrame, p: Quality) -> DataFrame:
    """One row per cleaned text and language."""
    return quality_rows(with_text(keys, contents, cleaned), p.model)


def kernel_version(p: Quality) -> str:
    """Of the scorer in force. Raises ValueError where it is missing or damaged."""
    if not p.scores:
        return "none"
    from udfs.quality.scorer import scoring_version

    return scoring_version(p.model)


STAGE = Measure(
    "quality_scores",
    quality_scores,
    required,
    reads=(NEAR_DUPLICATES, RAW_FILES, CLEANED_TEXTS),
    texts=(CONTENTS, CLEANED_TEXTS),
    writes=QUALITY_SCORES,
    kernel_version=kernel_version,
    params=Quality(),
    narrow=MEASURED,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
