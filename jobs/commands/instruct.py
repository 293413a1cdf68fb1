"""refinelake instruct: play recipes of synthetic and instruction data (run), what they cost (cost), report."""

from __future__ import annotations

import argparse

from jobs.commands.parts import add_parts, work_of

PARTS = {
    "run": "Draw seeds, ask models, run programs, publish what was made of them.",
    "recipes": "List the recipes: what each makes, asks and runs.",
    "cost": "Say what the calls took: tokens, money, time, by recipe and step, and of each row that was kept.",
    "judge": "Export rows for people to label blindly; agreement, calibration and preference of judges.",
    "views": "Count the rows that each view of open_code_instruct or code_feedback takes, or sweep a score.",
    "report": "Write the report of recipes: what they made, why threads ended, what they cost.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_parts(parser, "instruct", PARTS)


def work(args: argparse.Namespace) -> int:
    return work_of("instruct", args)
