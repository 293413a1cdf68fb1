"""Which rows and columns of a final table an export has, and what is counted of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column as Value
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.export.conversations import COLUMNS as FORM_COLUMNS
from jobs.export.conversations import FORMS, in_form, table_of
from jobs.export.the_stack import COLUMNS, files_of_code
from schemas.contract import Column, Table
from schemas.documents import PRETRAIN_DOCS, TABLES

THE_STACK = "the-stack"
SHOWN_LICENCES = 100
"""Of each table, the most frequent: links of pages are many."""


def tables_of(layout: str, asked: tuple[str, ...]) -> tuple[Table, ...]:
    """The tables to export, in their order. Raises ValueError."""
    if own := table_of(layout):
        if set(asked) - {own.name}:
            raise ValueError(
                f"--format {layout}: expected {own.name} alone, found {', '.join(asked)}; it is the form of that table"
            )
        return (own,)
    if layout == THE_STACK:
        if set(asked) - {PRETRAIN_DOCS.name}:
            raise ValueError(
                f"--format {THE_STACK}: expected {PRETRAIN_DOCS.name} alone, found {', '.join(asked)}; other tables "
                "are not files of repositories: export them as parquet or jsonl"
            )
        return (PRETRAIN_DOCS,)
    return tuple(t for t in TABLES if not asked or t.name in asked)


def columns_of(layout: str, table: Table) -> tuple[Column, ...]:
    """What is written of a table: all but what only its warehouse knows (the run that wrote a row)."""
    if layout in FORMS:
        return FORM_COLUMNS[layout]
    return COLUMNS if layout == THE_STACK else tuple(c for c in table.columns if c.name not in table.volatile)


def chosen(rows: DataFrame, layout: str, held_out: str) -> DataFrame:
    """Rows of a final table that are exported, with all its columns."""
    if held_out != "all":
        rows = rows.where(F.col("held_out") == (held_out == "only"))
    if layout in FORMS:
        return rows.withColumn("source", F.col("recipe"))
    return rows.where("source = 'code'") if layout == THE_STACK else rows


def written(rows: DataFrame, table: Table, layout: str, files: int) -> DataFrame:
    """Chosen rows as they are written, dealt to so many files by their keys: the same file for a row each time, in the
    same order.
    """
    named = [c.name for c in columns_of(layout, table)]
    if layout in FORMS:
        found = in_form(rows, layout)
    else:
        found = files_of_code(rows) if layout == THE_STACK else rows.select(*named)
    if "origin" in found.columns:
        # A given table's location is a place of those who made the release, and nobody else's business.
        name = F.when(F.col("kind") == "table", F.substring_index("origin", "/", -1)).otherwise(F.col("origin"))
        found = found.withColumn("origin", name)
    key = table.key[0]
    return found.repartition(files, key).sortWithinPartitions(key).select(*named)


def composition(tables: Mapping[str, DataFrame]) -> DataFrame:
    """(table, source, language, rows, bytes, unknown) of chosen rows; of the unknown nobody said a licence."""
    each = [
        rows.select(F.lit(name).alias("table"), "source", "language", "text_bytes", F.size(_licences(rows)).alias("n"))
        for name, rows in tables.items()
    ]
    by = reduce(DataFrame.union, each).groupBy("table", "source", "language")
    return by.agg(
        F.count(F.lit(1)).alias("rows"), F.sum("text_bytes").alias("bytes"), F.count_if(F.col("n") < 1).alias("unknown")
    )


def licences(tables: Mapping[str, DataFrame]) -> DataFrame:
    """(table, licence, rows, different) of chosen rows, the most frequent; a row with two licences counts for both."""
    each = [
        rows.select(F.lit(name).alias("table"), F.explode(_licences(rows)).alias("licence"))
        for name, rows in tables.items()
    ]
    counts = reduce(DataFrame.union, each).groupBy("table", "licence").agg(F.count(F.lit(1)).alias("rows"))
    first = Window.partitionBy("table").orderBy(F.desc("rows"), "licence")
    ranked = counts.withColumns(
        {"place": F.row_number().over(first), "different": F.count(F.lit(1)).over(Window.partitionBy("table"))}
    )
    return ranked.where(F.col("place") <= SHOWN_LICENCES).drop("place")


def _licences(rows: DataFrame) -> Value:
    """The different licences of a row; none where nobody said."""
    if "licences" in rows.columns:
        found = F.array_distinct(F.col("licences"))
    else:
        found = F.split("licence", ", ")
    nothing = F.array().cast("array<string>")
    return F.coalesce(F.filter(found, lambda one: one.isNotNull() & (F.trim(one) != "")), nothing)
