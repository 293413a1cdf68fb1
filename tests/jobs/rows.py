"""Rows by contract for the tests of single stages, and what stands in for the runner there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from jobs.runtime.stage import Decide, Publish
from schemas.contract import Column, Table

Values = dict[str, Any]
_EMPTY = {"string": "", "bigint": 0, "int": 0, "double": 0.0, "boolean": False, "binary": b""}


def frame(spark: SparkSession, table: Table, rows: Iterable[Values] = ()) -> DataFrame:
    """Rows of a table by contract; what a row leaves out is null, or empty where null is not allowed."""
    full = [{c.name: row.get(c.name, _default(c)) for c in table.columns} for row in rows]
    assert all(set(row) <= set(table.names) for row in rows), f"{table.name} has no such column"
    return spark.createDataFrame(pa.Table.from_pylist(full, table.arrow_schema()))


def _default(column: Column) -> Any:
    return None if column.nullable else _EMPTY.get(column.type, [])


def fixpoint(step: Callable[[DataFrame], DataFrame], rows: DataFrame, at_once: object = None) -> DataFrame:
    """What the runner hands an iterative transform, for rows of strings that fit in memory."""
    before: list[tuple] = []
    for _ in range(50):
        now = sorted(tuple(r) for r in rows.collect())
        assert len(now) == len(set(now)), "the rows of a round are a set"
        found = pa.table([pa.array(c, pa.string()) for c in zip(*now, strict=True)] or [[], []], rows.columns)
        rows = rows.sparkSession.createDataFrame(found.cast(pa.schema([(n, pa.string()) for n in rows.columns])))
        if now == before:
            return rows
        rows, before = step(rows), now
    raise AssertionError("no fixpoint")


def decide(spark: SparkSession, stage: Decide | Publish, params: Any = None, **tables: list[Values]) -> DataFrame:
    """A stage's transform over rows by table name; tables that are not given are empty."""
    assert set(tables) <= {t.name for t in stage.reads}, f"{stage.name} reads {[t.name for t in stage.reads]}"
    extra = {"fixpoint": fixpoint} if getattr(stage, "iterative", False) else {}
    reads = [frame(spark, t, tables.get(t.name, [])) for t in stage.reads]
    return stage.transform(*reads, params or stage.params, **extra)


def by_file(found: DataFrame) -> dict[str, Any]:
    rows = found.collect()
    keyed = {r["file_id"]: r for r in rows}
    assert len(keyed) == len(rows), "one row per file"
    return keyed


def rules_of(row: Any) -> list[str]:
    assert row["keep"] == (not row["reasons"])
    return [r["rule"] for r in row["reasons"]]


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def kept(*ids: str, **more: Any) -> list[Values]:
    """Rows of a decision table that kept these files; each file's content is called as the file."""
    return [{"file_id": i, "content_id": i, "keep": True} | more for i in ids]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


PLAIN = "def add(a, b):\n    return a + b\n"
HEADED = "# Copyright 2020 Somebody\n# Licensed under the MIT License\n\n" + PLAIN
BROKEN = "{ not a notebook"


def groups_of(edges: Iterable[tuple[str, str]]) -> set[frozenset[str]]:
    """Connected components by plain union-find."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            node = parent[node]
        return node

    for u, v in edges:
        parent[root(u)] = root(v)
    return {frozenset(n for n in parent if root(n) == r) for r in map(root, list(parent))}
