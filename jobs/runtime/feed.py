"""Which rows of a table have changed since a version: what this run wrote itself, else Delta's change data feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.runtime.keys import FEW_KEYS, Part
from jobs.runtime.tables import Lake
from schemas.contract import Table

Rows: TypeAlias = DataFrame | pa.Table
"""Few rows are in memory: what is asked of them then costs no job."""


class NoFeedError(RuntimeError):
    """The changes cannot be told any more, or could not be told yet: everything has to be compared."""


@dataclass
class Feed:
    """The changes of one run's tables, each read once."""

    lake: Lake
    run_id: str
    _own: dict[tuple[str, int, int], Rows] = field(default_factory=dict)

    def wrote(self, table: Table, before: int, rows: Rows) -> None:
        """This run has brought the table from `before` to its newest version: rows as they were and as they are."""
        after = self.lake.rows_version(table.name)
        if after is not None:
            self._own[table.name, before, after] = rows

    def since(self, table: Table, version: int) -> Rows | None:
        """Rows as they were and as they are, for those that changed after `version`; None where none did.

        Raises NoFeedError.
        """
        now = self.lake.rows_version(table.name)
        if now is None or now < version:
            raise NoFeedError(f"{table.name}: expected version {version}, found {now}")
        if now == version:
            return None
        key = table.name, version, now
        if key not in self._own:
            self._own[key] = self._read(table, version + 1, now)
        return self._own[key]

    def column(self, table: Table, version: int, name: str) -> Part:
        """One column of the rows that changed after `version`. Raises NoFeedError."""
        rows = self.since(table, version)
        return _column(rows, name)

    def _read(self, table: Table, first: int, last: int) -> Rows:
        try:
            rows = self.lake.changed(table, first, last).select(*table.compared())
            name, counted = f"{table.name}.{first}-{last}", {"rows": F.count(F.lit(1))}
            rows, counts = self.lake.stage_counted(rows, self.run_id, name, counted)
            return rows.toArrow() if counts["rows"] <= FEW_KEYS else rows
        except PySparkException as e:  # the feed was switched on later, its files are gone, or columns came in between
            raise NoFeedError(f"{table.name}: the changes of versions {first} to {last} cannot be read") from e


@dataclass(frozen=True)
class Changed:
    """The changes of a stage's inputs since it last ran; of a measured table those of the kernel in force.

    Of a table without a feed nobody may ask: that it has moved alone says nothing of its rows.
    """

    rows: Mapping[str, Rows]
    spark: SparkSession
    silent: frozenset[str] = frozenset()

    def of(self, table: Table) -> DataFrame | None:
        """Changed rows of an input, as they were and as they are; None where nothing changed."""
        rows = self._of(table)
        return self.spark.createDataFrame(rows) if isinstance(rows, pa.Table) else rows

    def keys(self, table: Table, column: str) -> Part:
        """One column of these rows."""
        return _column(self._of(table), column)

    def _of(self, table: Table) -> Rows | None:
        if table.name in self.silent:
            raise NoFeedError(f"{table.name}: expected a table with a change feed, found one without")
        return self.rows.get(table.name)


def _column(rows: Rows | None, name: str) -> Part:
    if rows is None:
        return None
    return rows[name] if isinstance(rows, pa.Table) else rows.select(name)


def of_kernel(rows: Rows, kernel: str | None) -> Rows:
    """Of the changes of a measured table those of one kernel version."""
    if kernel is None:
        return rows
    if isinstance(rows, pa.Table):
        return rows.filter(pc.equal(rows["kernel_version"], kernel))
    return rows.where(F.col("kernel_version") == kernel)
