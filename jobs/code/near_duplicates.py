"""Near duplicates: connected components of verified pairs, one representative each (paper 2.1, about 6 % of volume).

    spark-submit jobs/code/near_duplicates.py --warehouse DIR

A group is connected through its pairs, so a file may be dropped for one it was never compared with; `reasons` gives
the similarity to the representative where the two were compared. A file that bridges two groups joins them, and its
removal parts them again: groups are a function of the live pairs. By strategy whole repositories stay or go, and chunks
are cut from the files that stay.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.components import Fixpoint, components
from jobs.code.cuts import with_cuts, with_similarity
from jobs.code.parameters import Dedup
from jobs.code.ranking import by_rank, decided, first_of, ranked, reason, reasons
from jobs.code.touched import BY_GROUP
from jobs.code.units import memberships, nodes
from jobs.runtime.stage import Decide
from schemas.code import EXACT_DUPLICATES, FINGERPRINTS, NEAR_DUPLICATES, NEAR_PAIRS, RAW_FILES, REPOSITORIES


def near_duplicates(
    exact: DataFrame,
    pairs: DataFrame,
    fingerprints: DataFrame,
    raw_files: DataFrame,
    repositories: DataFrame,
    p: Dedup,
    fixpoint: Fixpoint,
) -> DataFrame:
    """One row per file that exact deduplication kept."""
    edges = pairs.where("verified").select(F.col("unit_a").alias("u"), F.col("unit_b").alias("v"))
    groups = components(edges, fixpoint).withColumnRenamed("root", "group_id")
    rows = wholes(memberships(exact, raw_files, p), groups, pairs, raw_files, repositories, p)
    if p.chunks:
        chunks = nodes(fingerprints.where("chunk > 0"))
        rows = with_cuts(rows, chunks, groups, pairs, raw_files, repositories, p)
    else:
        rows = rows.withColumn("cut", F.lit(None))
    similar = reason("near_duplicate", F.col("similarity"), F.lit(p.threshold), F.col("representative"))
    columns = ("file_id", "content_id", "representative", "group_size", "group_id", "cut")
    return decided(rows.select(*columns, reasons((F.col("dropped"), similar)).alias("reasons")))


def wholes(
    members: DataFrame, groups: DataFrame, pairs: DataFrame, raw_files: DataFrame, repositories: DataFrame, p: Dedup
) -> DataFrame:
    """The first step, with `dropped`: what is not the owner of the representative goes. Nothing does at chunk level."""
    if p.whole is None:
        alone = {"representative": F.col("file_id"), "group_size": F.lit(1), "group_id": F.col("content_id")}
        nothing = {"similarity": F.lit(None).cast("double"), "dropped": F.lit(False)}
        return members.withColumns(alone | nothing)
    rows = members.join(groups, "node", "left").withColumn("group_id", F.coalesce("group_id", "node"))
    rows = ranked(rows, raw_files, repositories)
    representative, size = first_of("group_id")
    best = by_rank("group_id")
    other = {"other": F.first("node").over(best), "stays": F.first("owner").over(best)}
    rows = rows.withColumns({"representative": representative, "group_size": size} | other)
    return with_similarity(rows, pairs).withColumn("dropped", F.col("owner") != F.col("stays"))


STAGE = Decide(
    "near_duplicates",
    near_duplicates,
    reads=(EXACT_DUPLICATES, NEAR_PAIRS, FINGERPRINTS, RAW_FILES, REPOSITORIES),
    writes=NEAR_DUPLICATES,
    params=Dedup(),
    iterative=True,
    narrow=BY_GROUP,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
