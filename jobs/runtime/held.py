"""The columns of the tables that a run reads again and again, kept at hand where they are small.

Each scan of a Delta table is several Spark jobs over its log, before a row is read. A run of twelve stages scans the
same dozen tables a hundred times, and at a few thousand rows these are more than half of all jobs. On one machine
deltalake copies the rows to a parquet file on the local disk (40,000 rows: 30 ms) and Spark reads the file; elsewhere
Spark keeps them itself.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from jobs.runtime.frames import kept, same_columns
from jobs.runtime.tables import Lake
from schemas.contract import Table
from udfs.reading.delta import copied, opened

MOST_ROWS = 2_000_000
"""Tables of a run whose stages saw no more rows than this are kept, on local disk."""
MOST_TEXT = 256_000_000
"""So many bytes of texts are copied; more are read where they are."""


@dataclass
class Held:
    """The tables that a run has read, by version."""

    lake: Lake
    _frames: dict[tuple[str, int], DataFrame] = field(default_factory=dict)
    _copies: int = 0
    _place: tempfile.TemporaryDirectory[str] | None = None

    def narrow(self, table: Table, version: int | None, small: bool) -> DataFrame:
        """All columns but the text, at a version (newest by default), kept where `small` or kept already.

        Raises MissingTableError and ContractError.
        """
        at = self.lake.version(table.name) if version is None else version
        if at is None or not (small or (table.name, at) in self._frames):
            return self.lake.read(table, at).select(*table.narrow())
        if (table.name, at) not in self._frames:
            self._frames[table.name, at] = self._kept(table, at)
        return self._frames[table.name, at]

    def texts(self, table: Table, version: int, where: str) -> DataFrame:
        """All columns of the few rows that meet a condition on columns that are no text."""
        if not self.lake.reads_itself:
            return self.lake.read(table, version).where(where)
        return self._copied(table, version, table.names, where)

    def let_go(self) -> None:
        """Free what is kept."""
        for rows in self._frames.values():
            with suppress(PySparkException):  # of one that keeps nothing
                rows.unpersist()
        self._frames.clear()
        if self._place:
            self._place.cleanup()
            self._place = None

    def _kept(self, table: Table, at: int) -> DataFrame:
        if self.lake.reads_itself:
            return self._copied(table, at, table.narrow())
        rows = self.lake.read(table, at).select(*table.narrow())
        return kept(rows)

    def _copied(self, table: Table, at: int, columns: tuple[str, ...], where: str = "true") -> DataFrame:
        stored = opened(self.lake.location(table.name), at)
        same_columns(table, stored.schema().to_arrow().names, "stored")
        # Goes with the process at the latest: not every command lets go.
        self._place = self._place or tempfile.TemporaryDirectory(prefix="refinelake-held-", ignore_cleanup_errors=True)
        self._copies += 1
        file = Path(self._place.name) / f"{table.name}-{at}-{self._copies}.parquet"
        copied(stored, table.arrow_schema(columns), file, where)
        types = ", ".join(f"`{name}` {table.column(name).type}" for name in columns)
        return self.lake.spark.read.schema(types).parquet(file.as_uri())
