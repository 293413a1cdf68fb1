"""refinelake training-report: a page of curves, data versions, events and scores of runs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", action="append", required=True, metavar="DIR", help="run folder; several in order")
    parser.add_argument("--evaluation", action="append", default=[], metavar="FILE", help="evaluation.json of a model")
    parser.add_argument("--data-report", metavar="LINK", help="the data's report.html, to be linked")
    parser.add_argument("--log-steps", action="store_true", help="steps of the curves on a logarithmic scale")
    parser.add_argument("--to", required=True, metavar="FILE", help="page to write")


def work(args: argparse.Namespace) -> int:
    from training.report import write
    from training.runs import Carried

    runs = [Carried.open(folder) for folder in args.run]
    scores = [Path(file) for file in args.evaluation]
    print(f"training report: {write(runs, Path(args.to), args.data_report, scores, args.log_steps)}")
    return 0
