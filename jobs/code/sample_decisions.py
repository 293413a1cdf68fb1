"""Sampling: a fixed rate per language, drawn by a hash of the text, so that a refresh draws the same texts again.

spark-submit jobs/code/sample_decisions.py --warehouse DIR --set 'sampling.rates={java = 0.5}'
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.draws import draw
from jobs.code.parameters import Sampling
from jobs.code.ranking import decided, reason, reasons
from jobs.code.touched import SAMPLED
from jobs.runtime.stage import Decide
from schemas.code import CLEAN_DUPLICATES, CLEANED_TEXTS, RAW_FILES, SAMPLE_DECISIONS


def sample_decisions(distinct: DataFrame, raw_files: DataFrame, cleaned: DataFrame, p: Sampling) -> DataFrame:
    """One row per distinct cleaned text."""
    files = distinct.where("keep").select("file_id", "clean_id")
    facts = raw_files.select("file_id", "language")
    # By the text's own hash, not by what it was made from: chunks may have been cut from that.
    sizes = cleaned.groupBy("clean_id").agg(F.max("text_bytes").alias("text_bytes"))
    rows = files.join(facts, "file_id").join(sizes, "clean_id")
    rows = rows.withColumns({"rate": _rate(p), "draw": draw(F.col("clean_id"), f"{p.seed}:sample:")})
    why = reasons((F.col("draw") >= F.col("rate"), reason("sampled_out", F.col("draw"), F.col("rate"))))
    return decided(rows.select("file_id", "clean_id", why.alias("reasons"), "language", "text_bytes", "rate"))


def _rate(p: Sampling) -> Column:
    rate = F.lit(1.0)
    for language, value in sorted(p.rates.items()):
        rate = F.when(F.col("language") == language, F.lit(value)).otherwise(rate)
    return rate


STAGE = Decide(
    "sample_decisions",
    sample_decisions,
    reads=(CLEAN_DUPLICATES, RAW_FILES, CLEANED_TEXTS),
    writes=SAMPLE_DECISIONS,
    params=Sampling(),
    narrow=SAMPLED,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
