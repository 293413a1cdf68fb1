"""refinelake web: recall pages of a tag from crawls (run), say what is of it (label), train on that (train), report."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

PARTS = {
    "run": "Read crawl files, page sets and indexes, recall, clean and publish web_corpus.",
    "label": "Say of pages or of URL patterns whether they are of a tag; list what was said; see proposals.",
    "train": "Train the classifier of a tag on what is labelled, in rounds, and pin it.",
    "report": "Write the report of the rounds: what was recalled, how well, from where.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    for name, doc in PARTS.items():
        part = parts.add_parser(name, help=doc, description=doc)
        _module(name).add_arguments(part)


def work(args: argparse.Namespace) -> int:
    return int(_module(args.part).work(args))


def _module(name: str) -> Any:
    return import_module(f"jobs.commands.web_{name}")
