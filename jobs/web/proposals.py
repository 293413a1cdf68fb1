"""URL patterns to propose to people: of the domains that are of a tag, how many pages each covers and how many of them
were recalled (paper 2.1: people annotate the addresses of such domains).
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.web.domain_decisions import wilson_lower
from udfs.spark.web import proposed_rows

SAMPLES = 3
LEAST_PAGES = 5


def proposals(decisions: DataFrame, domains: DataFrame, pages: DataFrame, patterns: DataFrame) -> DataFrame:
    """(tag, pattern, domain, pages, recalled, lower_bound, samples) of patterns that nobody has labelled yet: the share
    of recalled pages is the estimate of a pattern's precision, `lower_bound` its cautious end, and samples are pages of
    it that were not recalled first.
    """
    known = domains.where("keep").select("domain", "tag")
    named = pages.where("url is not null").select("page_id", "url", "domain")
    rows = decisions.select("page_id", "tag", F.col("why").isNotNull().alias("found")).join(named, "page_id")
    rows = proposed_rows(rows.join(known, ["domain", "tag"]).select("tag", "domain", "url", "found"))
    sample = F.struct("found", F.sha2("url", 256).alias("lot"), "url")
    counted = rows.groupBy("tag", "domain", "pattern").agg(
        F.count(F.lit(1)).alias("pages"),
        F.count_if("found").alias("recalled"),
        F.slice(F.array_sort(F.collect_set(sample)), 1, SAMPLES)["url"].alias("samples"),
    )
    counted = counted.where(F.col("pages") >= LEAST_PAGES)
    counted = counted.withColumn("lower_bound", wilson_lower(F.col("recalled"), F.col("pages")))
    return counted.join(patterns.select("pattern", "tag"), ["pattern", "tag"], "left_anti").select(
        "tag", "pattern", "domain", "pages", "recalled", "lower_bound", "samples"
    )
