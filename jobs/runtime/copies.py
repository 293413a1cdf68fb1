"""Copies of releases: what one is made of, and how one goes when a removal withdraws its release.

A copy by `releases --pin` is a warehouse of its own: one that has grown since is somebody's, and is named, not touched.
An export (`export-data`) is files that its manifest names: others may have fetched them, so that its row stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from jobs.runtime import places
from jobs.runtime.accounting import rewrite_rows
from jobs.runtime.exported import as_row, copied, exports_of, has_line
from jobs.runtime.laid_out import delete_export
from jobs.runtime.receipts import trained
from jobs.runtime.tables import Lake
from schemas.ops import EXPORTS, LEASES, RECEIPTS, RELEASES, TRAININGS
from udfs.reading.delta import opened

DELETED = "deleted"
GONE = (DELETED, "no longer there", "another export")
"""How what became of an export begins, where its files are gone from their place."""


def note_of(lake: Lake, release: int) -> str:
    """What the first release of a copy says."""
    return f"release {release} of {lake.warehouse}"


def files_of(copy: Lake, tables: Iterable[str]) -> dict[str, str]:
    """The files of a copy with the bytes of each, as its log has them: hashes would have to read it whole. Where this
    process does not reach the log, the tables with their versions.
    """
    if not copy.reads_itself:
        return {name: f"version {copy.version(name)}" for name in tables}
    found: dict[str, str] = {}
    for name in tables:
        added = opened(copy.location(name)).get_add_actions(flatten=True)
        sizes = zip(added.column("path").to_pylist(), added.column("size_bytes").to_pylist(), strict=True)
        found |= {f"{name}/{path}": f"{size} bytes" for path, size in sizes}
    return found


def delete_copies(lake: Lake, requests: Iterable[int]) -> None:
    """Delete the copies of releases, and the exports, that held what the requests took out, where this process can, and
    say so on their receipts, with the training runs that read a copy. The rows of copies go with them, those of exports
    say since when they are gone.
    """
    wanted = set(requests)
    receipts = lake.small(RECEIPTS)
    mine = [r for r in receipts if r["removal_id"] in wanted]
    held = {release for r in mine for release in r["holding"] or ()}
    became: dict[str, str] = {}
    read: dict[int, list[str]] = {}
    for line, row in {copied(e): e for e in exports_of(lake, held)}.items():
        if row["format"]:
            if row["gone_at"] is None and any(has_line(r["exports"] or (), line) for r in mine):
                became[line] = delete_export(row)
            continue
        why, runs = _deleted(lake, row["destination"], row["release_id"])
        became[line] = why or DELETED
        read.setdefault(row["release_id"], []).extend(runs)
    if not became:
        return
    rewrite_rows(lake, RECEIPTS, [_told(r, became, read) if r["removal_id"] in wanted else r for r in receipts])
    rows = [_since(as_row(e), became.get(copied(e), "")) for e in lake.small(EXPORTS)]
    rewrite_rows(lake, EXPORTS, [e for e in rows if e["format"] or became.get(copied(e)) != DELETED])


def _since(row: dict[str, Any], what: str) -> dict[str, Any]:
    """An export's row, with when it was found to be gone."""
    return {**row, "gone_at": datetime.now(UTC)} if row["format"] and what.startswith(GONE) else row


def _told(receipt: dict[str, Any], became: dict[str, str], read: dict[int, list[str]]) -> dict[str, Any]:
    """A receipt with what became of each copy, and the training runs that read one."""
    told = {line: next((b for b in became if has_line([line], b)), "") for line in receipt["exports"] or ()}
    lines = [_once(line, became.get(what, "")) for line, what in told.items()]
    runs = [run for release in receipt["holding"] or () for run in read.get(release, ())]
    return {**receipt, "exports": lines, "trainings": list(dict.fromkeys([*(receipt["trainings"] or ()), *runs]))}


def _once(line: str, what: str) -> str:
    """A line with what became of its copy; a run that died before it was done has said it already."""
    return line if not what or line.endswith(f": {what}") else f"{line}: {what}"


def _deleted(lake: Lake, place: str, release: int) -> tuple[str | None, list[str]]:
    """(why a copy still is there, None where it is not; training runs that read it)."""
    if places.schema_of(place):
        return "still there: its tables have names, drop them by hand", []
    try:
        if not places.exists(place):
            return "not reached from here", []
        copy = Lake(lake.session, place)
        rows = copy.small(RELEASES)
        if rows and [r["note"] for r in rows] != [note_of(lake, release)]:
            return "still there: it has become a warehouse of its own, remove there too", []
        if not rows and not copy.version(LEASES.name):
            return "still there: no copy that refinelake made", []
        runs = [trained(row) for row in copy.small(TRAININGS)]
        # The releases last: a run that dies here finds the copy again.
        for name in sorted(copy.names(), key=lambda n: n == RELEASES.name):
            places.remove(copy.location(name))
        if not places.names(place):
            places.remove(place)
    except (OSError, ValueError) as error:  # from the place; ValueError where its driver is not here
        return f"still there: {error}", []
    return None, runs
