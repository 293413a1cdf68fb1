"""Recall scores: how likely a text is of a tag, by the pinned classifier of the tag (paper 2.1).

spark-submit jobs/web/recall_scores.py --warehouse DIR --set recall.models='{"Code": "DIR"}'
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.stage import Measure
from jobs.web.parameters import Recall
from schemas.recall import RECALL_SCORES
from schemas.web import PAGE_TEXTS
from udfs.spark.web import score_rows


def required(texts: DataFrame, p: Recall) -> DataFrame:
    """Every text under every tag that has a classifier."""
    tags = F.explode(F.array(*map(F.lit, sorted(p.models))).cast("array<string>"))
    return texts.select("content_id", tags.alias("tag"))


def recall_scores(keys: DataFrame, texts: DataFrame, p: Recall) -> DataFrame:
    """One row per text and tag."""
    return score_rows(keys.join(texts.select("content_id", "text"), "content_id"), p.models)


def kernel_version(p: Recall) -> str:
    """Of the classifiers in force. Raises ValueError where one is missing."""
    if not p.models:
        return "none"
    from udfs.web.model_place import scoring_version

    return scoring_version(p.models)


STAGE = Measure(
    "recall_scores",
    recall_scores,
    required,
    reads=(PAGE_TEXTS,),
    texts=(PAGE_TEXTS,),
    writes=RECALL_SCORES,
    kernel_version=kernel_version,
    params=Recall(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
