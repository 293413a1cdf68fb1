"""refinelake instruct report: what recipes made, why threads ended, what the calls cost, as a page with pictures."""

from __future__ import annotations

import argparse

from jobs.commands.arguments import add_lake_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    parser.add_argument("--to", default="instruct_report.html", metavar="FILE", help="where to write it: a file or URL")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import open_lake
    from jobs.report_instruct import instruct_report_page
    from jobs.runtime.places import absolute, driver, write_text
    from jobs.runtime.store_errors import remedy
    from schemas.instruct import THREADS

    target = absolute(args.to)
    driver(target)  # refused before any work where it is not there
    args.staging = None
    lake, _ = open_lake(args)
    if lake.version(THREADS.name) is None:
        raise ValueError(
            f"{lake.warehouse}: expected threads of recipes, found none; run refinelake instruct run first"
        )
    try:
        write_text(target, instruct_report_page(lake))
    except OSError as error:
        raise ValueError(f"{target}: expected to write the report, found {remedy(error)}") from error
    print(f"report: {args.to}")
    return 0
