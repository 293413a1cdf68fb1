"""Where the text of a cleaned text is: in cleaned_texts if cleaning changed it, else in contents."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def with_text(rows: DataFrame, contents: DataFrame, cleaned: DataFrame) -> DataFrame:
    """Add `text` to rows (clean_id, content_id, language, kind, ...). An unchanged text keeps its hash as its name."""
    unchanged = rows.where("clean_id = content_id").join(contents.select("content_id", "text"), "content_id")
    key = ["content_id", "language", "kind"]
    stored = cleaned.where(F.col("text").isNotNull()).select(*key, "text")
    changed = rows.where("clean_id <> content_id").join(stored, key)
    return unchanged.unionByName(changed)
