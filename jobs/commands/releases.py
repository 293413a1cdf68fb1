"""refinelake releases: what readers see, and how to point back."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--warehouse", required=True, help="location of the Delta tables")
    parser.add_argument("--back-to", type=int, metavar="ID", help="make a new release of an earlier one's versions")


def work(args: argparse.Namespace) -> int:
    import pyarrow.compute as pc

    from jobs.runtime.snapshot import Snapshot
    from schemas.ops import RELEASES

    snapshot = Snapshot.newest(args.warehouse)
    rows = sorted(snapshot.rows(RELEASES, pc.scalar(True)), key=lambda r: r["release_id"])
    if args.back_to is not None:
        return _point_back(args, rows)
    for row in rows:
        tables = ", ".join(f"{name}@{version}" for name, version in row["tables"])
        print(f"{row['release_id']}  {row['created_at']:%Y-%m-%d %H:%M}  run {row['run_id']}  {row['note'] or ''}")
        print(f"   {tables}")
    return 0


def _point_back(args: argparse.Namespace, rows: list[dict]) -> int:
    from jobs.commands.run import absolute, new_run_id
    from jobs.runtime.accounting import append_rows
    from jobs.runtime.session import session
    from jobs.runtime.tables import Lake
    from schemas.ops import RELEASES

    old = next((r for r in rows if r["release_id"] == args.back_to), None)
    if old is None:
        known = ", ".join(str(r["release_id"]) for r in rows)
        raise ValueError(f"releases: expected one of {known}, found {args.back_to}; nothing was changed")
    lake = Lake(session(), absolute(args.warehouse))
    row = {
        "release_id": rows[-1]["release_id"] + 1,
        "run_id": new_run_id(),
        "tables": dict(old["tables"]),
        "note": f"back to release {args.back_to}",
        "created_at": datetime.now(UTC),
    }
    append_rows(lake, RELEASES, [row])
    print(f"release {row['release_id']} names the tables of release {args.back_to}")
    return 0
