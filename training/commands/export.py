"""refinelake export: a checkpoint as a Hugging Face folder; several, or all ends of epochs, as their average."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", required=True, metavar="DIR", help="run folder that train wrote to")
    parser.add_argument("--step", type=int, action="append", metavar="N", help="steps to average (default: the newest)")
    parser.add_argument("--epochs", action="store_true", help="average the weights at the ends of all epochs")
    parser.add_argument("--to", required=True, metavar="DIR", help="folder to write")
    parser.add_argument("--dtype", default="bf16", choices=("bf16", "fp32"), help="type of the weights written")


def work(args: argparse.Namespace) -> int:
    from training.checkpoint.export import export
    from training.checkpoint.store import opened

    chosen = [opened(args.run, step) for step in args.step or _ends(args)]
    export(chosen, Path(args.to), args.dtype)
    steps = ", ".join(f"{checkpoint.step:,}" for checkpoint in chosen)
    print(f"{args.to}: {'the average of steps' if len(chosen) > 1 else 'step'} {steps}, {args.dtype}")
    return 0


def _ends(args: argparse.Namespace) -> list[int]:
    """Steps at which an epoch ended, or the newest step. Raises ValueError."""
    from training.checkpoint.store import complete, find, steps

    if not args.epochs:
        return [-1]
    folder, _ = find(args.run)
    found = [c for step in steps(folder) if (c := complete(folder, step))]
    ends = [c.step for c in found if any(mark.startswith("end of epoch") for mark in c.state["marks"])]
    if not ends:
        raise ValueError(f"{folder}: expected checkpoints at the ends of epochs, found none; name steps by --step")
    return ends
