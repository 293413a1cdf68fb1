"""What writes Delta: create by contract, read a pinned version, write what changed.

Tables are folders under one warehouse location, addressed as delta.`location/name`, or have names in a schema of a
catalog, so the same code runs on a laptop folder, an object store and Unity Catalog.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, DataFrameWriter
from pyspark.sql import functions as F

from jobs.runtime import small_writes
from jobs.runtime.frames import OP, same_columns
from jobs.runtime.keys import one_of
from jobs.runtime.migration import migrate
from jobs.runtime.saying import Saying
from schemas.contract import RETENTION_DAYS, Table, quote
from schemas.ops import LEASES
from udfs.reading.delta import opened, rows_by_log


class MissingTableError(ValueError):
    """A stage reads a table that no earlier stage has written."""


@dataclass
class Lake(Saying):
    """The tables of one warehouse, as one Spark session sees them.

    With a claim (lease.py) the first write takes the lease, and every commit carries its fence.
    """

    retention_days: int = RETENTION_DAYS

    def read(self, table: Table, version: int | None = None) -> DataFrame:
        """A table at a version, newest by default. Raises MissingTableError and ContractError."""
        at = self.version(table.name) if version is None else version
        if at is None:
            made = f" It is made from {', '.join(table.made_from)}." if table.made_from else ""
            raise MissingTableError(
                f"{table.name}: expected a Delta table at {self.location(table.name)}, found none.{made} "
                "Run the stages before this one first (refinelake stages lists them)."
            )
        found = self.spark.sql(f"SELECT * FROM {self.ref(table.name)} VERSION AS OF {at}")
        same_columns(table, found.columns, "stored")
        return found.select(*table.names)

    def keys(self, table: Table, version: int | None = None) -> DataFrame:
        """The key columns of all rows, whatever else the contract has gained since the table was written."""
        at = "" if version is None else f" VERSION AS OF {version}"
        return self.spark.sql(f"SELECT * FROM {self.ref(table.name)}{at}").select(*table.key)

    def changed(self, table: Table, first: int, last: int) -> DataFrame:
        """Rows that the commits of these versions moved, as they were and as they became (change data feed)."""
        reader = self.spark.read.format("delta").option("readChangeFeed", "true")
        reader = reader.option("startingVersion", str(first)).option("endingVersion", str(last))
        return reader.table(self.ref(table.name)) if self.schema else reader.load(self.location(table.name))

    def ensure(self, table: Table) -> None:
        """Create the table by its contract where it does not exist, else bring it to its contract (migration.py)."""
        last = self._last(table.name)
        if last is None:
            self.make(table)
        elif last.said.get("contract") != self._identity(table):
            migrate(self, table)

    def make(self, table: Table) -> None:
        """Create the table where it does not exist."""
        if self._last(table.name) is not None:
            return
        if self.claim and table.name != LEASES.name:
            self.claim.take()
        cluster = f"CLUSTER BY ({', '.join(table.cluster_by)})" if table.cluster_by else ""
        props = ", ".join(f"{quote(k)} = {quote(v)}" for k, v in self.properties(table).items())
        with self.saying(table.name, self._signed(table, {}), later=False):
            self.spark.sql(
                f"CREATE TABLE IF NOT EXISTS {self.ref(table.name)} ({table.ddl()}) USING DELTA {cluster} "
                f"COMMENT {quote(table.doc)} TBLPROPERTIES ({props})"
            )
        self._known.pop(table.name, None)

    def folder(self, name: str) -> str:
        """Where the files of a table lie."""
        if not self.schema:
            return self.location(name)
        return str(self.spark.sql(f"DESCRIBE DETAIL {self.ref(name)}").collect()[0]["location"])

    def properties(self, table: Table) -> dict[str, str]:
        """The contract's properties with this warehouse's retention."""
        return table.properties(self.retention_days)

    def alter(self, table: Table, change: str, last: bool = False) -> None:
        """ALTER TABLE, under the lease. Only the last of several says that the table has its contract now: a run that
        dies in between is followed by one that finds what is missing.
        """
        if self.claim:
            self.claim.take()
        kept = {} if change.startswith("ADD COLUMNS") else self._unsigned(table)
        with self.saying(table.name, self._signed(table, kept) if last else kept):
            self.spark.sql(f"ALTER TABLE {self.ref(table.name)} {change}")
        self._known.pop(table.name, None)

    def maintain(self, table: Table, statement: str, by_contract: bool = True) -> bool:
        """OPTIMIZE or VACUUM of {table}, under the lease; the commit says that the table has its contract, or does not.
        Returns whether the log grew.
        """
        before = self.version(table.name)
        if self.claim:
            self.claim.take()
        kept = self._signed(table, self.keeping(table.name)) if by_contract else self._unsigned(table)
        with self.saying(table.name, kept):
            self.spark.sql(statement.format(table=self.ref(table.name))).collect()
        self._known.pop(table.name, None)
        return self.version(table.name) != before

    def _unsigned(self, table: Table) -> dict[str, Any]:
        """What the newest commit says, but for the contract."""
        return {name: value for name, value in self.keeping(table.name).items() if name != "contract"}

    def overwrite(self, table: Table, rows: DataFrame, metadata: Mapping[str, Any]) -> None:
        """Put rows in the place of all others, in one commit."""
        self._save(rows.select(*table.names).write.format("delta").mode("overwrite"), table, metadata)

    def append(self, table: Table, rows: DataFrame, metadata: Mapping[str, Any]) -> None:
        self._save(rows.select(*table.names).write.format("delta").mode("append"), table, metadata)

    def write_few(self, table: Table, rows: pa.Table, metadata: Mapping[str, Any], instead: bool = False) -> None:
        """Append rows made on the driver, or put them in the place of all: by Spark where this process cannot."""
        place = small_writes.writable(self.location(table.name)) if self.reads_itself else None
        if place is None:
            return (self.overwrite if instead else self.append)(table, self.spark.createDataFrame(rows), metadata)
        transaction = self.claim.transaction() if self.claim else None
        said = self._signed(table, metadata)
        small_writes.write(place, rows, said, transaction, instead)
        self._committed(table, said)

    def _save(self, writer: DataFrameWriter, table: Table, metadata: Mapping[str, Any]) -> None:
        transaction = self.claim.transaction() if self.claim else None
        said = self._signed(table, metadata)
        self.write(table.name, writer, said, transaction)
        self._committed(table, said)

    def rows(self, table: Table) -> int:
        """How many rows a table holds, from its log."""
        return self.counted(table.name)

    def counted(self, name: str) -> int:
        """As `rows`, of a table by its name."""
        if self.reads_itself and (known := rows_by_log(opened(self.location(name)))) is not None:
            return known
        return int(self.spark.sql(f"SELECT count(*) FROM {self.ref(name)}").collect()[0][0])

    def replace(self, table: Table, changes: DataFrame, keys: pa.Table, metadata: Mapping[str, Any]) -> None:
        """Apply a change set of few `keys` in one commit: they are named in the statement, and no join has to look for
        them, as it does in a MERGE.
        """
        self.put(table, changes.where(F.col(OP) != "delete"), one_of(keys), metadata)

    def put(self, table: Table, rows: DataFrame, where: str, metadata: Mapping[str, Any]) -> None:
        """Put rows, which meet a condition, in the place of those that meet it, in one commit."""
        writer = rows.select(*table.names).write.format("delta").mode("overwrite").option("replaceWhere", where)
        self._save(writer, table, metadata)

    def merge(self, table: Table, changes: DataFrame, metadata: Mapping[str, Any]) -> None:
        """Apply a change set (see `changes`) in one commit."""
        on = " AND ".join(f"t.`{k}` = s.`{k}`" for k in table.key)
        update = ", ".join(f"t.`{c}` = s.`{c}`" for c in table.names if c not in table.key)
        names = ", ".join(f"`{c}`" for c in table.names)
        values = ", ".join(f"s.`{c}`" for c in table.names)
        self._commit(
            table,
            f"MERGE INTO {self.ref(table.name)} t USING {{rows}} s ON {on} "
            f"WHEN MATCHED AND s.{OP} = 'delete' THEN DELETE "
            + (f"WHEN MATCHED THEN UPDATE SET {update} " if update else "")
            + f"WHEN NOT MATCHED AND s.{OP} <> 'delete' THEN INSERT ({names}) VALUES ({values})",
            changes,
            metadata,
        )

    def _commit(self, table: Table, sql: str, rows: DataFrame | None, metadata: Mapping[str, Any]) -> None:
        """Run a statement over {rows}."""
        transaction = self.claim.transaction() if self.claim else None
        said = self._signed(table, metadata)
        with self.saying(table.name, said, transaction):
            (self.spark.sql(sql) if rows is None else self.spark.sql(sql, rows=self.fenced(rows))).collect()
        self._committed(table, said)

    def _signed(self, table: Table, metadata: Mapping[str, Any]) -> dict[str, Any]:
        fence = {"fence": self.claim.fence} if self.claim else {}
        return {**metadata, "contract": self._identity(table), **fence}

    def _identity(self, table: Table) -> str:
        return f"{table.identity()}-{self.retention_days}"

    def _committed(self, table: Table, said: Mapping[str, Any]) -> None:
        """Raises LeaseError where the newest commit is not ours: Delta skips in silence what an older fence writes."""
        before = self._known.pop(table.name, None)
        found = self._commit_at(table.name, before.version + 1) if before else None
        if found and dict(found.said) == json.loads(json.dumps(said)):
            self._known[table.name] = found
        elif self.claim:
            last = self._last(table.name)
            self.claim.check_commit(table.name, last.said if last else {})

    def delete(self, table: Table, keys: DataFrame, metadata: Mapping[str, Any], few: bool = False) -> None:
        """Delete the rows whose key columns, or some of them, are among `keys`, in one commit."""
        if few and self.settable:
            self._commit(table, f"DELETE FROM {self.ref(table.name)} WHERE {one_of(keys.toArrow())}", None, metadata)
            return
        on = " AND ".join(f"t.`{k}` = s.`{k}`" for k in keys.columns)
        merge = f"MERGE INTO {self.ref(table.name)} t USING {{rows}} s ON {on} WHEN MATCHED THEN DELETE"
        self._commit(table, merge, keys, metadata)
