"""The narrow columns of the tables that a run reads again and again, kept by Spark where they are small.

Each scan of a Delta table is several Spark jobs over its log, before a row is read. A run of twelve stages scans the
same dozen tables a hundred times, and at a few thousand rows these are more than half of all jobs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from jobs.runtime.tables import Lake
from schemas.contract import Table

MOST_ROWS = 2_000_000
"""Tables of a run whose stages saw no more rows than this are kept, on local disk."""


@dataclass
class Held:
    """The tables that a run has read, by version."""

    lake: Lake
    _frames: dict[tuple[str, int], DataFrame] = field(default_factory=dict)

    def narrow(self, table: Table, version: int | None, small: bool) -> DataFrame:
        """All columns but the text, at a version (newest by default), kept where `small` or kept already.

        Raises MissingTableError and ContractError.
        """
        at = self.lake.version(table.name) if version is None else version
        if at is None or not (small or (table.name, at) in self._frames):
            return self.lake.read(table, at).select(*table.narrow())
        if (table.name, at) not in self._frames:
            self._frames[table.name, at] = _kept(self.lake.read(table, at).select(*table.narrow()))
        return self._frames[table.name, at]

    def let_go(self) -> None:
        """Free what is kept."""
        for rows in self._frames.values():
            rows.unpersist()
        self._frames.clear()


def _kept(rows: DataFrame) -> DataFrame:
    try:
        return rows.persist(StorageLevel.DISK_ONLY)
    except PySparkException:  # serverless clusters keep nothing for anybody
        return rows
