"""Near duplicates: connected components of verified pairs, one representative each (paper 2.1, about 6 % of volume).

    spark-submit jobs/code/near_duplicates.py --warehouse DIR

A group is connected through its pairs, so a file may be dropped for one it was never compared with; `reasons` gives
the similarity to the representative where the two were compared. A file that bridges two groups joins them, and its
removal parts them again: groups are a function of the live pairs.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.components import Fixpoint, components
from jobs.code.parameters import NearDuplicates
from jobs.code.ranking import decided, first_of, ranked, reason, reasons
from jobs.code.units import memberships
from jobs.runtime.stage import Decide
from schemas.code import EXACT_DUPLICATES, FINGERPRINTS, NEAR_DUPLICATES, NEAR_PAIRS, RAW_FILES, REPOSITORIES


def near_duplicates(
    exact: DataFrame,
    pairs: DataFrame,
    fingerprints: DataFrame,
    raw_files: DataFrame,
    repositories: DataFrame,
    p: NearDuplicates,
    fixpoint: Fixpoint,
) -> DataFrame:
    """One row per file that exact deduplication kept."""
    edges = pairs.where("verified").select(F.col("unit_a").alias("u"), F.col("unit_b").alias("v"))
    groups = components(edges, fixpoint).withColumnRenamed("root", "group_id")
    members = memberships(exact, raw_files, fingerprints, p.level).join(groups, "node", "left")
    members = members.withColumn("group_id", F.coalesce("group_id", "node"))
    representative, size = first_of("group_id")
    rows = ranked(members, raw_files, repositories)
    rows = rows.withColumns({"representative": representative, "group_size": size})
    rows = _by_file(_with_similarity(rows, pairs), p.level)
    similar = reason("near_duplicate", F.col("similarity"), F.lit(p.threshold), F.col("representative"))
    return decided(
        rows.select(
            "file_id",
            "content_id",
            reasons((F.col("dropped"), similar)).alias("reasons"),
            "representative",
            "group_size",
            "group_id",
        )
    )


def _by_file(rows: DataFrame, level: str) -> DataFrame:
    """One row per file, with `dropped`. A file of many chunks stays while it stands for any of them; a repository's
    files stay or go together, with the unit that holds the representative."""
    if level == "file":
        return rows.withColumn("dropped", F.col("file_id") != F.col("representative"))
    if level == "repository":
        stands = rows.where("file_id = representative").select("representative", F.col("node").alias("kept_node"))
        return rows.join(stands, "representative").withColumn("dropped", F.col("node") != F.col("kept_node"))
    facts = F.struct(
        F.col("file_id") != F.col("representative"), "representative", "similarity", "group_size", "group_id"
    )
    files = rows.groupBy("file_id", "content_id").agg(F.min(facts).alias("f"))
    return files.select("file_id", "content_id", F.col("f.col1").alias("dropped"), "f.*")


def _with_similarity(rows: DataFrame, pairs: DataFrame) -> DataFrame:
    """Similarity of each row's node to its representative's, null where the two were not compared."""
    stands = rows.where("file_id = representative").groupBy("representative", "group_id")
    both = rows.join(stands.agg(F.min("node").alias("other")), ["representative", "group_id"])
    both = both.withColumns({"unit_a": F.least("node", "other"), "unit_b": F.greatest("node", "other")})
    return both.join(pairs.select("unit_a", "unit_b", "similarity"), ["unit_a", "unit_b"], "left")


STAGE = Decide(
    "near_duplicates",
    near_duplicates,
    reads=(EXACT_DUPLICATES, NEAR_PAIRS, FINGERPRINTS, RAW_FILES, REPOSITORIES),
    writes=NEAR_DUPLICATES,
    params=NearDuplicates(),
    iterative=True,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
