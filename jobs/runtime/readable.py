"""How long a release stays readable, and whether it is: from the tables' logs and files, without Spark.

A version's files are safe while it is the newest; from the commit that removed some of them they have the retention of
the contract, and its log has the log's. VACUUM (refinelake maintain) takes nothing before that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from jobs.runtime.commits import KEEPS_ROWS
from schemas.contract import RETENTION_DAYS
from udfs.reading.delta import filesystem, opened

_REMOVES_NO_FILE = KEEPS_ROWS - {"OPTIMIZE", "REORG"}


def readable_until(warehouse: str, versions: Mapping[str, int]) -> datetime | None:
    """When the first table of a release may lose a file; None while all its versions are the newest."""
    ends = [end for name, version in versions.items() if (end := _end(f"{warehouse}/{name}", version))]
    return min(ends, default=None)


def _end(place: str, version: int) -> datetime | None:
    try:
        table = opened(place, without_files=True)
        log = table.history()
    except DeltaError:
        return datetime.fromtimestamp(0, UTC)
    after = [c for c in log if c["version"] > version and c["operation"] not in _REMOVES_NO_FILE]
    if not after:
        return None
    replaced = min(c["timestamp"] for c in after)
    kept = _days(table, "delta.deletedFileRetentionDuration", RETENTION_DAYS)
    made = next((c["timestamp"] for c in log if c["version"] == version), 0)
    named = _days(table, "delta.logRetentionDuration", RETENTION_DAYS)
    return min(_time(replaced) + timedelta(days=kept), _time(made) + timedelta(days=named))


def _days(table: DeltaTable, name: str, default: int) -> int:
    found = re.search(r"(\d+) day", table.metadata().configuration.get(name) or "")
    return int(found[1]) if found else default


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def unreadable(warehouse: str, versions: Mapping[str, int]) -> list[str]:
    """What of a release cannot be read any more, one sentence a table; empty where all of it can."""
    return [why for name, version in versions.items() if (why := _missing(f"{warehouse}/{name}", version))]


def _missing(place: str, version: int) -> str | None:
    try:
        table = opened(place, version)
        wanted = {unquote(add["path"]) for add in pa.table(table.get_add_actions()).to_pylist()}
        held = filesystem(table, place).get_file_info(pafs.FileSelector("", recursive=True))
    except (DeltaError, OSError) as e:
        return f"{place}: expected version {version}, found none ({str(e).splitlines()[0][:200]})"
    gone = len(wanted - {info.path for info in held})
    return f"{place}: expected all files of version {version}, found {gone:,} of {len(wanted):,} gone" if gone else None
