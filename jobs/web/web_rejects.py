"""Texts of pages that a kernel failed on go to rejects, one row per page and kernel.

spark-submit jobs/web/web_rejects.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.rejects import rejects
from jobs.runtime.stage import Decide, NoParams
from jobs.web.as_files import files_of
from jobs.web.web_signals import WEB_SIGNALS
from schemas.ops import REJECTS
from schemas.recall import RECALL_SCORES
from schemas.web import WEB_CLEANED_TEXTS, WEB_FINGERPRINTS, WEB_NEAR_DUPLICATES, WEB_PAGES

_STAGES = ("web_fingerprints", "web_cleaned_texts", "web_signals", "recall_scores")


def web_rejects(
    near: DataFrame,
    pages: DataFrame,
    fingerprints: DataFrame,
    cleaned: DataFrame,
    signals: DataFrame,
    scores: DataFrame,
    p: NoParams,
) -> DataFrame:
    """One row per page and kernel that failed on its text; one that could not be scored is recalled by rules only."""
    files = files_of(pages)
    failed = rejects(near, files, fingerprints, cleaned, signals, p)
    stage = F.concat(F.lit("web_"), "stage")
    renamed = failed.withColumns({"reject_id": F.sha2(F.concat(F.lit("web_"), "reject_id"), 256), "stage": stage})
    unscored = scores.where("failure is not null").select("content_id", F.col("failure").alias("detail")).distinct()
    rows = files.join(unscored, "content_id")
    why = F.regexp_extract("detail", r"^[a-z_]+", 0)
    more = rows.select(
        F.sha2(F.concat_ws("\0", F.lit("recall_scores"), "file_id", why), 256).alias("reject_id"),
        F.lit("recall_scores").alias("stage"),
        "source_id",
        "path",
        "content_id",
        why.alias("reason"),
        "detail",
        "size_bytes",
        F.lit(None).cast("string").alias("unit"),
        F.lit(None).cast("string").alias("repo_id"),
    )
    return renamed.select(*more.columns).union(more)


STAGE = Decide(
    "web_rejects",
    web_rejects,
    reads=(WEB_NEAR_DUPLICATES, WEB_PAGES, WEB_FINGERPRINTS, WEB_CLEANED_TEXTS, WEB_SIGNALS, RECALL_SCORES),
    writes=REJECTS,
    scope=f"stage in {_STAGES}",
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
