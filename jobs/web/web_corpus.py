"""Publish web_corpus: the recalled pages that passed every stage, gated by the contract's expectations.

spark-submit jobs/web/web_corpus.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.texts import with_text
from jobs.runtime.stage import NoParams, Publish
from jobs.web.as_files import KIND, LANGUAGE
from jobs.web.web_signals import WEB_SIGNALS
from schemas.web import (
    PAGE_TEXTS,
    WEB_CLEAN_DUPLICATES,
    WEB_CLEANED_TEXTS,
    WEB_CORPUS,
    WEB_DECISIONS,
    WEB_PAGES,
)

_OF_PAGE = ("url", "host", "domain", "dump", "captured_at", "title", "licences", "no_index", "no_ai", "tdm_reserved")


def web_corpus(
    last: DataFrame,
    decisions: DataFrame,
    pages: DataFrame,
    texts: DataFrame,
    cleaned: DataFrame,
    signals: DataFrame,
    p: NoParams,
) -> DataFrame:
    """Every column but text and run_id. A text has the tags that any of its captures was recalled for."""
    kept = last.where("keep").select(F.col("file_id").alias("page_id"), "clean_id")
    rows = kept.join(pages.select("page_id", "content_id", *_OF_PAGE), "page_id").join(_tags(decisions), "content_id")
    rows = rows.join(texts.select("content_id", "code_bytes"), "content_id")
    rows = rows.join(cleaned.select("content_id", "clean_id", "text_bytes"), ["content_id", "clean_id"])
    return rows.join(signals.select("clean_id", "natural_language"), "clean_id")


def _tags(decisions: DataFrame) -> DataFrame:
    """(content_id, tag, tags, score, why, round): of each text the tag with the highest score, and all of its tags."""
    kept = decisions.where("keep").groupBy("content_id", "tag")
    best = F.struct((-F.coalesce("score", F.lit(-1.0))).alias("order"), "why", "score", "round")
    rows = kept.agg(F.min(best).alias("best"))
    found = F.struct("best.order", "tag", "best.score", "best.why", "best.round")
    tags = rows.groupBy("content_id").agg(F.min(found).alias("r"), F.array_sort(F.collect_set("tag")).alias("tags"))
    return tags.select("content_id", "tags", "r.tag", "r.score", "r.why", "r.round")


def texts_of(rows: DataFrame, texts: DataFrame, cleaned: DataFrame, p: NoParams) -> DataFrame:
    """The text of each row: the cleaned one where cleaning changed it."""
    return with_text(rows.withColumns({"language": F.lit(LANGUAGE), "kind": F.lit(KIND)}), texts, cleaned)


STAGE = Publish(
    "web_corpus",
    web_corpus,
    texts_of,
    reads=(WEB_CLEAN_DUPLICATES, WEB_DECISIONS, WEB_PAGES, PAGE_TEXTS, WEB_CLEANED_TEXTS, WEB_SIGNALS),
    texts=(PAGE_TEXTS, WEB_CLEANED_TEXTS),
    writes=WEB_CORPUS,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
