"""Frames against their contract: columns and types in its order, and the rows by which two frames differ."""

from __future__ import annotations

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from schemas.contract import ContractError, Table

OP = "_op"
"""Column of a change set: insert, update or delete."""
BEFORE = "_before"
"""Column of a change set: the stored row, null where there is none."""


def align(table: Table, rows: DataFrame, also: tuple[str, ...] = (), columns: tuple[str, ...] = ()) -> DataFrame:
    """Rows in the contract's column order and types. Raises ContractError naming both column sets."""
    wanted = columns or table.names
    same_columns(table, [c for c in rows.columns if c not in also], "computed", wanted)
    return rows.select(*(F.col(n).cast(table.column(n).type).alias(n) for n in wanted), *also)


def changes(table: Table, candidate: DataFrame, stored: DataFrame) -> DataFrame:
    """Rows that turn `stored` into `candidate`, over the compared columns, with the operation in `_op`."""
    return differing(table, paired(table, candidate, stored)).drop(BEFORE)


def paired(table: Table, candidate: DataFrame, stored: DataFrame) -> DataFrame:
    """One row per key: `_op` (null where nothing differs), `_row` to be written, `_before` as it is stored, and how
    often the key stands in each of the two (`_new`, `_old`): a key that stands twice is seen in the same pass.
    """
    columns = table.compared()
    row = F.struct(*columns)
    new = candidate.select(*table.key, row.alias("n"))
    sides = new.unionByName(stored.select(*table.key, row.alias("o")), allowMissingColumns=True)
    keys = sides.groupBy(*table.key).agg(
        F.first("n", ignorenulls=True).alias("n"),
        F.first("o", ignorenulls=True).alias("o"),
        F.count("n").alias("_new"),
        F.count("o").alias("_old"),
    )
    equal = reduce(lambda a, b: a & b, [F.col(f"n.{c}").eqNullSafe(F.col(f"o.{c}")) for c in columns])
    op = F.when(F.col("n").isNull(), "delete").when(F.col("o").isNull(), "insert").when(~equal, "update")
    return keys.select(op.alias(OP), F.coalesce("n", "o").alias("_row"), F.col("o").alias(BEFORE), "_new", "_old")


def no_key(table: Table, of: str = "") -> Column:
    """Whether a part of the key is null; `of` is put before the columns' names."""
    return reduce(lambda a, b: a | b, [F.col(f"{of}{k}").isNull() for k in table.key])


def differing(table: Table, pairs: DataFrame) -> DataFrame:
    """The rows of `paired` that are to be written, with what they replace."""
    return pairs.where(F.col(OP).isNotNull()).select(
        OP, BEFORE, *(F.col(f"_row.{c}").alias(c) for c in table.compared())
    )


def images(table: Table, changed: DataFrame) -> DataFrame:
    """Rows of a change set as they are now and as they were before."""
    columns = table.compared()
    before = changed.where(F.col(BEFORE).isNotNull()).select(*(F.col(f"{BEFORE}.{c}").alias(c) for c in columns))
    return changed.where(F.col(OP) != "delete").select(*columns).union(before)


def images_in_memory(table: Table, changed: pa.Table) -> pa.Table:
    """The same of a change set in memory."""
    columns = list(table.compared())
    old = changed.filter(pc.is_valid(changed[BEFORE]))[BEFORE]
    before = pa.table({c: pc.struct_field(old, c) for c in columns})
    now = changed.filter(pc.not_equal(changed[OP], "delete")).select(columns)
    return pa.concat_tables([now, before.cast(now.schema)])


def same_columns(table: Table, found: list[str], what: str, wanted: tuple[str, ...] = ()) -> None:
    """Raises ContractError where the columns are not those of the contract."""
    expected = wanted or table.names
    missing, extra = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
    if missing or extra:
        remedy = "Change the transform, or the contract by review."
        if what == "stored" and not extra:
            remedy = "It is of an earlier release of refinelake: refinelake run adds what is missing."
        raise ContractError(
            f"{table.name}: the {what} rows do not have the contract's columns: missing {_few(missing)}, unexpected "
            f"{_few(extra)}. {remedy}"
        )


def kept(rows: DataFrame) -> DataFrame:
    """Rows that are asked for several times; serverless compute keeps nothing for anybody."""
    try:
        return rows.persist(StorageLevel.DISK_ONLY)
    except PySparkException:
        return rows


def _few(names: list[str]) -> str:
    return f"{names[:6]}" + (f" and {len(names) - 6} more" if len(names) > 6 else "")
