"""refinelake instruct report: what recipes made, why threads ended, what the calls cost, as a page with pictures."""

from __future__ import annotations

import argparse

from jobs.commands.page import add_page_arguments, write_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_page_arguments(parser, "instruct_report.html")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.reports import INSTRUCT
    from jobs.report_instruct import instruct_report_page
    from schemas.instruct import THREADS

    return write_page(args, INSTRUCT, instruct_report_page, (THREADS,), "refinelake instruct run")
