"""refinelake instruct: play recipes of synthetic and instruction data (run), what they cost (cost), report."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

PARTS = {
    "run": "Draw seeds, ask models, run programs, publish what was made of them.",
    "recipes": "List the recipes: what each makes, asks and runs.",
    "cost": "Say what the calls took: tokens, money, time, by recipe and step, and of each row that was kept.",
    "judge": "Export rows for people to label blindly; agreement, calibration and preference of judges.",
    "report": "Write the report of recipes: what they made, why threads ended, what they cost.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", metavar="PART", required=True)
    for name, doc in PARTS.items():
        part = parts.add_parser(name, help=doc, description=doc)
        _module(name).add_arguments(part)


def work(args: argparse.Namespace) -> int:
    return int(_module(args.part).work(args))


def _module(name: str) -> Any:
    return import_module(f"jobs.commands.instruct_{name}")
