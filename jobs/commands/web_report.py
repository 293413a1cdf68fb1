"""refinelake web report: the rounds of recall and what became of it, as a page with pictures."""

from __future__ import annotations

import argparse

from jobs.commands.arguments import add_lake_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_lake_arguments(parser)
    parser.add_argument("--to", default="web_report.html", metavar="FILE", help="where to write it: a file or a URL")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.run import open_lake
    from jobs.report_web import web_report_page
    from jobs.runtime.places import absolute, driver, write_text
    from jobs.runtime.store_errors import remedy
    from schemas.recall import RECALL_MODELS
    from schemas.web import WEB_PAGES

    target = absolute(args.to)
    driver(target)  # refused before any work where it is not there
    args.staging = None
    lake, _ = open_lake(args)
    if all(lake.version(t.name) is None for t in (WEB_PAGES, RECALL_MODELS)):
        raise ValueError(f"{lake.warehouse}: expected pages of the web, found none; run refinelake web run first")
    try:
        write_text(target, web_report_page(lake))
    except OSError as error:
        raise ValueError(f"{target}: expected to write the report, found {remedy(error)}") from error
    print(f"report: {args.to}")
    return 0
