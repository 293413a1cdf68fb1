"""A set of keys and the rows that have one of them.

Few keys are named in the condition: a scan with a filter needs no join, no exchange and no broadcast, and Delta and
Parquet leave out what cannot have them. Many are a frame that is joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from schemas.contract import quote

FEW_KEYS = 5_000
"""So many keys may be named in a condition, 64 bytes each, and so many changed rows are held in memory."""


@dataclass(frozen=True)
class Keys:
    """Values of one column, without null: `values` where they are few, `frame` (distinct `key`) where they are not."""

    values: tuple[str | int, ...] = ()
    frame: DataFrame | None = None

    @staticmethod
    def of(*parts: Part) -> Keys:
        """Keys of all parts: other keys, a column in memory, the first column of a frame; None adds nothing."""
        held: set[str | int] = set()
        frames: list[DataFrame] = []
        for part in parts:
            if isinstance(part, DataFrame):
                frames.append(part.select(F.col(part.columns[0]).alias("key")))
            elif isinstance(part, Keys):
                held.update(part.values)
                frames += [part.frame] if part.frame is not None else []
            elif part is not None:
                held.update(v for v in part.unique().to_pylist() if v is not None)
        return _both(held, frames)

    @property
    def none(self) -> bool:
        """Whether there is no key at all."""
        return self.frame is None and not self.values

    def listed(self) -> str:
        """The values as SQL lists them."""
        return ", ".join(quote(v) if isinstance(v, str) else str(v) for v in self.values)


Part: TypeAlias = DataFrame | Keys | pa.ChunkedArray | None


def _both(held: set[str | int], frames: list[DataFrame]) -> Keys:
    rows = reduce(DataFrame.union, frames).where("key IS NOT NULL").distinct() if frames else None
    found = {row["key"] for row in rows.limit(FEW_KEYS + 1).collect()} if rows is not None else set()
    if len(found) <= FEW_KEYS and len(found | held) <= FEW_KEYS:
        return Keys(tuple(sorted(found | held)))
    spark = SparkSession.getActiveSession()
    assert spark is not None, "frames and tables in memory come from a session"
    own = [spark.createDataFrame(pa.table({"key": sorted(held)}))] if held else []
    return Keys(frame=reduce(DataFrame.union, own + ([rows] if rows is not None else [])).distinct())


def only(rows: DataFrame, column: str, keys: Keys) -> DataFrame:
    """The rows whose `column` is one of the keys."""
    if keys.frame is not None:
        return rows.join(keys.frame.withColumnRenamed("key", column), column, "left_semi")
    return rows.where(f"`{column}` IN ({keys.listed()})" if keys.values else "false")


def without(rows: DataFrame, column: str, keys: Keys) -> DataFrame:
    """The rows whose `column` is none of the keys."""
    if keys.frame is not None:
        return rows.join(keys.frame.withColumnRenamed("key", column), column, "left_anti")
    return rows.where(f"`{column}` IS NULL OR `{column}` NOT IN ({keys.listed()})") if keys.values else rows


def one_of(keys: pa.Table) -> str:
    """A condition in SQL that holds for the rows with these keys, which are few.

    Of several columns all but the last must hold no `/`, as hashes and numbers do.
    """
    rows = sorted(set(zip(*(column.to_pylist() for column in keys.columns), strict=True)))
    if not rows:
        return "false"
    first = f"`{keys.column_names[0]}` IN ({Keys(tuple(sorted({row[0] for row in rows}))).listed()})"
    if keys.num_columns == 1:
        return first
    named = ", ".join(f"CAST(`{c}` AS STRING)" for c in keys.column_names)
    listed = ", ".join(quote("/".join(map(str, row))) for row in rows)
    return f"{first} AND concat_ws('/', {named}) IN ({listed})"
