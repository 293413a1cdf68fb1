"""Before a run: will the files of the pinned version be there for as long as the run takes?

Delta deletes a file for good when a vacuum runs after the file was removed from the table and the retention is over.
So a file that is still in the newest version is safe for one retention from now, a removed one for what is left of it.
A vacuum told to keep less than the table's retention is not foreseen here.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow.fs as pafs

from training.data.tables import TokenTable

RETENTION = "interval 1 week"
"""Delta's default of delta.deletedFileRetentionDuration."""
LOG_RETENTION = "interval 30 days"
_UNITS = {
    "microsecond": 1e-6,
    "millisecond": 1e-3,
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86_400.0,
    "week": 604_800.0,
}


@dataclass(frozen=True)
class Readable:
    """`until` is the time (seconds since 1970) before which no vacuum may delete a file of the version.

    `errors` are files that are gone or will be before the run ends, `warnings` what may stop a later resume.
    """

    until: float
    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def seconds_of(interval: str, where: str) -> float:
    """Seconds of a Delta interval, such as `interval 7 days 12 hours`. Raises ValueError."""
    found = re.findall(r"(\d+)\s+([a-z]+?)s?\b", interval.lower().removeprefix("interval"))
    known = [(count, unit) for count, unit in found if unit in _UNITS]
    if not known or len(known) != len(found):
        raise ValueError(f"{where}: expected an interval such as `interval 7 days`, found {interval!r}; set it again")
    return sum(int(count) * _UNITS[unit] for count, unit in known)


def readable_until(table: TokenTable, seconds: float, now: float | None = None) -> Readable:
    """Whether a run of `seconds` that begins `now` (default: the clock) can read this version to its end.

    An exported list is checked for its files only. Raises ValueError where the table itself cannot be opened.
    """
    now = time.time() if now is None else now
    errors = _unreadable(table)
    if table.name.endswith(".json"):
        return Readable(float("inf"), errors, ())
    # A machine that reads exported lists needs no deltalake.
    from training.data.delta import live_files, load
    from udfs.reading.delta import filesystem

    newest = load(table.name)
    properties = newest.metadata().configuration
    retention = seconds_of(properties.get("delta.deletedFileRetentionDuration") or RETENTION, table.name)
    live = {file.path for file in live_files(newest, table.name)}
    removed = {file.path for file in table.files} - live
    until = now + retention
    for path, at in _removals(table, int(newest.version()), filesystem(newest, table.name)).items():
        if path in removed:
            until = min(until, at + retention)
    if now + seconds > until:
        errors = (*errors, _too_late(table, len(removed), until - now, seconds, int(newest.version())))
    log = seconds_of(properties.get("delta.logRetentionDuration") or LOG_RETENTION, table.name)
    warnings = _warnings(table, len(removed), seconds, log, int(newest.version()))
    return Readable(until, errors, warnings)


def _unreadable(table: TokenTable) -> tuple[str, ...]:
    infos = table.filesystem.get_file_info([file.path for file in table.files])
    errors = []
    for file, info in zip(table.files, infos, strict=True):
        if info.type != pafs.FileType.File:
            errors.append(
                f"{table.name}: {file.path}: expected this file of version {table.version}, found none; it was "
                "vacuumed or moved: pin a newer version, or restore the file"
            )
        elif info.size != file.size:
            errors.append(
                f"{table.name}: {file.path}: expected {file.size:,} bytes, found {info.size:,}; copy it again"
            )
    return tuple(errors)


def _removals(table: TokenTable, newest: int, root: Any) -> dict[str, float]:
    """Times (seconds since 1970) at which versions after the table's removed files; 0.0 where the log is gone.

    Deletion counts from the newest removal of a path: a file that was restored and removed again lives on.
    """
    times: dict[str, float] = {}
    for version in range(table.version + 1, newest + 1):
        try:
            with root.open_input_stream(f"_delta_log/{version:020d}.json") as log:
                lines = log.read().decode("utf-8").splitlines()
        except FileNotFoundError:
            # Cleaned up, so older than the log's retention: the removal may be of any age.
            return {file.path: 0.0 for file in table.files}
        for line in lines:
            action = json.loads(line).get("remove") if '"remove"' in line else None
            if action is not None:
                times[unquote(action["path"])] = float(action.get("deletionTimestamp") or 0) / 1000
    return times


def _too_late(table: TokenTable, removed: int, left: float, seconds: float, newest: int) -> str:
    why = f"{removed} of its files were removed by version {newest}" if removed else "removed files are kept no longer"
    return (
        f"{table.name}: expected version {table.version} to be readable for {seconds / 3600:,.1f} hours, found "
        f"{max(0.0, left) / 3600:,.1f}: {why}; raise delta.deletedFileRetentionDuration, pin the newest version, "
        "or export the files"
    )


def _warnings(table: TokenTable, removed: int, seconds: float, log: float, newest: int) -> tuple[str, ...]:
    found = []
    if removed:
        found.append(
            f"{table.name}: {removed} of the {len(table.files)} files of version {table.version} are no longer in "
            f"version {newest}; a vacuum with a shorter retention than the table's would end the run"
        )
    if newest > table.version and seconds > log:
        found.append(
            f"{table.name}: the log of version {table.version} is kept for {log / 86_400:,.0f} days, the run takes "
            f"{seconds / 86_400:,.0f}; a resume after that needs a longer delta.logRetentionDuration"
        )
    return tuple(found)
