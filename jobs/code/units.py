"""What deduplication compares: files, whole repositories, and chunks of files (see parameters.Dedup).

A node is what a pair names: the content of a file, a repository (the digest of the set of its contents), or a chunk,
`content_id#n` counted from 1.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Dedup


def repository_units(exact: DataFrame, raw_files: DataFrame) -> DataFrame:
    """(file_id, content_id, repo_id, unit_id) of each kept file; unit_id is the digest of its repository's contents."""
    files = exact.where("keep").select("file_id", "content_id")
    files = files.join(raw_files.select("file_id", "repo_id"), "file_id")
    ids = F.array_join(F.array_sort(F.collect_set("content_id")), "\n")
    digests = files.groupBy("repo_id").agg(F.sha2(ids, 256).alias("unit_id"))
    return files.join(digests, "repo_id")


def unit_contents(exact: DataFrame, raw_files: DataFrame, p: Dedup) -> DataFrame:
    """(unit_id, content_id): what must have fingerprints. A text is a unit of its own as a file and for its chunks."""
    texts = exact.where("keep").select(F.col("content_id").alias("unit_id"), "content_id")
    if p.whole != "repository":
        return texts
    repositories = repository_units(exact, raw_files).select("unit_id", "content_id")
    return repositories.union(texts) if p.chunks else repositories


def nodes(fingerprints: DataFrame) -> DataFrame:
    """Fingerprints with the name of their node."""
    chunk = F.concat_ws("#", "unit_id", "chunk")
    return fingerprints.withColumn("node", F.when(F.col("chunk") > 0, chunk).otherwise(F.col("unit_id")))


def memberships(exact: DataFrame, raw_files: DataFrame, p: Dedup) -> DataFrame:
    """(file_id, content_id, node, owner) of each kept file: its node as a whole, and what goes with it."""
    if p.whole == "repository":
        owned = repository_units(exact, raw_files)
        return owned.select("file_id", "content_id", F.col("unit_id").alias("node"), F.col("repo_id").alias("owner"))
    files = exact.where("keep")
    return files.select("file_id", "content_id", F.col("content_id").alias("node"), F.col("file_id").alias("owner"))
