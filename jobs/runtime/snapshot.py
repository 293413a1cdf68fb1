"""A few rows of a table without starting Spark: for `explain` and other questions that should answer at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc
from deltalake.exceptions import TableNotFoundError

from jobs.runtime.places import absolute, schema_of
from jobs.runtime.store_errors import cause
from schemas.contract import Table
from schemas.ops import RELEASES
from udfs.reading.delta import matching_rows, opened


class NoTableError(ValueError):
    """The warehouse does not hold the table yet."""


@dataclass
class Snapshot:
    """The tables of a warehouse at the versions of its newest release."""

    warehouse: str
    versions: dict[str, int] = field(default_factory=dict)

    @classmethod
    def newest(cls, warehouse: str) -> Snapshot:
        """Raises ValueError where the warehouse has no release yet."""
        place = absolute(warehouse)
        if schema_of(place):
            raise ValueError(
                f"{place}: expected a folder or URL, found names in a catalog: this is read from files, without Spark; "
                "name the location of the schema's tables, or ask the tables by SQL"
            )
        snapshot = cls(place)
        try:
            releases = snapshot.rows(RELEASES, pc.scalar(True))
        except NoTableError:
            releases = []
        if all(row.get("withdrawn") for row in releases):
            raise ValueError(f"{place}: expected a warehouse with a release, found none; run refinelake run first")
        newest = max((r for r in releases if not r.get("withdrawn")), key=lambda row: row["release_id"])
        return cls(place, dict(newest["tables"]))

    def rows(
        self, table: Table, where: pc.Expression, columns: Iterable[str] = (), most: int | None = None
    ) -> list[dict[str, Any]]:
        """Rows that meet a condition. Raises NoTableError, and ValueError for what a store refuses."""
        place = f"{self.warehouse.rstrip('/')}/{table.name}"
        try:
            stored = opened(place, self.versions.get(table.name))
        except TableNotFoundError:
            raise NoTableError(
                f"{table.name}: expected a Delta table at {place}, found none; run refinelake run first"
            ) from None
        except OSError as error:
            if (known := cause(str(error))) is None:
                raise
            raise ValueError("{}: expected to read the table, found {}; {}".format(place, *known)) from error
        found = matching_rows(stored, place, list(columns) or None, where)
        return found.to_pylist() if most is None else found.slice(0, most).to_pylist()
