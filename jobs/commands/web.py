"""refinelake web: recall pages of a tag from crawls (run), say what is of it (label), train on that (train), report."""

from __future__ import annotations

import argparse

from jobs.commands.parts import add_parts, work_of

PARTS = {
    "run": "Read crawl files, page sets and indexes, recall, clean and publish web_corpus.",
    "label": "Say of pages or of URL patterns whether they are of a tag; list what was said; see proposals.",
    "train": "Train the classifier of a tag on what is labelled, in rounds, and pin it.",
    "report": "Write the report of the rounds: what was recalled, how well, from where.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_parts(parser, "web", PARTS)


def work(args: argparse.Namespace) -> int:
    return work_of("web", args)
