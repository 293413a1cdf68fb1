"""What was done about a request to be removed, from the asking to the day on which storage has forgotten.

A receipt is begun with its request and completed by whichever run comes to it: one that dies leaves it to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from jobs.runtime.accounting import append_rows, finished_work, rewrite_rows
from jobs.runtime.exported import copied, exports_of, holding_lines, made_meanwhile
from jobs.runtime.releases import Flow, current_release, waits_for
from jobs.runtime.tables import Lake
from schemas.code import RAW_FILES
from schemas.contract import Table
from schemas.ops import (
    CHECKS,
    RECEIPTS,
    REJECTS,
    RELEASES,
    REMOVALS,
    SOURCES,
    TABLES,
    TRAININGS,
    UNIT_FACTS,
)

FORGOTTEN = "rows forgotten after a removal"


def begin(lake: Lake, rows: list[dict[str, Any]]) -> None:
    """Keep a request (rows of `removals`), and begin its receipt."""
    names = {"removal_id": rows[0]["removal_id"], "names": len(rows), "asked_at": rows[0]["asked_at"]}
    # First: a run killed in between leaves a receipt of nothing, never a request without its receipt.
    append_rows(lake, RECEIPTS, [dict.fromkeys(RECEIPTS.names) | names])
    append_rows(lake, REMOVALS, rows)


def next_number(lake: Lake) -> int:
    """The number of the next request."""
    return max((r["removal_id"] for t in (RECEIPTS, REMOVALS) for r in lake.small(t)), default=0) + 1


def note_taken(lake: Lake, files: DataFrame, number: int, texts: int) -> None:
    """On the receipts that wait for it: what goes, from which releases and tables, before it goes."""
    waiting = [r for r in lake.small(RECEIPTS) if r["files"] is None]
    if not waiting:
        return
    held = sorted(holding(lake, files)) if number else []
    tables = [{"name": t, "version": 0, "rows_before": n, "rows_after": n} for t, n in _rows_of(lake).items()]
    found = {"files": number, "texts": texts, "holding": held, "tables": tables}
    found["exports"] = holding_lines(lake, held, files)
    _change(lake, {r["removal_id"] for r in waiting}, found)


def note_more_taken(lake: Lake, table: Table, rows: DataFrame, number: int, texts: int) -> None:
    """On the receipts that are not settled: what goes of another half beside what is noted already."""
    if not number:
        return
    held = set(holding(lake, rows, table))
    lines = holding_lines(lake, held, rows, table)
    for receipt in (r for r in lake.small(RECEIPTS) if r["out_of_releases_at"] is None):
        more = {"files": (receipt["files"] or 0) + number, "texts": (receipt["texts"] or 0) + texts}
        tables = [{"name": t, "version": 0, "rows_before": n, "rows_after": n} for t, n in _rows_of(lake).items()]
        known = more | {"holding": sorted(held | set(receipt["holding"] or ())), "tables": receipt["tables"] or tables}
        known["exports"] = [*(receipt["exports"] or ()), *lines]
        _change(lake, {receipt["removal_id"]}, known)


def holding(lake: Lake, files: DataFrame, table: Table = RAW_FILES) -> list[int]:
    """Releases that hold one of the files, or pages, by their ids, and those of which that cannot be told any more."""
    found: list[int] = []
    seen: dict[int, bool] = {}
    for release in lake.small(RELEASES):
        version = dict(release["tables"]).get(table.name)
        if version is None or release["withdrawn"]:
            continue
        if version not in seen:
            seen[version] = _holds(lake, table, version, files)
        found += [release["release_id"]] if seen[version] else []
    return found


def _holds(lake: Lake, table: Table, version: int, files: DataFrame) -> bool:
    try:
        return bool(lake.keys(table, version).join(files, table.key[0], "left_semi").take(1))
    except PySparkException:
        return True


def unsettled(lake: Lake) -> list[dict[str, Any]]:
    """Receipts of which the files are taken out, and readers may still see them in a release."""
    return [r for r in lake.small(RECEIPTS) if r["files"] is not None and r["out_of_releases_at"] is None]


def settle(lake: Lake, flows: Iterable[Flow]) -> list[dict[str, Any]]:
    """Once every flow that was ever carried out stands on tables without them, and a release names these: withdraw the
    releases that held them, and say so on their receipts. Returns the receipts that were settled.
    """
    open_ones = unsettled(lake)
    done = finished_work(lake) if open_ones else {}
    carried_out = [f for f in flows if done.keys() & {s.name for s in f.stages}]
    if not open_ones or any(waits_for(lake, flow, done) for flow in carried_out):
        return []
    now = datetime.now(UTC)
    due = now + timedelta(days=lake.retention_days)
    releases = lake.small(RELEASES)
    versions = (current_release(lake) or {"tables": {}})["tables"]
    rows_now = _rows_of(lake)
    for receipt in open_ones:
        held = set(receipt["holding"] or ())
        _withdraw(lake, held, receipt["removal_id"])
        pins = {(name, v) for r in releases if r["release_id"] in held for name, v in dict(r["tables"]).items()}
        tables = [
            {
                **t,
                "version": versions.get(t["name"], lake.version(t["name"]) or 0),
                "rows_after": rows_now.get(t["name"], 0),
            }
            for t in receipt["tables"] or ()
        ]
        known = {
            "tables": tables,
            "exports": _copies(lake, held, receipt),
            "trainings": [trained(t) for t in trainings_of(lake, pins)],
            "out_of_releases_at": now,
            "storage_due_at": due,
        }
        _change(lake, {receipt["removal_id"]}, known)
    settled = {r["removal_id"] for r in open_ones}
    return [r for r in lake.small(RECEIPTS) if r["removal_id"] in settled]


def _copies(lake: Lake, held: set[int], receipt: dict[str, Any]) -> list[str]:
    """Copies of these releases, after the exports that were found to hold something."""
    lines = receipt["exports"] or []
    more = made_meanwhile(lake, held, receipt["asked_at"], lines)
    return list(dict.fromkeys([*lines, *more, *(copied(e) for e in exports_of(lake, held) if not e["format"])]))


def trainings_of(lake: Lake, pins: set[tuple[str, int]]) -> list[dict[str, Any]]:
    """Training runs that read one of the (table, version)."""
    return [t for t in lake.small(TRAININGS) if (t["table_name"], t["version"]) in pins]


def trained(row: dict[str, Any]) -> str:
    """One line of a training run."""
    return f"{row['folder']} ({row['phase']}, {row['table_name']} version {row['version']})"


def due(lake: Lake, now: datetime) -> list[int]:
    """Requests of which storage may be rid now."""
    return [r["removal_id"] for r in _stored(lake) if r["storage_due_at"] <= now]


def stored(lake: Lake) -> list[int]:
    """Requests that are out of all releases, and not of storage."""
    return [r["removal_id"] for r in _stored(lake)]


def _stored(lake: Lake) -> list[dict[str, Any]]:
    return [r for r in lake.small(RECEIPTS) if r["out_of_releases_at"] and not r["out_of_storage_at"]]


def note_reports(lake: Lake, receipts: Iterable[dict[str, Any]], left: list[str]) -> None:
    """On these receipts: the reports that were not written anew."""
    _change(lake, {r["removal_id"] for r in receipts}, {"reports": left})


def note_purged(lake: Lake, requests: Iterable[int], now: datetime) -> None:
    """Storage is rid of them."""
    _change(lake, set(requests), {"out_of_storage_at": now})


def _withdraw(lake: Lake, releases: set[int], removal: int) -> None:
    rows = lake.small(RELEASES)
    if not releases or all(r["withdrawn"] for r in rows if r["release_id"] in releases):
        return
    why = f"it holds what removal {removal} took out"
    rows = [
        {
            **r,
            "tables": dict(r["tables"]),
            "withdrawn": r["withdrawn"] or (why if r["release_id"] in releases else None),
        }
        for r in rows
    ]
    rewrite_rows(lake, RELEASES, rows)


def forget_checks(lake: Lake) -> None:
    """A check that failed shows rows; whose they were, nobody needs to know any more."""
    rows = lake.small(CHECKS)
    if any(not r["passed"] and r["found"] != FORGOTTEN for r in rows):
        rewrite_rows(lake, CHECKS, [{**r, "found": r["found"] if r["passed"] else FORGOTTEN} for r in rows])


def _change(lake: Lake, requests: set[int], changes: dict[str, Any]) -> None:
    rows = lake.small(RECEIPTS)
    rewrite_rows(lake, RECEIPTS, [{**r, **changes} if r["removal_id"] in requests else r for r in rows])


def _rows_of(lake: Lake) -> dict[str, int]:
    """Rows of every table but those of operations that say nothing of a source."""
    ops = {t.name for t in TABLES} - {REJECTS.name, SOURCES.name, UNIT_FACTS.name}
    return {name: lake.counted(name) for name in lake.names() if name not in ops}
