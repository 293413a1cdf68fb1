"""The texts that hold copies of benchmarks, in each table where they stand."""

from __future__ import annotations

from functools import reduce
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.benchmark_hits import SEARCHED
from schemas.contamination import CONTAMINATION
from schemas.contract import Table

_SOURCES = ("source", "repo", "domain", "recipe")
"""What says whose a row is, the first of these that a table has."""


class Tables(Protocol):
    """What reads tables."""

    def version(self, name: str) -> int | None: ...

    def read(self, table: Table) -> DataFrame: ...


def copies(lake: Tables) -> DataFrame:
    """(table, source, text_id, benchmark, item, part, method, share, limit, seen): a row for each task, text and table
    that has the text.
    """
    dropped = lake.read(CONTAMINATION).where("not keep").select("text_id", F.explode("copies").alias("c"))
    dropped = dropped.select("text_id", "c.*")
    found = []
    for table in (t for t in SEARCHED if lake.version(t.name) is not None):
        source = next(F.col(name) for name in _SOURCES if name in table.names).alias("source")
        rows = lake.read(table).select(F.col(table.key[0]).alias("text_id"), source)
        found.append(rows.withColumn("table", F.lit(table.name)).join(F.broadcast(dropped), "text_id"))
    return reduce(DataFrame.unionByName, found).select("table", "source", *dropped.columns)
