"""refinelake train: pretrain, anneal or fine-tune, alone or as one rank of many."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.commands.arguments import add_run, asked, resumed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run(parser)
    parser.add_argument("--resume", action="store_true", help="go on from the run's newest complete checkpoint")
    parser.add_argument(
        "--wandb", action="store_true", help="curves to Weights & Biases too, as by --set seeing.wandb=true"
    )
    parser.add_argument(
        "--resume-or-start", dest="resume_or_start", action="store_true", help="resume if there is a checkpoint"
    )


def work(args: argparse.Namespace) -> int:
    from training.again import end
    from training.spikes import Stuck

    try:
        code = _trained(args)
    except (ValueError, Stuck):
        end("mistake")
        raise
    if code:
        end("stopped")
    return code


def _trained(args: argparse.Namespace) -> int:
    from schemas.params import overridden
    from training.data.telling import tell
    from training.engine import distributed as ranks
    from training.run_file import RUN_FILE, reopened
    from training.start import Resume
    from training.trackers import check
    from training.train import STOPPED, train

    folder = Path(args.to).absolute()
    args.set += ["seeing.wandb=true"] if args.wandb else []
    if args.resume or (args.resume_or_start and (folder / RUN_FILE).exists()):
        run, inputs, _ = reopened(folder)
        run = replace(run, **overridden(run.sections(), args.params, args.set))
        inputs = resumed(args, run, inputs)
    else:
        wanted = asked(args)
        run, inputs = wanted.run, wanted.inputs.pinned()
    check(run.seeing)
    if ranks.rank() == 0:
        tell(folder, run.phase, [(s.table, s.version) for s in inputs.sources])
    resume: Resume = "must" if args.resume else "auto" if args.resume_or_start else "never"
    outcome = train(run, inputs, folder, resume, console(run.name))
    if ranks.rank() == 0:
        print(f"{run.name}: {outcome}; {folder}", flush=True)
    return 0 if outcome == "finished" else STOPPED


def console(name: str) -> Callable[[dict[str, Any]], None]:
    """Prints a line a logged step on rank 0, with the time that is left."""
    began: list[tuple[float, int]] = []

    def line(row: dict[str, Any]) -> None:
        from training.engine import distributed as ranks

        if ranks.rank():
            return
        began.append((time.monotonic(), row["step"]))
        first, start = began[0]
        per_step = (time.monotonic() - first) / max(1, row["step"] - start)
        left = per_step * (row["last"] - row["step"] - 1) if len(began) > 1 else None
        loss = row["loss"] if row["loss_mean"] is None else row["loss_mean"]
        mfu = "" if row["mfu_full"] is None else f"  MFU {row['mfu_full']:.1%}"
        print(
            f"{name}  step {row['step'] + 1:,}/{row['last']:,}  loss {loss:.4f}  rate {row['rate']:.2e}  norm "
            f"{row['norm']:.3f}  {row['tokens_per_second']:,.0f} tokens/s{mfu}  data {row['data_wait']:.1%}"
            + ("" if left is None else f"  {_span(left)} left"),
            flush=True,
        )

    return line


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
