"""Labels that a model gave to files of the corpus: what the learned quality score is trained from.

spark-submit jobs/instruct/file_labels.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.made_decisions import score_of
from jobs.runtime.stage import Decide, NoParams
from schemas.instruct import MADE_DECISIONS, SEED_PARTS
from schemas.quality import FILE_LABELS

RECIPE = "file_quality"


def labelled(decisions: DataFrame, parts: DataFrame, *_: object) -> DataFrame:
    """(clean_id, language, scores) of the files whose beginning was labelled."""
    rows = decisions.where("keep").where(F.col("target") == FILE_LABELS.name).select("seed_id", "recipe", "scores")
    seeds = parts.select("clean_id", "language", "recipe", F.explode("found.seed_id").alias("seed_id"))
    found = rows.join(seeds, ["seed_id", "recipe"])
    # A text gives one seed; should it ever give more, the one that sorts first labels it.
    return found.groupBy("clean_id", "language").agg(F.min(F.struct("seed_id", "scores")).alias("s"))


def file_labels(decisions: DataFrame, parts: DataFrame, p: NoParams) -> DataFrame:
    """One row per labelled file."""
    rows = labelled(decisions, parts).select("clean_id", "language", F.col("s.scores").alias("scores"))
    marks = F.filter("scores", lambda s: s["name"] != "label").alias("marks")
    return rows.select("clean_id", "language", score_of("label").alias("score"), marks)


STAGE = Decide(
    "file_labels",
    file_labels,
    reads=(MADE_DECISIONS, SEED_PARTS),
    writes=FILE_LABELS,
    population=labelled,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
