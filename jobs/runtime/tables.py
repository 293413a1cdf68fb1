"""The only module that knows Delta: create by contract, read a pinned version, write what changed.

Tables are folders under one warehouse location, addressed as delta.`location/name`, so the same code runs on a laptop
folder, an object store or a Unity Catalog external location.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any
from urllib.parse import urlparse

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from schemas.contract import Table

_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
_NO_TABLE = ("DELTA_TABLE_ONLY_OPERATION", "DELTA_MISSING_DELTA_TABLE", "DELTA_PATH_DOES_NOT_EXIST")
OP = "_op"
"""Column of a change set: insert, update or delete."""


class ContractError(ValueError):
    """A frame or a stored table does not have the columns of its contract."""


class MissingTableError(ValueError):
    """A stage reads a table that no earlier stage has written."""


@dataclass
class Lake:
    """The tables of one warehouse, as one Spark session sees them."""

    spark: SparkSession
    warehouse: str
    _known: dict[str, int] = field(default_factory=dict)

    def location(self, name: str) -> str:
        return f"{self.warehouse.rstrip('/')}/{name}"

    def ref(self, name: str) -> str:
        return f"delta.`{self.location(name)}`"

    def version(self, name: str) -> int | None:
        """Newest version of a table, None where it does not exist."""
        if name not in self._known:
            last = self._history(name)
            if last is None:
                return None
            self._known[name] = last["version"]
        return self._known[name]

    def metadata(self, name: str) -> dict[str, Any]:
        """What the newest commit says of itself: run, stage, signature."""
        last = self._history(name)
        return json.loads(last["userMetadata"]) if last and last["userMetadata"] else {}

    def _history(self, name: str) -> Any | None:
        try:
            return self.spark.sql(f"DESCRIBE HISTORY {self.ref(name)} LIMIT 1").collect()[0]
        except AnalysisException as e:
            if e.getCondition() in _NO_TABLE:
                return None
            raise

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
        _same_columns(table, found.columns, "stored")
        return found.select(*table.names)

    def ensure(self, table: Table) -> None:
        """Create the table by its contract where it does not exist; add the nullable columns it has gained."""
        if self.version(table.name) is None:
            self._create(table)
            return
        stored = self.spark.sql(f"SELECT * FROM {self.ref(table.name)} LIMIT 0").columns
        gained = [c for c in table.columns if c.name not in stored]
        if gained:
            added = ", ".join(f"`{c.name}` {c.type} COMMENT {quote(c.doc)}" for c in gained)
            self.spark.sql(f"ALTER TABLE {self.ref(table.name)} ADD COLUMNS ({added})")
            self._known.pop(table.name)

    def _create(self, table: Table) -> None:
        cluster = f"CLUSTER BY ({', '.join(table.cluster_by)})" if table.cluster_by else ""
        props = ", ".join(f"{quote(k)} = {quote(v)}" for k, v in table.properties().items())
        self.spark.sql(
            f"CREATE TABLE {self.ref(table.name)} ({table.ddl()}) USING DELTA {cluster} "
            f"COMMENT {quote(table.doc)} TBLPROPERTIES ({props})"
        )

    def append(self, table: Table, rows: DataFrame, metadata: Mapping[str, Any]) -> None:
        writer = rows.select(*table.names).write.format("delta").mode("append")
        writer.option("userMetadata", json.dumps(metadata)).save(self.location(table.name))
        self._known.pop(table.name, None)

    def merge(self, table: Table, changes: DataFrame, metadata: Mapping[str, Any]) -> None:
        """Apply a change set (see `changes`) in one commit."""
        on = " AND ".join(f"t.`{k}` = s.`{k}`" for k in table.key)
        update = ", ".join(f"t.`{c}` = s.`{c}`" for c in table.names if c not in table.key)
        names = ", ".join(f"`{c}`" for c in table.names)
        values = ", ".join(f"s.`{c}`" for c in table.names)
        self._commit(
            f"MERGE INTO {self.ref(table.name)} t USING {{rows}} s ON {on} "
            f"WHEN MATCHED AND s.{OP} = 'delete' THEN DELETE "
            + (f"WHEN MATCHED THEN UPDATE SET {update} " if update else "")
            + f"WHEN NOT MATCHED AND s.{OP} <> 'delete' THEN INSERT ({names}) VALUES ({values})",
            changes,
            metadata,
        )
        self._known.pop(table.name, None)

    def _commit(self, sql: str, rows: DataFrame, metadata: Mapping[str, Any]) -> None:
        """Run a statement over {rows}; a statement takes its commit metadata from the session, not from an option."""
        self.spark.conf.set(_METADATA, json.dumps(metadata))
        try:
            self.spark.sql(sql, rows=rows).collect()
        finally:
            self.spark.conf.unset(_METADATA)

    def delete(self, table: Table, keys: DataFrame, metadata: Mapping[str, Any]) -> None:
        """Delete the rows whose key is among `keys`, in one commit."""
        on = " AND ".join(f"t.`{k}` = s.`{k}`" for k in table.key)
        self._commit(
            f"MERGE INTO {self.ref(table.name)} t USING {{rows}} s ON {on} WHEN MATCHED THEN DELETE", keys, metadata
        )
        self._known.pop(table.name, None)

    def stage(self, rows: DataFrame, run_id: str, name: str) -> DataFrame:
        """Write rows aside and read them back: what is used twice is computed once, and lineage stays short."""
        place = f"{self.staging(run_id)}/{name}"
        rows.write.mode("overwrite").parquet(place)
        return self.spark.read.schema(rows.schema).parquet(place)

    def staging(self, run_id: str) -> str:
        return f"{self.warehouse.rstrip('/')}/_staging/{run_id}"

    def drop_staging(self, run_id: str) -> None:
        place = urlparse(self.staging(run_id))
        if place.scheme in ("", "file"):
            shutil.rmtree(place.path, ignore_errors=True)
            return
        import fsspec

        fs, path = fsspec.core.url_to_fs(self.staging(run_id))
        if fs.exists(path):
            fs.rm(path, recursive=True)


def align(table: Table, rows: DataFrame, also: tuple[str, ...] = (), columns: tuple[str, ...] = ()) -> DataFrame:
    """Rows in the contract's column order and types. Raises ContractError naming both column sets."""
    wanted = columns or table.names
    _same_columns(table, [c for c in rows.columns if c not in also], "computed", wanted)
    return rows.select(*(F.col(n).cast(table.column(n).type).alias(n) for n in wanted), *also)


def changes(table: Table, candidate: DataFrame, stored: DataFrame) -> DataFrame:
    """Rows that turn `stored` into `candidate`, over the compared columns, with the operation in `_op`."""
    columns = table.compared()
    new = candidate.select(F.struct(*columns).alias("n"))
    old = stored.select(F.struct(*columns).alias("o"))
    same_key = [F.col(f"n.{k}") == F.col(f"o.{k}") for k in table.key]
    both = new.join(old, reduce(lambda a, b: a & b, same_key), "full_outer")
    equal = reduce(lambda a, b: a & b, [F.col(f"n.{c}").eqNullSafe(F.col(f"o.{c}")) for c in columns])
    op = F.when(F.col("n").isNull(), "delete").when(F.col("o").isNull(), "insert").when(~equal, "update")
    row = F.coalesce("n", "o")
    return both.select(op.alias(OP), row.alias("r")).where(F.col(OP).isNotNull()).select(OP, "r.*")


def _same_columns(table: Table, found: list[str], what: str, wanted: tuple[str, ...] = ()) -> None:
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


def _few(names: list[str]) -> str:
    return f"{names[:6]}" + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def quote(text: str) -> str:
    """A string literal of SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
