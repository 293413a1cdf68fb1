"""refinelake check: is every key there once, and does each flow stand on the present tables?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from jobs.commands.arguments import add_lake_arguments, add_writing_arguments

if TYPE_CHECKING:
    from jobs.runtime.tables import Lake
    from schemas.contract import Table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    parser.add_argument("--only", metavar="TABLE,...", help="only these tables")
    parser.add_argument("--repair", action="store_true", help="leave one row of each double key")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import open_lake
    from jobs.flows import every_table
    from jobs.runtime.upkeep import double_keys

    tables = every_table(args.only)
    lake, _ = open_lake(args)
    lake.look()
    found = [(t, double_keys(lake, t)) for t in tables if lake.version(t.name) is not None]
    if not found:
        raise ValueError(f"{lake.warehouse}: expected a warehouse with tables, found none; run refinelake run first")
    for table, doubles in found:
        key = ", ".join(table.key)
        said = f"{doubles:,} double keys ({key})" if doubles else f"each key ({key}) once"
        print(f"{table.name:<22} {lake.rows(table):>12,} rows, {said}")
    wrong = [t for t, doubles in found if doubles]
    if wrong and args.repair:
        _repair(args, lake, wrong)
        wrong = []
    _print_flows(lake)
    if wrong:
        print(f"{len(wrong)} tables have double keys: refinelake check --repair mends them, then run again")
    return 3 if wrong else 0


def _repair(args: argparse.Namespace, lake: Lake, tables: list[Table]) -> None:
    from jobs.commands.run import new_run_id
    from jobs.runtime.lease import as_only_writer
    from jobs.runtime.upkeep import repair

    run_id = new_run_id()

    def mend() -> None:
        for table in tables:
            print(f"{table.name}: {repair(lake, table, run_id):,} rows removed", flush=True)

    try:
        as_only_writer(lake, run_id, mend, args.break_lock)
    finally:
        lake.drop_staging(run_id)


def _print_flows(lake: Lake) -> None:
    from jobs.flows import FLOWS
    from jobs.runtime.accounting import finished_work
    from jobs.runtime.releases import waits_for

    done = finished_work(lake)
    for flow in FLOWS:
        waits = waits_for(lake, flow, done)
        print(f"{flow.title}: " + ("whole" if not waits else f"not whole: {waits[0]}"))
        for why in waits[1:]:
            print(f"    {why}")
