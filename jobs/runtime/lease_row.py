"""The row of the lease: as it is, its first writing, and its change if nobody else has changed it since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jobs.runtime import small_writes
from jobs.runtime.tables import Lake
from schemas.contract import quote
from schemas.ops import LEASES
from udfs.reading.delta import opened

_NAME = "warehouse"


def holder_of(lake: Lake) -> dict[str, Any]:
    """The lease as it is, with the `version` of its table; empty before the first."""
    version = lake.fresh(LEASES.name)
    return next(({**row, "version": version} for row in lake.small(LEASES)), {})


def put_first(lake: Lake, run_id: str, who: str) -> None:
    """A MERGE, for an INSERT would not see that another one came first."""
    lake.spark.sql(
        f"MERGE INTO {lake.ref(LEASES.name)} t USING (SELECT '{_NAME}' AS name) s ON t.name = s.name "
        "WHEN NOT MATCHED THEN INSERT (name, holder, place, fence, taken_at, heartbeat_at) "
        f"VALUES (s.name, '{run_id}', '{who}', 1, current_timestamp(), current_timestamp())"
    ).collect()


def swap(lake: Lake, spark: Any, seen: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Change columns of the lease in one commit, if it still is as it was `seen`; else nothing is written, or Delta
    raises. By this process where it can, else by Spark.
    """
    place = lake.location(LEASES.name)
    if lake.reads_itself and small_writes.writable(place):
        # Of a commit that came after this version Delta says that it is in conflict.
        small_writes.update(opened(place, seen["version"]), changes)
        return
    assigned = ", ".join(f"{column} = {_literal(value)}" for column, value in changes.items())
    same = " AND ".join(f"{c} <=> {_literal(seen[c])}" for c in ("holder", "fence", "heartbeat_at"))
    spark.sql(f"UPDATE {lake.ref(LEASES.name)} SET {assigned} WHERE {same}").collect()


def _literal(value: Any) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00:00'"
    return "NULL" if value is None else quote(value) if isinstance(value, str) else str(value)
