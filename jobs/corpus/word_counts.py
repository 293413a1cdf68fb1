"""How common words and runs of words are in a sample of the tables that are searched for copies of benchmarks."""

from __future__ import annotations

from typing import Any, Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.corpus.benchmark_hits import SEARCHED, text_of
from schemas.contract import Table
from udfs.contamination.frequencies import Frequencies, floor
from udfs.spark.contamination import counted_rows

_PARTS = 1_000_000


class Tables(Protocol):
    """What reads tables."""

    def version(self, name: str) -> int | None: ...

    def read(self, table: Table) -> DataFrame: ...


def frequencies(lake: Tables, most: int) -> Frequencies:
    """Counts of about `most` texts of each table, drawn by a hash of their ids. Raises ValueError without a text."""
    documents: dict[str, int] = {}
    rows: list[tuple[str, str, int, int]] = []
    for table in SEARCHED:
        whole = lake.read(table).count() if lake.version(table.name) is not None else 0
        if whole:
            sample = lake.read(table).where(_drawn(table, most / whole))
            documents[table.name] = sample.count()
            rows += _counted(table, sample, documents[table.name])
    if not sum(documents.values()):
        names = ", ".join(t.name for t in SEARCHED)
        raise ValueError(f"{names}: expected texts in one of them, found none; run refinelake run first")
    return Frequencies.made({name: n for name, n in documents.items() if n}, rows)


def _drawn(table: Table, share: float) -> Any:
    hashed = F.pmod(F.xxhash64(F.lit("word counts"), F.col(table.key[0])), F.lit(_PARTS))
    return hashed < round(share * _PARTS)


def _counted(table: Table, sample: DataFrame, documents: int) -> list[tuple[str, str, int, int]]:
    """What stands in enough texts: of any corpus some hundred thousand rows at most, for each text has a bounded share
    of them.
    """
    by = (
        counted_rows(sample.select(text_of(table).alias("text"))).groupBy("kind", "hash").agg(F.sum("texts").alias("n"))
    )
    least = {kind: floor(kind, documents) for kind in ("words", "runs")}
    enough = F.when(F.col("kind") == "words", least["words"]).otherwise(least["runs"])
    found = by.where(F.col("n") >= enough).toArrow().to_pylist()
    return [(table.name, row["kind"], row["hash"], row["n"]) for row in found]
