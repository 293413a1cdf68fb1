"""What the staged rows of web units say: pages, refusals, and places that an index names. No text is read."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from schemas.ops import REJECTS
from schemas.web import WEB_PAGES, WEB_PLACES, WITHOUT_TEXT

STAGE = "web_ingest"
DIRECT = "file = unit"
"""Pages that a crawl file or a set gave; the others were read by range, from where an index pointed."""
_SAID_OF_UNIT = ("corrupt_set", "unknown_layout")
"""Reasons of a file as a whole: nothing of it is known to be sound."""


def split(staged: DataFrame) -> tuple[DataFrame, DataFrame, DataFrame]:
    """(pages, refusals, places) of staged rows."""
    place = F.col("kind") == "place"
    is_page = F.col("reason").isNull() | F.col("reason").isin(*WITHOUT_TEXT)
    known = F.coalesce(place, F.lit(False))
    return staged.where(~known & is_page), staged.where(~known & ~is_page), staged.where(known)


def web_pages(pages: DataFrame) -> DataFrame:
    """Rows of web_pages."""
    return pages.select(*WEB_PAGES.names)


def web_places(places: DataFrame) -> DataFrame:
    """Rows of web_places; a place that the index names twice is one."""
    return places.select(*WEB_PLACES.names).dropDuplicates(["page_id"])


def rejects_of(refused: DataFrame, stage: str = STAGE, reject_id: Column | None = None) -> DataFrame:
    """Rows of rejects: where in which file, and why."""
    named_by = F.sha2(F.concat_ws("\0", F.lit(stage), "page_id", "reason"), 256)
    whole = F.col("reason").isin(*_SAID_OF_UNIT)
    named = F.concat_ws(" ", _where(), "url")
    rows = refused.select(
        (named_by if reject_id is None else reject_id).alias("reject_id"),
        F.lit(stage).alias("stage"),
        "source_id",
        F.when(~whole, named).alias("path"),
        "content_id",
        "reason",
        F.coalesce("detail", F.concat_ws(" ", "file", _where())).alias("detail"),
        "size_bytes",
        "unit",
        F.lit(None).cast("string").alias("repo_id"),
    )
    one = rows.groupBy("reject_id").agg(F.min(F.struct(*[n for n in REJECTS.names if n != "reject_id"])).alias("r"))
    return one.select("reject_id", "r.*").select(*REJECTS.names)


def _where() -> Column:
    """Where a record stands in its file."""
    part = F.when(F.col("part") > 0, F.format_string(", part %d", "part")).otherwise("")
    of_set = F.format_string("row %d", F.col("offset") + 1)
    of_crawl = F.concat(F.format_string("byte %d", "offset"), part)
    return F.when(F.col("kind") == "set", of_set).otherwise(of_crawl)
