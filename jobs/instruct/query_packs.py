"""What becomes of each given query and problem: packed with its like, start of a simulated dialogue, or nothing.

    spark-submit jobs/instruct/query_packs.py --warehouse DIR --set packing.embeddings=FOLDER

A query that is the first by its hash among its neighbours gathers those that are nearest to it and to no other such
query; each is in one dialogue at most. What is complex enough and in none is simulated; a problem with several
solutions is followed up, one with a single solution is packed with others of its tags.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason, reasons
from jobs.instruct.pool import PROBLEMS, QUERIES, pool
from jobs.runtime.stage import Decide
from schemas.instruct import QUERY_EMBEDDINGS, QUERY_PACKS, QUESTIONS
from udfs.recipes.packing import Packing
from udfs.spark.embeddings import near_rows

_BLOCK = 2_000
"""Vectors of a block, about."""
_MOST_BLOCKS = 512
_PLACE = ("seed_id", "anchor", "kind", "position", "similarity")


def query_packs(questions: DataFrame, embeddings: DataFrame, p: Packing) -> DataFrame:
    """One row per query or problem."""
    same = Window.partitionBy("target", "squeezed").orderBy("seed_id")
    rows = pool(questions).withColumn("_first", F.first("seed_id").over(same))
    live = rows.where("_first = seed_id")
    demanding = live.where((F.col("target") == QUERIES) & (F.col("complexity") >= p.least_complexity))
    single = live.where((F.col("target") == PROBLEMS) & (F.col("solutions") < 2) & (F.col("tags") != ""))
    places = _tagged(single, p)
    if p.embeddings:
        places = places.unionByName(_near(demanding, embeddings, p))
    order = F.array_sort(F.collect_list(F.struct("position", "seed_id")))
    packs = places.groupBy("anchor", "kind").agg(order.alias("_members")).where(F.size("_members") > 1)
    joined = F.concat_ws(" ", "kind", F.array_join(F.transform("_members", lambda m: m["seed_id"]), " "))
    placed = places.join(packs.select("anchor", "kind", F.sha2(joined, 256).alias("pack_id")), ["anchor", "kind"])
    return _decided(rows.join(placed.drop("anchor"), "seed_id", "left"), p)


def _decided(rows: DataFrame, p: Packing) -> DataFrame:
    copy = F.col("_first") != F.col("seed_id")
    query, packed = F.col("target") == QUERIES, F.col("pack_id").isNotNull()
    low = query & ~(F.coalesce("complexity", F.lit(0.0)) >= p.least_complexity)
    alone = ~query & ~packed & (F.col("solutions") < 2)
    why = reasons(
        (copy, reason("duplicate", detail=F.col("_first"))),
        (low, reason("too_simple", F.col("complexity"), F.lit(p.least_complexity))),
        (alone & ~copy, reason("no_neighbour", detail=F.col("tags"))),
    )
    rows = decided(rows.withColumn("reasons", why))
    becomes = F.when(packed, "packing").when(query, "interaction").otherwise("follow_up")
    names = ("pack_id", "kind", "position", "similarity", "thread_id")
    return rows.withColumn("becomes", F.when(F.col("keep"), becomes)).select(
        "seed_id", "keep", "reasons", "becomes", *names
    )


def _near(rows: DataFrame, embeddings: DataFrame, p: Packing) -> DataFrame:
    """Places of queries that are near each other, by their vectors."""
    units = embeddings.where("failure IS NULL").join(
        rows.select(F.col("seed_id").alias("unit_id")), "unit_id", "left_semi"
    )
    near = _neighbours(units.select("unit_id", "sketch"), p)
    mine, other = _hash("unit_a"), _hash("unit_b")
    firsts = near.groupBy("unit_a").agg(F.min(other >= mine).alias("first")).where("first").select("unit_a")
    # Everybody else goes to the nearest of them, if one is near.
    best = Window.partitionBy("unit_a").orderBy(F.desc("similarity"), "unit_b")
    joins = near.join(firsts.withColumnRenamed("unit_a", "unit_b"), "unit_b", "left_semi")
    joins = joins.join(firsts, "unit_a", "left_anti").withColumn("_n", F.row_number().over(best)).where("_n = 1")
    by_nearness = Window.partitionBy("unit_b").orderBy(F.desc("similarity"), "unit_a")
    joins = joins.withColumn("position", F.row_number().over(by_nearness) + 1).where(F.col("position") <= p.turns)
    others = joins.select(F.col("unit_a").alias("seed_id"), F.col("unit_b").alias("anchor"), "position", "similarity")
    anchors = firsts.select(
        F.col("unit_a").alias("seed_id"), F.col("unit_a").alias("anchor"), F.lit(1).alias("position")
    )
    anchors = anchors.withColumn("similarity", F.lit(None).cast("double"))
    return others.unionByName(anchors).withColumn("kind", F.lit("single_turn")).select(*_PLACE)


def _neighbours(units: DataFrame, p: Packing) -> DataFrame:
    """(unit_a, unit_b, similarity) of neighbours, both ways: block against block."""
    number = F.pmod(F.xxhash64("unit_id"), F.lit(_MOST_BLOCKS))
    total = Window.partitionBy(F.lit(0))
    counts = units.groupBy(number.alias("_cell")).count()
    # As few blocks as the number of units asks for: a power of two, so that cells become blocks by their rest.
    needed = F.least(F.lit(_MOST_BLOCKS), F.pow(2, F.ceil(F.log2(F.greatest(F.lit(1.0), F.col("_all") / _BLOCK)))))
    cells = counts.withColumn("_all", F.sum("count").over(total)).withColumn("_blocks", needed.cast("int"))
    cells = cells.select("_cell", (F.col("_cell") % F.col("_blocks")).alias("block"))
    placed = units.withColumn("_cell", number).join(F.broadcast(cells), "_cell")
    lists = placed.groupBy("block").agg(F.array_sort(F.collect_list(F.struct("unit_id", "sketch"))).alias("_units"))
    one = lists.select("block", F.col("_units.unit_id").alias("units_a"), F.col("_units.sketch").alias("sketches_a"))
    two = one.toDF("other", "units_b", "sketches_b")
    pairs = one.join(two, F.col("block") <= F.col("other")).repartition("block", "other")
    near = near_rows(pairs, p.neighbours, p.farthest, p.nearest)
    best = Window.partitionBy("unit_a").orderBy(F.desc("similarity"), "unit_b")
    near = near.withColumn("_n", F.row_number().over(best)).where(F.col("_n") <= p.neighbours).drop("_n")
    # A neighbour of one is a neighbour of the other: else who comes first would hang on who asked.
    back = near.select(F.col("unit_b").alias("unit_a"), F.col("unit_a").alias("unit_b"), "similarity")
    return near.unionByName(back).distinct()


def _tagged(rows: DataFrame, p: Packing) -> DataFrame:
    """Places of problems of the same tags and language: in the order of a hash, so many to a dialogue."""
    order = Window.partitionBy("tags", "language").orderBy(_hash("seed_id"), "seed_id")
    numbered = rows.withColumn("_n", F.row_number().over(order) - 1)
    numbered = numbered.withColumn("_chunk", F.floor(F.col("_n") / p.turns))
    chunk = Window.partitionBy("tags", "language", "_chunk").orderBy("_n")
    return numbered.select(
        "seed_id",
        F.first("seed_id").over(chunk).alias("anchor"),
        F.lit("similar").alias("kind"),
        (F.col("_n") % p.turns + 1).cast("int").alias("position"),
        F.lit(None).cast("double").alias("similarity"),
    )


def _hash(name: str) -> Column:
    return F.sha2(F.concat(F.lit("packing\0"), name), 256)


def everyone(questions: DataFrame, embeddings: DataFrame, p: Packing) -> DataFrame:
    """Every query and problem."""
    return pool(questions).select("seed_id")


STAGE = Decide(
    "query_packs",
    query_packs,
    reads=(QUESTIONS, QUERY_EMBEDDINGS),
    writes=QUERY_PACKS,
    params=Packing(),
    population=everyone,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
