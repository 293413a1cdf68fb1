"""refinelake check: are the tables what their contracts say, and does each flow stand on the present tables?"""

from __future__ import annotations

import argparse

from jobs.commands.arguments import add_lake_arguments, add_writing_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    parser.add_argument("--only", metavar="TABLE,...", help="only these tables")
    parser.add_argument("--repair", action="store_true", help="leave one row of each double key")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.maintain import chosen
    from jobs.commands.run import open_lake
    from jobs.flows import every_table
    from jobs.runtime.upkeep import double_keys

    tables = chosen(args.only, every_table())
    lake, _ = open_lake(args)
    lake.look()
    found = [(t, double_keys(lake, t)) for t in tables if lake.version(t.name) is not None]
    if not found:
        raise ValueError(f"{lake.warehouse}: expected a warehouse with tables, found none; run refinelake run first")
    for table, doubles in found:
        print(f"{table.name:<22} {lake.rows(table):>12,} rows, " + _said(table, doubles))
    wrong = [t for t, doubles in found if doubles]
    if wrong and args.repair:
        _repair(args, lake, wrong)
        wrong = []
    _print_flows(lake)
    if wrong:
        print(f"{len(wrong)} tables have double keys: refinelake check --repair mends them, then run again")
    return 3 if wrong else 0


def _said(table: object, doubles: int) -> str:
    key = ", ".join(table.key)  # type: ignore[attr-defined]
    return f"{doubles:,} double keys ({key})" if doubles else f"each key ({key}) once"


def _repair(args: argparse.Namespace, lake: object, tables: list) -> None:
    from jobs.commands.run import new_run_id
    from jobs.runtime.lease import claimed
    from jobs.runtime.upkeep import repair

    run_id = new_run_id()
    with claimed(lake, run_id, args.break_lock) as claim:  # type: ignore[arg-type]
        claim.take()
        try:
            for table in tables:
                print(f"{table.name}: {repair(lake, table, run_id):,} rows removed")  # type: ignore[arg-type]
        finally:
            lake.drop_staging(run_id)  # type: ignore[attr-defined]


def _print_flows(lake: object) -> None:
    from jobs.flows import FLOWS
    from jobs.runtime.accounting import finished_work
    from jobs.runtime.releases import waits_for

    done = finished_work(lake)  # type: ignore[arg-type]
    for flow in FLOWS:
        waits = waits_for(lake, flow, done)  # type: ignore[arg-type]
        print(f"{flow.title}: " + ("whole" if not waits else f"not whole: {waits[0]}"))
        for why in waits[1:]:
            print(f"    {why}")
