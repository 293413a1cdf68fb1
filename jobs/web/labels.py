"""What people and rules say of pages and patterns of addresses: which word holds where several were said."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

RULES = ("rule", "paper")
MODEL = "model"
"""`by` begins so where a model said it; a rule or the paper outranks it, a person both."""


def url_key(url: Column) -> Column:
    """An address without what does not change the page: scheme, fragment, last slash, letter case of its host."""
    bare = F.regexp_replace(url, r"^[A-Za-z][A-Za-z0-9+.-]*://", "")
    host, rest = F.regexp_extract(bare, r"^[^/?#]*", 0), F.regexp_replace(bare, r"^[^/?#]*", "")
    return F.regexp_replace(F.concat(F.lower(host), F.regexp_replace(rest, "#.*$", "")), "/$", "")


def _rank(by: Column) -> Column:
    return F.when(by.startswith(MODEL), 2).when(by.isin(*RULES), 1).otherwise(0)


def page_verdicts(labels: DataFrame) -> DataFrame:
    """(url_key, tag, label, rank, held_out, page_kind): the word in force on each page: a person's before a rule's
    before a model's, the newest of each, and of two at once the one that says no.
    """
    said = F.struct(
        _rank(F.col("by")).alias("rank"),
        (-F.coalesce(F.unix_micros("labelled_at"), F.lit(0))).alias("age"),
        "label",
        "by",
        F.col("kind").alias("page_kind"),
    )
    rows = labels.withColumn("url_key", url_key(F.col("url")))
    best = rows.groupBy("url_key", "tag").agg(F.min(said).alias("best"), F.max("held_out").alias("held_out"))
    return best.select("url_key", "tag", "best.label", "best.rank", "held_out", "best.page_kind")


def pattern_verdicts(pages: DataFrame, patterns: DataFrame) -> DataFrame:
    """(page_id, tag, label, pattern) of rows (page_id, url): of the patterns that match, a person's word holds before
    the paper's, a longer pattern before a shorter one, and no before yes.
    """
    escaped = F.regexp_replace(F.lower("pattern"), r"([\\_])", r"\\$1")
    asked = patterns.withColumn("like", escaped).withColumn("rank", _rank(F.col("by")))
    lower = F.lower("url")
    addresses = pages.where("url is not null").select("page_id", lower.alias("lower"))
    addresses = addresses.withColumn("bare", F.regexp_replace("lower", "^https?://", ""))
    found = addresses.join(F.broadcast(asked), F.expr("lower LIKE like OR bare LIKE like"))
    said = F.struct("rank", (-F.length("pattern")).alias("shortness"), "label", "pattern")
    best = found.groupBy("page_id", "tag").agg(F.min(said).alias("best"))
    return best.select("page_id", "tag", "best.label", "best.pattern")
