"""Near duplicates: connected components of verified pairs, one representative each (paper 2.1, about 6 % of volume).

    spark-submit jobs/code/near_duplicates.py --warehouse DIR

A group is connected through its pairs, so a file may be dropped for one it was never compared with; `reasons` gives
the similarity to the representative where the two were compared. A file that bridges two groups joins them, and its
removal parts them again: groups are a function of the live pairs.
"""

from __future__ import annotations

from jobs.runtime.cli import stage_main
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.components import Fixpoint, components
from jobs.code.parameters import NearDuplicates
from jobs.code.ranking import decided, first_of, ranked, reason, reasons
from jobs.runtime.stage import Decide
from schemas.code import EXACT_DUPLICATES, NEAR_DUPLICATES, NEAR_PAIRS, RAW_FILES, REPOSITORIES


def near_duplicates(
    exact: DataFrame,
    pairs: DataFrame,
    raw_files: DataFrame,
    repositories: DataFrame,
    p: NearDuplicates,
    fixpoint: Fixpoint,
) -> DataFrame:
    """One row per file that exact deduplication kept."""
    edges = pairs.where("verified").select(F.col("unit_a").alias("u"), F.col("unit_b").alias("v"))
    groups = components(edges, fixpoint).select(F.col("node").alias("content_id"), F.col("root").alias("group_id"))
    files = exact.where("keep").select("file_id", "content_id").join(groups, "content_id", "left")
    files = files.withColumn("group_id", F.coalesce("group_id", "content_id"))
    representative, size = first_of("group_id")
    rows = ranked(files, raw_files, repositories)
    rows = rows.withColumns({"representative": representative, "group_size": size})
    rows = _with_similarity(rows, pairs)
    similar = reason("near_duplicate", F.col("similarity"), F.lit(p.threshold), F.col("representative"))
    return decided(
        rows.select(
            "file_id",
            "content_id",
            reasons((F.col("file_id") != F.col("representative"), similar)).alias("reasons"),
            "representative",
            "group_size",
            "group_id",
        )
    )


def _with_similarity(rows: DataFrame, pairs: DataFrame) -> DataFrame:
    """Similarity of each row to its representative, null where the two were not compared."""
    stands = rows.where("file_id = representative").select("representative", F.col("content_id").alias("other"))
    both = rows.join(stands, "representative")
    both = both.withColumns({"unit_a": F.least("content_id", "other"), "unit_b": F.greatest("content_id", "other")})
    return both.join(pairs.select("unit_a", "unit_b", "similarity"), ["unit_a", "unit_b"], "left")


STAGE = Decide(
    "near_duplicates",
    near_duplicates,
    reads=(EXACT_DUPLICATES, NEAR_PAIRS, RAW_FILES, REPOSITORIES),
    writes=NEAR_DUPLICATES,
    params=NearDuplicates(),
    iterative=True,
)

if __name__ == "__main__":
    stage_main(STAGE)
