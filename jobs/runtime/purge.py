"""Storage forgets what was removed: rows behind deletion vectors, files of old versions, and logs that quote them.

A log's statistics hold the first letters of names; its checkpoint holds those of the newest files alone. So a
checkpoint is made where the removed rows are gone, and what came before it goes once no release needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from jobs.runtime import places, small_writes
from jobs.runtime.copies import delete_copies
from jobs.runtime.receipts import due, note_purged
from jobs.runtime.tables import Lake
from jobs.runtime.versions import unchecked_retention
from schemas.contract import Table
from udfs.reading.delta import opened, rows_left

_NUMBER = re.compile(r"\.?(\d{20})\.")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint[.\w-]*\.(?:parquet|json)")
_EVERY_COMMIT, _AS_USUAL = 1, 10


def rewrite(lake: Lake, table: Table) -> None:
    """Write anew the files of which rows are deleted: until then these stand in the file, behind a deletion vector.

    Delta leaves out files that clustering has put into a place of their own, so for this once the table has none.
    """
    if lake.reads_itself and not rows_left(opened(lake.location(table.name))):
        return
    if not table.cluster_by:
        lake.maintain(table, "REORG TABLE {table} APPLY (PURGE)")
        return
    lake.alter(table, "CLUSTER BY NONE")  # a run that dies here leaves a table that is brought to its contract later
    lake.maintain(table, "REORG TABLE {table} APPLY (PURGE)", by_contract=False)
    lake.alter(table, f"CLUSTER BY ({', '.join(table.cluster_by)})", last=True)


def checkpoint(lake: Lake, table: Table) -> None:
    """A checkpoint at the newest version, which quotes no row that is gone: Delta makes one with each commit while its
    interval says so.
    """
    if place := _small(lake, table):
        place.create_checkpoint()
        return
    for interval in (_EVERY_COMMIT, _AS_USUAL):
        lake.maintain(table, f"ALTER TABLE {{table}} SET TBLPROPERTIES ('delta.checkpointInterval' = '{interval}')")


def forget(lake: Lake, table: Table, at_once: bool) -> str | None:
    """Remove files of versions that nobody may read, and the log before the newest checkpoint that is as old as that,
    at once, or what is older than the retention. Returns what went wrong where this process does not reach the log.
    """
    if at_once and (place := _small(lake, table)):
        small_writes.vacuum(place, lake.keeping(table.name))
        lake.fresh(table.name)
    elif at_once:
        with unchecked_retention(lake.spark):
            lake.maintain(table, "VACUUM {table} RETAIN 0 HOURS")
    else:
        lake.maintain(table, "VACUUM {table}")
    if at_once:
        checkpoint(lake, table)
    try:
        forget_log(lake.folder(table.name), 0 if at_once else lake.retention_days)
    except (OSError, ValueError) as e:  # a store that only Spark is told how to reach
        return f"{table.name}: expected to cut its log, found {e}; it goes by delta.logRetentionDuration"
    return None


def _small(lake: Lake, table: Table) -> Any | None:
    """The table where this process can write it."""
    return small_writes.writable(lake.location(table.name)) if lake.reads_itself else None


def forget_log(place: str, days: int) -> int:
    """Remove what came before the newest checkpoint that is at least so many days old. Returns how many files went."""
    log = f"{place.rstrip('/')}/_delta_log"
    files = places.names(log)
    now = datetime.now(UTC)
    old = [int(found[1]) for name in files if (found := _CHECKPOINT.fullmatch(name)) and _age(log, name, now) >= days]
    if not old:
        return 0
    gone = [name for name in files if (found := _NUMBER.match(name)) and int(found[1]) < max(old)]
    for name in gone:
        places.remove(f"{log}/{name}")
    return len(gone)


def _age(log: str, name: str, now: datetime) -> float:
    """Days since a file was written."""
    return (now - places.written_at(f"{log}/{name}")).total_seconds() / 86400


def rewrite_all(lake: Lake, tables: Iterable[Table], run_id: str | None = None, with_checkpoint: bool = True) -> None:
    """`rewrite` and `checkpoint` the tables that are there; with a run those of which it wrote the newest commit.

    Before a receipt says when storage is due: its log is cut at a checkpoint that is a retention old by then.
    """
    for table in tables:
        if lake.version(table.name) is not None and run_id in (None, lake.metadata(table.name).get("run_id")):
            rewrite(lake, table)
            if with_checkpoint:
                checkpoint(lake, table)


def forget_all(lake: Lake, tables: Iterable[Table], at_once: bool) -> list[str]:
    """`forget` in all tables that are there. Returns what went wrong."""
    there = [table for table in tables if lake.version(table.name) is not None]
    return [wrong for table in there if (wrong := forget(lake, table, at_once))]


def forget_due(lake: Lake, tables: Iterable[Table]) -> tuple[list[int], list[str]]:
    """What was removed a retention ago leaves storage. Returns the removals that it is rid of, or what went wrong."""
    requests = due(lake, datetime.now(UTC))
    wrong = forget_all(lake, tables, at_once=False) if requests else []
    if wrong or not requests:
        return [], wrong
    delete_copies(lake, requests)
    note_purged(lake, requests, datetime.now(UTC))
    return requests, []
