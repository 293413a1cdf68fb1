"""Chunks that stand elsewhere: which of a file's chunks go, and which files go because all of them do.

A chunk and its copies are a group like any other: the best-ranked file keeps it, and of several places in that file
the first. A notebook is JSON and cannot be cut: it goes as a whole or stays as a whole.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Dedup
from jobs.code.ranking import by_rank, ranked


def with_cuts(
    files: DataFrame,
    chunks: DataFrame,
    groups: DataFrame,
    pairs: DataFrame,
    raw_files: DataFrame,
    repositories: DataFrame,
    p: Dedup,
) -> DataFrame:
    """Files (file_id, content_id, representative, similarity, dropped, ...) with `cut`, and `dropped` where all of a
    file is cut. `chunks` are fingerprints with their nodes.
    """
    there = files.where("not dropped").select("file_id", "content_id")
    there = there.join(chunks.select(F.col("unit_id").alias("content_id"), "chunk", "node"), "content_id")
    there = there.join(groups, "node", "left").withColumn("group", F.coalesce("group_id", "node"))
    there = ranked(there, raw_files, repositories)
    found = _by_file(_placed(there, pairs), p)
    kinds = raw_files.select("file_id", "kind")
    rows = files.join(found, "file_id", "left").join(kinds, "file_id", "left")
    gone = ~F.col("dropped") & F.coalesce(F.size("gone") == F.col("chunks"), F.lit(False))
    some = ~gone & (F.size("gone") > 0) & (F.col("kind") != "notebook")
    first = F.get("gone", 0)
    return rows.withColumns(
        {
            "representative": F.when(gone, first["representative"]).otherwise(F.col("representative")),
            "similarity": F.when(gone, first["similarity"]).otherwise(F.col("similarity")),
            "cut": F.when(some, F.col("gone")),
            "dropped": F.col("dropped") | gone,
        }
    )


def _placed(there: DataFrame, pairs: DataFrame) -> DataFrame:
    """Chunks in their files, with the file and the node that stand for their group, and whether they do themselves."""
    first = by_rank("group", "chunk")
    rows = there.withColumns({"representative": F.first("file_id").over(first), "other": F.first("node").over(first)})
    place = F.row_number().over(first)
    return with_similarity(rows.withColumn("place", place), pairs)


def _by_file(rows: DataFrame, p: Dedup) -> DataFrame:
    """(file_id, gone, chunks): the chunks that do not stand for their group, in order, and the number of all."""
    one = F.struct("chunk", F.lit(p.chunk_tokens).alias("tokens"), "similarity", "representative")
    gone = F.array_sort(F.collect_list(F.when(F.col("place") > 1, one)))
    return rows.groupBy("file_id").agg(gone.alias("gone"), F.count(F.lit(1)).alias("chunks"))


def with_similarity(rows: DataFrame, pairs: DataFrame) -> DataFrame:
    """Similarity of each row's `node` to `other`, the node of its representative: 1 where they are the same, null where
    the two were not compared.
    """
    both = rows.withColumns({"unit_a": F.least("node", "other"), "unit_b": F.greatest("node", "other")})
    found = both.join(pairs.select("unit_a", "unit_b", "similarity"), ["unit_a", "unit_b"], "left")
    same = F.when(F.col("node") == F.col("other"), 1.0)
    return found.withColumn("similarity", F.coalesce("similarity", same))
