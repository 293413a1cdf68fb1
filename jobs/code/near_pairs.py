"""Candidate pairs of near duplicates, verified on their sketches.

    spark-submit jobs/code/near_pairs.py --warehouse DIR --set dedup.threshold=0.85

Units that share a band hash form a bucket. Pairing all of a bucket is quadratic, so each unit is paired with a few
others in a fixed order of the bucket: those that also share the next band stand side by side in it. The result is a
function of the set of units in the bucket and linear in its size.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.code.parameters import Dedup
from jobs.code.touched import BY_BUCKET
from jobs.code.units import nodes, unit_contents
from jobs.runtime.stage import Decide
from schemas.code import EXACT_DUPLICATES, FINGERPRINTS, NEAR_PAIRS, RAW_FILES
from udfs.spark.pairs import similarity_rows


def near_pairs(exact: DataFrame, raw_files: DataFrame, fingerprints: DataFrame, p: Dedup) -> DataFrame:
    """One row per candidate pair; wholes are compared with wholes and chunks with chunks."""
    live = unit_contents(exact, raw_files, p).select("unit_id").distinct()
    units = nodes(fingerprints.where("shingles > 0").join(live, "unit_id", "left_semi"))
    units = units.select(F.col("node").alias("unit_id"), "chunk", "bands", "sketch")
    kinds = [condition for condition, asked in (("chunk = 0", p.whole), ("chunk > 0", p.chunks)) if asked]
    pairs = reduce(DataFrame.union, [candidates(units.where(kind).select("unit_id", "bands"), p) for kind in kinds])
    return similarity_rows(with_sketches(pairs, units)).withColumn("verified", F.col("similarity") >= p.threshold)


def with_sketches(pairs: DataFrame, units: DataFrame) -> DataFrame:
    """Pairs (unit_a, unit_b) with what is compared of each."""
    a = units.select(F.col("unit_id").alias("unit_a"), F.col("sketch").alias("sketch_a"))
    b = units.select(F.col("unit_id").alias("unit_b"), F.col("sketch").alias("sketch_b"))
    return pairs.join(a, "unit_a").join(b, "unit_b")


def candidates(units: DataFrame, p: Dedup) -> DataFrame:
    """Distinct pairs (unit_a < unit_b) of units (unit_id, bands) that share a bucket, linear in the number of units."""
    following = F.concat(F.slice("bands", 2, F.size("bands")), F.slice("bands", 1, 1))
    zipped = F.explode(F.arrays_zip(F.col("bands").alias("band"), following.alias("beside")))
    rows = units.select("unit_id", zipped.alias("b")).select("unit_id", "b.band", "b.beside")
    order = Window.partitionBy("band").orderBy("beside", "unit_id")
    before = [F.lag("unit_id", n).over(order) for n in range(1, p.neighbours + 1)]
    so_far = order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    first = [F.nth_value("unit_id", n).over(so_far) for n in range(1, p.pivots + 1)]
    others = F.array_distinct(F.array_compact(F.array(*before, *first)))
    paired = rows.select("unit_id", others.alias("others")).select("unit_id", F.explode("others").alias("other"))
    paired = paired.where("unit_id <> other")
    return paired.select(
        F.least("unit_id", "other").alias("unit_a"), F.greatest("unit_id", "other").alias("unit_b")
    ).distinct()


STAGE = Decide(
    "near_pairs",
    near_pairs,
    reads=(EXACT_DUPLICATES, RAW_FILES, FINGERPRINTS),
    writes=NEAR_PAIRS,
    params=Dedup(),
    narrow=BY_BUCKET,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
