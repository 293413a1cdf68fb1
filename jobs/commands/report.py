"""refinelake report: report.html of a warehouse as it is."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--warehouse", required=True, help="location of the Delta tables")
    parser.add_argument("--params", metavar="FILE", help="the parameters of the run, if it had any")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE", help="one parameter")
    parser.add_argument("--to", default="report.html", metavar="FILE", help="where to write it: a file or a URL")


def work(args: argparse.Namespace) -> int:
    from jobs.code.flow import STAGES
    from jobs.commands.reports import CODE, put
    from jobs.flows import SECTIONS
    from jobs.report import report_page
    from jobs.runtime.places import absolute, check_file
    from jobs.runtime.runner import Run
    from jobs.runtime.session import session
    from jobs.runtime.tables import Lake
    from schemas.params import load_params

    params = load_params(SECTIONS, args.params, args.set)
    warehouse, target = absolute(args.warehouse), absolute(args.to)
    check_file(target)  # refused before any work
    lake = Lake(session(warehouse), warehouse)
    put(lake, CODE, target, report_page(Run(lake, "report", STAGES, params)))
    print(f"report: {args.to}")
    return 0
