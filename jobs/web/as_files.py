"""Pages as the stages of the raw-code half see files: what is compared, cleaned and filtered there is so here.

`file_id` is the page_id, the path its address, and every text is a document. No page is in a repository: its own time
of capture ranks it.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

LANGUAGE, KIND = "Markdown", "text"


def files_of(pages: DataFrame) -> DataFrame:
    """Pages with a text in the columns of raw_files that stages after ingest read."""
    return pages.where("content_id is not null").select(
        F.col("page_id").alias("file_id"),
        F.lit(None).cast("string").alias("repo_id"),
        "source_id",
        F.coalesce("url", "file").alias("path"),
        "content_id",
        F.coalesce("size_bytes", F.lit(0)).alias("size_bytes"),
        F.lit(LANGUAGE).alias("language"),
        F.lit(KIND).alias("kind"),
        F.col("captured_at").alias("commit_time"),
    )


def no_repositories(pages: DataFrame) -> DataFrame:
    """The repositories of pages: none."""
    none = pages.where("false")
    return none.select(
        F.col("source_id").alias("repo_id"),
        F.lit(None).cast("bigint").alias("stars"),
        F.lit(None).cast("timestamp").alias("commit_time"),
    )
