"""refinelake releases: what readers see and for how long, how to point back, and how to keep one for good."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_lake_arguments, add_writing_arguments

if TYPE_CHECKING:
    from jobs.runtime.tables import Lake


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--back-to", type=int, metavar="ID", help="make a new release of an earlier one's versions")
    what.add_argument("--pin", type=int, metavar="ID", help="copy a release whole, as a warehouse of its own (--to)")
    parser.add_argument("--to", metavar="URL", help="where the pinned copy goes: a new folder or URL")


def work(args: argparse.Namespace) -> int:
    import pyarrow.compute as pc

    from jobs.runtime.snapshot import Snapshot
    from schemas.ops import RELEASES

    if (args.pin is None) != (args.to is None):
        raise ValueError("--pin: expected a place for the copy with it (--to), found one without the other")
    snapshot = Snapshot.newest(args.warehouse)
    rows = sorted(snapshot.rows(RELEASES, pc.scalar(True)), key=lambda r: r["release_id"])
    for row in rows:
        row["tables"] = dict(row["tables"])
    if args.back_to is not None:
        return _point_back(args, _chosen(snapshot.warehouse, rows, args.back_to))
    if args.pin is not None:
        return _pin(args, _chosen(snapshot.warehouse, rows, args.pin))
    _print(snapshot.warehouse, rows)
    return 0


def _print(warehouse: str, rows: list[dict[str, Any]]) -> None:
    from datetime import UTC, datetime

    from jobs.runtime.readable import readable_until

    for row in rows:
        until = readable_until(warehouse, row["tables"])
        now = datetime.now(UTC)
        kept = "readable while nothing replaces it" if until is None else f"readable until {until:%Y-%m-%d %H:%M}"
        if until is not None and until < now:
            kept = f"may be unreadable since {until:%Y-%m-%d}" if until.year > 1970 else "unreadable"
        tables = ", ".join(f"{name}@{version}" for name, version in row["tables"].items())
        note = f"   {row['note']}" if row["note"] else ""
        if row.get("withdrawn"):
            kept = f"withdrawn: {row['withdrawn']}"
        print(f"{row['release_id']}  {row['created_at']:%Y-%m-%d %H:%M}  run {row['run_id']}{note}")
        print(f"   {kept}")
        print(f"   {tables}")


def _chosen(warehouse: str, rows: list[dict[str, Any]], wanted: int) -> dict[str, Any]:
    """The release of that id, if all of it can still be read. Raises ValueError."""
    from jobs.runtime.readable import unreadable

    found = next((r for r in rows if r["release_id"] == wanted), None)
    if found is None:
        known = ", ".join(str(r["release_id"]) for r in rows)
        raise ValueError(f"releases: expected one of {known}, found {wanted}; nothing was changed")
    if found.get("withdrawn"):
        raise ValueError(
            f"release {wanted}: expected one that may be read, found it withdrawn: {found['withdrawn']}. Nothing was "
            "changed; refinelake releases lists the others"
        )
    gone = unreadable(warehouse, found["tables"])
    if gone:
        listed = "\n".join(f"  {why}" for why in gone)
        raise ValueError(
            f"release {wanted}: expected every table of it to be readable, found\n{listed}\nNothing was changed; "
            "refinelake releases says which are readable, and a longer releases.retention_days keeps them longer"
        )
    return found


def _point_back(args: argparse.Namespace, old: dict[str, Any]) -> int:
    from jobs.commands.run import new_run_id, open_lake
    from jobs.runtime.lease import as_only_writer
    from jobs.runtime.releases import append_release

    lake, _ = open_lake(args)
    run_id = new_run_id()
    note = f"back to release {old['release_id']}"
    number = as_only_writer(lake, run_id, lambda: append_release(lake, run_id, old["tables"], note), args.break_lock)
    print(f"release {number} names the tables of release {old['release_id']}")
    return 0


def _pin(args: argparse.Namespace, old: dict[str, Any]) -> int:
    """A copy, since a shallow clone does not survive a VACUUM of its source."""
    from jobs.commands.run import new_run_id, open_lake
    from jobs.flows import TABLES
    from jobs.runtime.copies import files_of, note_of
    from jobs.runtime.exported import note_begun, note_export
    from jobs.runtime.lease import claimed
    from jobs.runtime.places import absolute
    from jobs.runtime.releases import name_versions
    from jobs.runtime.tables import Lake

    place = absolute(args.to)
    lake, _ = open_lake(args, place)
    copy = Lake(lake.spark, place, retention_days=lake.retention_days)
    tables = tuple(t for t in TABLES if t.name in old["tables"])
    run_id = new_run_id()
    with claimed(copy, run_id, args.break_lock) as claim:
        claim.take()
        _refuse_other(copy)
        # Begun is noted too: a copy that dies half-way holds texts. An append, which no other writer is in the way of.
        note_begun(lake, run_id, copy.warehouse, args.pin, {})
        for table in tables:
            copy.ensure(table)
            if copy.rows(table) == 0:
                copy.append(table, lake.read(table, old["tables"][table.name]), {"run_id": run_id, "pinned": args.pin})
            print(f"{table.name}: {copy.rows(table):,} rows", flush=True)
        name_versions(copy, run_id, tables, note_of(lake, args.pin))
    note_export(lake, run_id, copy.warehouse, args.pin, files_of(copy, [t.name for t in tables]))
    print(f"{copy.warehouse} is release {args.pin}, a warehouse of its own that nothing replaces")
    return 0


def _refuse_other(copy: Lake) -> None:
    """A copy that was begun and died goes on; a warehouse that is used is not written to."""
    from jobs.runtime.releases import current_release

    if current_release(copy) is not None:
        raise ValueError(
            f"{copy.warehouse}: expected a new place for a copy, found a warehouse with a release; name another one"
        )
