"""Connected components, against plain union-find."""

from __future__ import annotations

import random

import pyarrow as pa
from pyspark.sql import SparkSession

from jobs.code.components import components, stars_of
from tests.jobs.rows import fixpoint, groups_of


def _graphs() -> list[tuple[str, str]]:
    """Edges of graphs that share no node, shapes on which a wrong iteration would stop too early."""
    chain = [(f"chain{n:02}", f"chain{n + 1:02}") for n in range(24)]
    star = [("star99", f"star{n:02}") for n in range(9)]  # the centre has the largest name
    zigzag = [(f"zig{n % 2}{n // 2}", f"zig{(n + 1) % 2}{(n + 1) // 2}") for n in range(9)]
    two = [("two_a", "two_b"), ("two_b", "two_c"), ("too_d", "too_e")]
    joined = [
        ("joined1", "joined2"),
        ("joined3", "joined4"),
        ("joined2", "joined_bridge"),
        ("joined_bridge", "joined3"),
    ]
    parted = [("parted1", "parted2"), ("parted3", "parted4")]  # the same after the bridge was removed
    circle = [("ring1", "ring2"), ("ring2", "ring3"), ("ring3", "ring1"), ("ring1", "ring2")]  # and an edge twice
    draw = random.Random(11)
    loose = [(f"r{draw.randrange(40):02}", f"r{draw.randrange(40):02}") for _ in range(36)]
    return [*chain, *star, *zigzag, *two, *joined, *parted, *circle, *((u, v) for u, v in loose if u != v)]


def test_components_are_those_of_union_find_and_named_by_their_smallest_node(spark: SparkSession) -> None:
    edges = [(v, u) if n % 3 else (u, v) for n, (u, v) in enumerate(_graphs())]  # direction says nothing
    random.Random(3).shuffle(edges)
    found = components(spark.createDataFrame(edges, "u string, v string"), fixpoint).collect()
    root = {r["node"]: r["root"] for r in found}
    assert len(root) == len(found), "one root per node"
    groups = {frozenset(n for n in root if root[n] == r) for r in set(root.values())}
    assert groups == groups_of(edges)
    at_once = stars_of(pa.table({"u": [u for u, _ in edges], "v": [v for _, v in edges]})).to_pylist()
    assert {row["u"]: row["v"] for row in at_once} == {n: r for n, r in root.items() if n != r}
    assert all(min(n for n in root if root[n] == r) == r for r in set(root.values()))
    assert root["joined4"] == "joined1" and root["parted4"] == "parted3"


def test_no_edges_make_no_components(spark: SparkSession) -> None:
    assert components(spark.createDataFrame([], "u string, v string"), fixpoint).isEmpty()
