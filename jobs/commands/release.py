"""refinelake release: name the present tables as what readers see, if they belong together."""

from __future__ import annotations

import argparse

from jobs.commands.arguments import add_lake_arguments, add_writing_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    parser.add_argument("--note", metavar="TEXT", help="why, for those who read the list of releases")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import new_run_id, open_lake
    from jobs.flows import FLOWS
    from jobs.runtime.lease import as_only_writer
    from jobs.runtime.releases import release_whole

    lake, _ = open_lake(args)
    run_id = new_run_id()
    number, waits = as_only_writer(lake, run_id, lambda: release_whole(lake, run_id, FLOWS, args.note), args.break_lock)
    if waits:
        listed = "\n".join(f"  {why}" for why in waits)
        raise ValueError(f"{lake.warehouse}: expected a flow that is whole, found\n{listed}\nrun refinelake run first")
    print(f"release {number} is what readers see now" if number else "the newest release names these tables already")
    return 0
