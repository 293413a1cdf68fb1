"""refinelake web report: the rounds of recall and what became of it, as a page with pictures."""

from __future__ import annotations

import argparse

from jobs.commands.page import add_page_arguments, write_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_page_arguments(parser, "web_report.html")


def work(args: argparse.Namespace) -> int:
    from jobs.commands.reports import WEB
    from jobs.report_web import web_report_page
    from schemas.recall import RECALL_MODELS
    from schemas.web import WEB_PAGES

    return write_page(args, WEB, web_report_page, (WEB_PAGES, RECALL_MODELS), "refinelake web run")
