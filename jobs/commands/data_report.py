"""refinelake data-report: what training reads beside the paper, and which benchmarks stood in it, with pictures."""

from __future__ import annotations

import argparse

from jobs.commands.page import add_page_arguments, write_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_page_arguments(parser, "data_report.html")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.reports import DATA
    from jobs.corpus.composition import TABLES
    from jobs.report_data import data_report_page

    return write_page(args, DATA, data_report_page, TABLES, "refinelake tokens")
