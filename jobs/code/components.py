"""Connected components with DataFrame operations alone: alternating large-star and small-star (Kiveris et al. 2014)."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

Fixpoint = Callable[..., DataFrame]
"""jobs/runtime/fixpoint.py."""


def components(edges: DataFrame, fixpoint: Fixpoint) -> DataFrame:
    """(node, root) for every node of `edges` (u, v): root is the smallest node of its component.

    Each round costs a few shuffles of the edges, whose number never grows; O(log^2 n) rounds, four or five in practice.
    """
    directed = edges.select(F.greatest("u", "v").alias("u"), F.least("u", "v").alias("v")).where("u <> v").distinct()
    stars = fixpoint(lambda rows: small_star(large_star(rows)), directed, stars_of)
    return stars.select(F.col("u").alias("node"), F.col("v").alias("root")).union(
        stars.select(F.col("v").alias("node"), F.col("v").alias("root")).distinct()
    )


def stars_of(edges: pa.Table) -> pa.Table:
    """What large-star and small-star end with, of edges in memory: each node with the smallest of its component."""
    least: dict[str, str] = {}

    def root(node: str) -> str:
        while (above := least.setdefault(node, node)) != node:
            least[node] = least[above]  # halves the way for who comes next
            node = above
        return node

    for u, v in zip(edges["u"].to_pylist(), edges["v"].to_pylist(), strict=True):
        low, high = sorted((root(u), root(v)))
        least[high] = low
    found = [(node, root(node)) for node in least]
    rows = [(node, smallest) for node, smallest in found if node != smallest]
    return pa.table({"u": [u for u, _ in rows], "v": [v for _, v in rows]}, schema=edges.schema)


def large_star(edges: DataFrame) -> DataFrame:
    """Connect each larger neighbour of a node to the smallest node around it."""
    both = edges.union(edges.select(F.col("v").alias("u"), F.col("u").alias("v")))
    least = both.groupBy("u").agg(F.least(F.min("v"), F.col("u")).alias("m"))
    moved = both.where("v > u").join(least, "u").select(F.col("v").alias("u"), F.col("m").alias("v"))
    return moved.where("u <> v").distinct()


def small_star(edges: DataFrame) -> DataFrame:
    """Connect each node and its smaller neighbours to the smallest of them. Edges point from larger to smaller."""
    least = edges.groupBy("u").agg(F.min("v").alias("m"))
    moved = edges.join(least, "u").where("v <> m").select(F.col("v").alias("u"), F.col("m").alias("v"))
    return moved.union(least.select("u", F.col("m").alias("v"))).distinct()
