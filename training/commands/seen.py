"""refinelake seen: the runs and steps that read a content, for removals and for questions about a model's training."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--content", required=True, metavar="ID", help="content id, 64 hexadecimal digits")
    parser.add_argument("--runs", required=True, metavar="DIR", help="folder with run folders below it")


def work(args: argparse.Namespace) -> int:
    from training.runs import Carried, below

    wanted = args.content.strip().lower()
    if len(wanted) != 64 or set(wanted) - set("0123456789abcdef"):
        raise ValueError(f"--content {args.content}: expected 64 hexadecimal digits, found another text")
    folders = below(args.runs)
    if not folders:
        raise ValueError(f"{args.runs}: expected run folders, found none; name the folder above them")
    for folder in folders:
        run = Carried.open(folder)
        steps = run.seen(wanted)
        if not steps:
            print(f"{folder}: not seen in {run.done():,} steps")
            continue
        listed = ", ".join(f"{step:,}" for step in steps[:20]) + (f" and {len(steps) - 20} more" if steps[20:] else "")
        print(f"{folder}: read at {len(steps)} steps: {listed}")
    return 0
