"""refinelake quality: make the scorer of the learned quality score (train), and show what was made (show)."""

from __future__ import annotations

import argparse

from jobs.commands.parts import add_parts, work_of

PARTS = {
    "train": "Train a scorer for each language with enough labels, measure it, and pin it.",
    "show": "Show the scorers that were made: how well each agrees with labels, which is in force.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_parts(parser, "quality", PARTS)


def work(args: argparse.Namespace) -> int:
    return work_of("quality", args)
