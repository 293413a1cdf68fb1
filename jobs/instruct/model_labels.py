"""Labels that a model gave to pages, as seeds of the web recall: those that a person or a rule gave outrank them.

spark-submit jobs/instruct/model_labels.py --warehouse DIR --set model_labels.least=0.5
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.made_decisions import score_of
from jobs.instruct.parameters import ModelLabels
from jobs.runtime.stage import Decide
from schemas.instruct import MADE_DECISIONS, SEED_PARTS
from schemas.recall import PAGE_LABELS
from schemas.web import WEB_PAGES

RECIPE = "web_labels"
BY = f"model:{RECIPE}"


def model_labels(decisions: DataFrame, parts: DataFrame, pages: DataFrame, p: ModelLabels) -> DataFrame:
    """One row per page that was scored: of the tag from a score on."""
    rows = labelled(decisions, parts, pages)
    score = F.col("score")
    return rows.select(
        "url",
        F.lit(p.tag).alias("tag"),
        F.lit(BY).alias("by"),
        (score >= p.least).alias("label"),
        F.lit(None).cast("string").alias("kind"),
        F.lit(False).alias("held_out"),
        F.concat(F.lit("score "), F.format_number(score, 3)).alias("note"),
        F.lit(None).cast("timestamp").alias("labelled_at"),
    )


def labelled(decisions: DataFrame, parts: DataFrame, pages: DataFrame, *_: object) -> DataFrame:
    """(url, score) of the pages whose text was scored."""
    scored = (
        decisions.where("keep")
        .where(F.col("target") == PAGE_LABELS.name)
        .select("seed_id", "recipe", score_of("score").alias("score"))
    )
    seeds = parts.select("clean_id", "recipe", F.explode("found.seed_id").alias("seed_id"))
    texts = scored.join(seeds, ["seed_id", "recipe"]).withColumnRenamed("clean_id", "content_id")
    found = texts.join(pages.where("url IS NOT NULL").select("content_id", "url").distinct(), "content_id")
    # A page that was captured with several texts has the score of the best of them.
    return found.groupBy("url").agg(F.max("score").alias("score"))


STAGE = Decide(
    "model_labels",
    model_labels,
    reads=(MADE_DECISIONS, SEED_PARTS, WEB_PAGES),
    writes=PAGE_LABELS,
    params=ModelLabels(),
    scope=f"by = '{BY}'",
    population=labelled,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
