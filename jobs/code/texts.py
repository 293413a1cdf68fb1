"""Where the text of a cleaned text is: in cleaned_texts if cleaning changed it, else in contents.

A text that chunks were cut from has a name of its own in place of its content_id, and is always in cleaned_texts.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from udfs.duplicates.chunks import VERSION


def kept_files(near: DataFrame, raw_files: DataFrame) -> DataFrame:
    """raw_files of the files that near deduplication kept; where chunks are cut, content_id is the name of what is left
    and `cut` (content_id, tokens, chunks) says what it is left of, else `cut` is null.
    """
    chunks = F.col("cut.chunk")
    tokens = F.get("cut", 0)["tokens"]
    listed = F.array_join(chunks.cast("array<string>"), ",")
    left = F.sha2(F.concat_ws(" ", "content_id", F.lit(VERSION), tokens, listed), 256)
    cut = F.struct("content_id", tokens.alias("tokens"), chunks.alias("chunks"))
    rows = near.where("keep").select("file_id", "cut").join(raw_files, "file_id")
    is_cut = F.col("cut").isNotNull()
    names = {"content_id": F.when(is_cut, left).otherwise(F.col("content_id")), "cut": F.when(is_cut, cut)}
    return rows.withColumns(names)


def with_text(rows: DataFrame, contents: DataFrame, cleaned: DataFrame) -> DataFrame:
    """Add `text` to rows (clean_id, content_id, language, kind, ...). An unchanged text keeps its hash as its name."""
    unchanged = rows.where("clean_id = content_id").join(contents.select("content_id", "text"), "content_id")
    key = ["content_id", "language", "kind"]
    stored = cleaned.where(F.col("text").isNotNull()).select(*key, "text")
    changed = rows.where("clean_id <> content_id").join(stored, key)
    return unchanged.unionByName(changed)
