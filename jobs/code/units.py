"""What near deduplication compares: files by default; chunks of files or whole repositories for the paper's comparison.

At chunk level a unit is `content_id#n`; a file goes only when every chunk of it is represented in another file. At
repository level a unit is the set of a repository's kept contents, named by its digest; all files of a repository go
with it (the paper found this weaker: appendix B).
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def repository_units(exact: DataFrame, raw_files: DataFrame) -> DataFrame:
    """(file_id, content_id, repo_id, unit_id) of each kept file; unit_id is the digest of its repository's contents."""
    files = exact.where("keep").select("file_id", "content_id")
    files = files.join(raw_files.select("file_id", "repo_id"), "file_id")
    ids = F.array_join(F.array_sort(F.collect_set("content_id")), "\n")
    digests = files.groupBy("repo_id").agg(F.sha2(ids, 256).alias("unit_id"))
    return files.join(digests, "repo_id")


def live_units(exact: DataFrame, raw_files: DataFrame, level: str) -> DataFrame:
    """Distinct unit_id of `fingerprints` that are in force."""
    if level == "repository":
        return repository_units(exact, raw_files).select("unit_id").distinct()
    return exact.where("keep").select(F.col("content_id").alias("unit_id")).distinct()


def nodes(fingerprints: DataFrame, level: str) -> DataFrame:
    """Fingerprints with the node name that pairs use: the unit, or the unit and its chunk."""
    named = F.concat_ws("#", "unit_id", "chunk") if level == "chunk" else F.col("unit_id")
    return fingerprints.withColumn("node", named)


def memberships(exact: DataFrame, raw_files: DataFrame, fingerprints: DataFrame, level: str) -> DataFrame:
    """(file_id, content_id, node): the nodes of each kept file. A file without a fingerprint is its own node."""
    files = exact.where("keep").select("file_id", "content_id")
    if level == "repository":
        return repository_units(exact, raw_files).select("file_id", "content_id", F.col("unit_id").alias("node"))
    if level == "chunk":
        chunks = nodes(fingerprints, level).select(F.col("unit_id").alias("content_id"), "node")
        return files.join(chunks, "content_id", "left").withColumn("node", F.coalesce("node", "content_id"))
    return files.withColumn("node", F.col("content_id"))
