"""refinelake removals: what was asked out and what became of it; whether a name is in, and where; or adopt the list."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jobs.commands.arguments import add_lake_arguments, add_writing_arguments

if TYPE_CHECKING:
    from jobs.commands.found import Named
    from jobs.runtime.snapshot import Snapshot
    from schemas.contract import Table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "list: the receipts of all removals. check NAME: is this repository, owner, author (e-mail address) or text "
        "(64 digits) in the newest release, in which earlier ones, in which copies and training runs, and was it asked "
        "out? adopt: let a new warehouse honour the requests of another one (--of), before its first run."
    )
    parser.add_argument("what", choices=("list", "check", "adopt"), help="see above")
    parser.add_argument("name", nargs="?", help="what check looks for")
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    parser.add_argument("--of", metavar="URL", help="the warehouse whose removals are adopted")


def work(args: argparse.Namespace) -> int:
    if (args.what == "check") != bool(args.name):
        raise ValueError("removals check: expected one name, as in removals check org/name; list and adopt take none")
    if (args.what == "adopt") != bool(args.of):
        raise ValueError(
            "removals adopt: expected the warehouse to adopt from (--of), which list and check do not take"
        )
    return {"list": _list, "check": _check, "adopt": _adopt}[args.what](args)


def _list(args: argparse.Namespace) -> int:
    from jobs.commands.receipt import receipt_lines
    from jobs.runtime.snapshot import Snapshot
    from schemas.ops import RECEIPTS

    rows = _all(Snapshot.newest(args.warehouse), RECEIPTS)
    for row in sorted(rows, key=lambda r: r["removal_id"]):
        print("\n".join(receipt_lines(row)))
    if not rows:
        print("nobody has asked to be removed")
    return 0


def _all(snapshot: Snapshot, table: Table) -> list[dict[str, Any]]:
    """Every row of an operations table; none where there is none yet."""
    import pyarrow.compute as pc

    from jobs.runtime.snapshot import NoTableError

    try:
        return snapshot.rows(table, pc.scalar(True))
    except NoTableError:
        return []


def _check(args: argparse.Namespace) -> int:
    from jobs.commands.found import Named, named_here
    from jobs.runtime.receipts import trained
    from jobs.runtime.snapshot import Snapshot
    from schemas import ops

    newest = Snapshot.newest(args.warehouse)
    named = Named.of(args.name)
    here = named_here(newest, named)
    print(_here(args.name, here))
    releases = sorted(_all(newest, ops.RELEASES), key=lambda r: r["release_id"])
    holding = list(_holding(newest, releases, named))
    if holding:
        print(f"  releases: {', '.join(_release(r) for r in holding)}")
    numbers = {r["release_id"] for r in holding}
    pins = {pin for r in holding for pin in dict(r["tables"]).items()}
    for line in dict.fromkeys(_copy(row) for row in _all(newest, ops.EXPORTS) if row["release_id"] in numbers):
        print(f"  copied to {line}")
    for row in _all(newest, ops.TRAININGS):
        if (row["table_name"], row["version"]) in pins:
            print(f"  trained on: {trained(row)}")
    asked = sorted({r["removal_id"] for r in _all(newest, ops.REMOVALS) if r["name_hash"] in named.hashes})
    for number in asked:
        print(f"  asked out by removal {number}: what comes later stays out too")
    return 0


def _copy(row: dict[str, Any]) -> str:
    """A copy of a release; an export has some of its tables only, and of these not all rows."""
    from jobs.runtime.exported import copied, since

    return f"{copied(row)}{since(row)}" + (": may hold it" if row.get("format") else "")


def _here(name: str, found: dict[str, int]) -> str:
    said = []
    if found["files"]:
        said.append(f"{found['files']:,} files in the newest release, {found['published']:,} of them in code_corpus")
    if found["pages"]:
        said.append(f"{found['pages']:,} pages in the newest release, {found['recalled']:,} of them in web_corpus")
    return f"{name}: {', and '.join(said) or 'not in the newest release'}"


def _release(row: dict[str, Any]) -> str:
    return f"{row['release_id']}" + (" (withdrawn)" if row.get("withdrawn") else "")


def _holding(newest: Snapshot, releases: Iterable[dict[str, Any]], named: Named) -> Iterable[dict[str, Any]]:
    """Releases that hold a file of that name; one that cannot be read any more holds nothing that anybody could see."""
    from jobs.commands.found import TABLES, named_here
    from jobs.runtime.readable import unreadable
    from jobs.runtime.snapshot import Snapshot

    for row in releases:
        versions = dict(row["tables"])
        if unreadable(newest.warehouse, {n: v for n, v in versions.items() if n in TABLES}):
            continue
        found = named_here(Snapshot(newest.warehouse, versions), named)
        if found["files"] or found["pages"]:
            yield row


def _adopt(args: argparse.Namespace) -> int:
    """Requests and reached texts, as they are: their hashes hold under the salt that they were made with."""
    from jobs.commands.run import new_run_id, open_lake
    from jobs.runtime.lease import claimed
    from jobs.runtime.places import absolute
    from jobs.runtime.tables import Lake
    from schemas.ops import REMOVALS, REMOVED_CONTENTS

    other = absolute(args.of)
    lake, _ = open_lake(args, other)
    theirs = Lake(lake.spark, other)
    if not theirs.version(REMOVALS.name):
        raise ValueError(f"{other}: expected a warehouse with removals, found none; nothing was adopted")
    with claimed(lake, run_id := new_run_id(), args.break_lock) as claim:
        claim.take()
        for table in (REMOVED_CONTENTS, REMOVALS):
            if theirs.version(table.name) is None:
                continue
            lake.ensure(table)
            if lake.rows(table):
                raise ValueError(f"{lake.warehouse}: expected no removals yet, found some; nothing was adopted")
            lake.append(table, theirs.read(table), {"run_id": run_id, "adopted": other})
        print(f"{lake.warehouse} keeps out what {lake.rows(REMOVALS):,} requests of {other} named")
    return 0
