"""What the tables at the end are made of, by source and by language, beside the shares of the paper."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from schemas.contract import Table
from schemas.corpus import ANNEAL_TOKENS, PRETRAIN_TOKENS
from schemas.documents import SFT_STAGE1, SFT_STAGE2

TABLES = (PRETRAIN_TOKENS, ANNEAL_TOKENS, SFT_STAGE1, SFT_STAGE2)
BY = ("source", "language")


class Tables(Protocol):
    """What reads tables."""

    def version(self, name: str) -> int | None: ...

    def read(self, table: Table) -> DataFrame: ...


@dataclass(frozen=True)
class Part:
    """A source or a language of a table: its rows, its size in the table's unit, and its share of all; `paper` is the
    paper's, where it has one.
    """

    name: str
    rows: int
    size: int
    share: float
    paper: float | None = None


@dataclass(frozen=True)
class Composition:
    """A table without what is held out: `unit` is what sizes count, parts are in the order of their size."""

    table: str
    unit: str
    rows: int
    size: int
    parts: dict[str, tuple[Part, ...]]
    said: str


def compositions(lake: Tables) -> list[Composition]:
    """Of each of TABLES that is there: one aggregation over narrow columns."""
    return [_of(lake.read(table), table) for table in TABLES if lake.version(table.name) is not None]


def _of(rows: DataFrame, table: Table) -> Composition:
    known = paper()[table.name]
    size = F.sum("n_tokens") if known["unit"] == "tokens" else F.count(F.lit(1))
    by = rows.where("not held_out").groupBy(*BY).agg(F.count(F.lit(1)).alias("rows"), size.alias("size"))
    found = [row.asDict() for row in by.collect()]  # a row for each source and language
    parts = {name: _parts(found, name, known["parts"] if name == "source" else {}) for name in BY}
    whole = (sum(row[column] or 0 for row in found) for column in ("rows", "size"))
    return Composition(table.name, known["unit"], *whole, parts, known["said"])


def _parts(found: list[dict[str, Any]], by: str, theirs: dict[str, float]) -> tuple[Part, ...]:
    rows: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for row in found:
        rows[row[by]] += row["rows"]
        sizes[row[by]] += row["size"] or 0
    ours, whole = sum(sizes.values()) or 1, sum(theirs.values())
    paper_s = {name: size / whole for name, size in theirs.items()}
    every = sorted({*rows, *theirs}, key=lambda name: (-sizes[name], name))
    return tuple(Part(name, rows[name], sizes[name], sizes[name] / ours, paper_s.get(name)) for name in every)


@cache
def paper() -> dict[str, Any]:
    """Sizes of the parts as the paper gives them, by table; `from` says where."""
    text = resources.files("jobs").joinpath("data", "paper_composition.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
