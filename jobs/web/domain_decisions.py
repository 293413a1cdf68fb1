"""Domains that are of a tag by the share of their pages that was recalled; in them people label patterns (paper 2.1).

    spark-submit jobs/web/domain_decisions.py --warehouse DIR --set recall.domain_share=0.1

Ten of ten pages are no domain of code: the share is the lower end of Wilson's interval.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason, reasons
from jobs.runtime.stage import Decide
from jobs.web.parameters import Recall
from schemas.web import DOMAIN_DECISIONS, WEB_DECISIONS, WEB_PAGES
from udfs.web.shares import Z_95


def domain_decisions(decisions: DataFrame, pages: DataFrame, p: Recall) -> DataFrame:
    """One row per domain and tag: a text counts once, and is recalled if any of its captures is."""
    rows = decisions.select("page_id", "tag", "content_id", F.col("why").isNotNull().cast("int").alias("found"))
    rows = rows.join(pages.where("domain is not null").select("page_id", "domain"), "page_id")
    texts = rows.groupBy("domain", "tag", "content_id").agg(F.max("found").alias("found"))
    counted = texts.groupBy("domain", "tag").agg(F.count(F.lit(1)).alias("pages"), F.sum("found").alias("recalled"))
    counted = counted.withColumn("lower_bound", wilson_lower(F.col("recalled"), F.col("pages")))
    few = F.col("pages") < p.domain_pages
    small = F.col("lower_bound") <= p.domain_share
    why = reasons(
        (few, reason("too_few_pages", F.col("pages"), F.lit(p.domain_pages))),
        (small, reason("small_share", F.col("lower_bound"), F.lit(p.domain_share))),
    )
    return decided(counted.withColumn("reasons", why))


def everyone(decisions: DataFrame, pages: DataFrame, *_: object) -> DataFrame:
    """Every domain under every tag in use."""
    named = pages.where("content_id is not null and domain is not null").select("domain").distinct()
    return named.crossJoin(F.broadcast(decisions.select("tag").distinct()))


def wilson_lower(successes: Column, trials: Column) -> Column:
    """As udfs.web.shares.wilson_lower."""
    share, spread = successes / trials, F.lit(Z_95 * Z_95) / trials
    reach = F.lit(Z_95) * F.sqrt((share * (1 - share) + spread / 4) / trials)
    return F.greatest(F.lit(0.0), (share + spread / 2 - reach) / (1 + spread))


STAGE = Decide(
    "domain_decisions",
    domain_decisions,
    reads=(WEB_DECISIONS, WEB_PAGES),
    writes=DOMAIN_DECISIONS,
    params=Recall(),
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
