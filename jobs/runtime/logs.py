"""What a warehouse knows of its tables' versions, looked up once and kept: by this process where it reaches the tables,
else by Spark, which is only started for it where a cluster has started it already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.runtime import commits, versions
from jobs.runtime.commits import ROWS_VERSION, Commit
from jobs.runtime.places import schema_of, scheme
from jobs.runtime.staging import Staging
from schemas.contract import Table
from udfs.reading.delta import opened, rows_of

_READ_HERE = ("", "file", "s3", "s3a")
_OURS = ("contract", "fence", ROWS_VERSION)


@dataclass
class Logs(Staging):
    """The newest commit of each table, as it was when it was looked up."""

    _known: dict[str, Commit | None] = field(default_factory=dict, init=False)

    @property
    def reads_itself(self) -> bool:
        """Whether this process reads logs and small tables: of a disk and of S3, whose keys deltalake finds as Hadoop
        does; for other stores Spark alone is told how.
        """
        return self.alone and scheme(self.warehouse) in _READ_HERE

    @property
    def schema(self) -> str | None:
        """CATALOG.SCHEMA where tables have names (Unity Catalog: a volume cannot hold tables), None where folders."""
        return schema_of(self.warehouse)

    def location(self, name: str) -> str:
        """The folder of a table, or its name in the catalog."""
        return f"{self.schema}.{name}" if self.schema else f"{self.warehouse.rstrip('/')}/{name}"

    def ref(self, name: str) -> str:
        """The table as SQL names it."""
        if self.schema:
            return versions.quoted(*self.schema.split("."), name)
        return f"delta.`{self.location(name)}`"

    def version(self, name: str) -> int | None:
        """Newest version of a table, None where it does not exist."""
        last = self._last(name)
        return None if last is None else last.version

    def rows_version(self, name: str) -> int | None:
        """The version at which the rows were last moved, whatever OPTIMIZE, VACUUM and ALTER have committed since."""
        last = self._last(name)
        return None if last is None else last.rows_version

    def metadata(self, name: str) -> dict[str, Any]:
        """What the newest commit says of itself: run, stage, signature."""
        last = self._last(name)
        return {} if last is None else {k: v for k, v in last.said.items() if k not in _OURS}

    def keeping(self, name: str) -> dict[str, Any]:
        """What a commit that moves no row says: all that the newest one said, and which version moved the rows."""
        last = self._last(name)
        return {} if last is None else {**last.said, ROWS_VERSION: last.rows_version}

    def look(self) -> None:
        """Read the newest commit of every table at once; what was known before is forgotten."""
        if self.reads_itself:
            found: Mapping[str, Commit] = commits.newest_commits(self.warehouse)
        elif self.schema:
            found = versions.newest_named(self.spark, self.schema)
        else:
            found = versions.all_newest(self.spark, self.warehouse)
        self._known = dict(found)

    def names(self) -> list[str]:
        """Every table there is."""
        if self.reads_itself:
            return commits.table_names(self.warehouse)
        if self.schema:
            return versions.names_in(self.spark, self.schema)
        return versions.table_names(self.spark, self.warehouse)

    def identities(self) -> dict[str, int | None]:
        """The version that last moved the rows of each table that was looked at, None for one that is not there."""
        return {name: last and last.rows_version for name, last in self._known.items()}

    def fresh(self, name: str) -> int:
        """Newest version of a table that exists, looked up anew."""
        self._known.pop(name, None)
        return self.version(name) or 0

    def small(self, table: Table) -> list[dict[str, Any]]:
        """All rows of a table that is small by design, as it is now; times are UTC. Empty where it does not exist."""
        at = self.version(table.name)
        if at is None:
            return []
        place = self.location(table.name)
        if self.reads_itself:
            return rows_of(opened(place, at), place, table.arrow_schema()).to_pylist()
        found = self.spark.sql(f"SELECT * FROM {self.ref(table.name)} VERSION AS OF {at}").toArrow().to_pylist()
        return [{name: row.get(name) for name in table.names} for row in found]

    def _last(self, name: str) -> Commit | None:
        if name not in self._known:
            self._known[name] = self._newest(name)
        return self._known[name]

    def _newest(self, name: str) -> Commit | None:
        place = self.location(name)
        if self.reads_itself:
            held = commits.versions(place)
            if not held or (found := commits.commit_at(place, held[-1])):
                return found if held else None
        return versions.newest(self.spark, self.ref(name))

    def _commit_at(self, name: str, version: int) -> Commit | None:
        place = self.location(name)
        if self.reads_itself:
            return commits.commit_at(place, version)
        if self.schema:
            return versions.commit_named(self.spark, self.ref(name), version)
        return versions.commit_at(self.spark, place, version)
