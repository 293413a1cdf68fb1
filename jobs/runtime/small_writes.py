"""Commits to tables that are small by design, by this process: 0.02 s where Spark takes one or two.

Only for tables without what deltalake cannot write (deletion vectors, change data feed, clustering); all others are
Spark's. A commit says the same whoever makes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from udfs.reading.delta import opened

_WRITTEN = frozenset({"appendOnly", "invariants"})
"""Features of tables that deltalake writes as Spark does."""


def writable(place: str) -> DeltaTable | None:
    """The newest version of the table at `place`, None where only Spark can write it."""
    table = opened(place)
    return table if set(table.protocol().writer_features or ()) <= _WRITTEN else None


def write(
    table: DeltaTable,
    rows: pa.Table,
    said: Mapping[str, Any],
    transaction: tuple[str, int] | None,
    instead: bool = False,
) -> bool:
    """Append rows, or put them in the place of all, in one commit, as a Delta transaction (application, number).
    Returns whether it was made: as in Spark, an application's older number writes nothing.
    """
    if transaction and (table.transaction_version(transaction[0]) or -1) >= transaction[1]:
        return False
    marks = [Transaction(*transaction)] if transaction else None
    properties = CommitProperties(custom_metadata={"userMetadata": json.dumps(said)}, app_transactions=marks)
    try:
        write_deltalake(table, rows, mode="overwrite" if instead else "append", commit_properties=properties)
    except CommitFailedError:
        if transaction is None:
            raise
        return False  # another number of the application came first
    return True


def vacuum(table: DeltaTable, said: Mapping[str, Any]) -> None:
    """Remove every file that the newest version does not need."""
    properties = CommitProperties(custom_metadata={"userMetadata": json.dumps(said)})
    table.vacuum(
        retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True, commit_properties=properties
    )


def update(table: DeltaTable, changes: Mapping[str, Any]) -> None:
    """Change columns of every row in one commit. Raises CommitFailedError where another commit came after the version
    of `table`.
    """
    table.update({column: _expression(value) for column, value in changes.items()})


def _expression(value: Any) -> str:
    if isinstance(value, datetime):
        return str(round(value.timestamp() * 1_000_000))
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "NULL" if value is None else str(value)
