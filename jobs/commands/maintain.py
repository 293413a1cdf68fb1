"""refinelake maintain: put small files together, cluster, remove what no readable release needs."""

from __future__ import annotations

import argparse

from jobs.commands.arguments import add_lake_arguments, add_writing_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    add_writing_arguments(parser)
    parser.add_argument("--only", metavar="TABLE,...", help="only these tables")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import new_run_id, open_lake
    from jobs.flows import FLOWS, every_table
    from jobs.runtime.lease import claimed
    from jobs.runtime.purge import forget_due
    from jobs.runtime.releases import release_whole
    from jobs.runtime.upkeep import tidy

    tables = every_table(args.only)
    lake, _ = open_lake(args)
    run_id = new_run_id()
    with claimed(lake, run_id, args.break_lock) as claim:
        claim.take()
        for table in tables:
            if lake.version(table.name) is None:
                continue
            done = tidy(lake, table)
            print(
                f"{done.table:<22} {done.files_before:>6,} files, now {done.files_after:,} of "
                f"{done.bytes_after / 1e6:,.1f} MB; {done.files_removed:,} files of nobody removed",
                flush=True,
            )
        removals, wrong = forget_due(lake, every_table())
        for said in (*(f"removal {number}: out of storage" for number in removals), *wrong):
            print(said)
        release, _ = release_whole(lake, run_id, FLOWS, "maintained")
    if release is not None:
        print(f"release {release} names the same rows in their new files")
    return 0
