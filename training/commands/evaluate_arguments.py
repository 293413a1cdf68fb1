"""What `evaluate` takes."""

from __future__ import annotations

import argparse
from typing import Any


def add(parser: argparse.ArgumentParser) -> None:
    """All of it, in groups."""
    parser.add_argument("--model", metavar="DIR", help="Hugging Face folder, or a name with --endpoint")
    parser.add_argument("--endpoint", metavar="URL", help="OpenAI-compatible base URL that serves the model")
    parser.add_argument("--run", metavar="DIR", help="run folder: score its checkpoints, draw a curve")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="of a run the steps that N divides, and the last"
    )
    parser.add_argument("--to", required=True, metavar="DIR", help="folder for evaluation.json, .html and completions")
    parser.add_argument("--beside", action="append", default=[], metavar="FILE", help="evaluation.json for the table")
    _sets(parser.add_argument_group("what is scored"))
    _asking(parser.add_argument_group("how the model is asked"))
    _running(parser.add_argument_group("how programs are run"))


def _sets(group: Any) -> None:
    from training.evaluation.sets import FORMS

    group.add_argument("--held-out", metavar="TABLE", help="token table whose held-out rows give bits per byte")
    group.add_argument("--held-out-tokens", type=int, default=1_000_000, metavar="N", help="at most N of a language")
    for form in FORMS:
        how: dict[str, Any] = {"nargs": "?", "const": ""} if form.packaged else {}
        how |= {"action": "append", "default": []} if form.by_file else {}
        group.add_argument(f"--{form.flag}", metavar="FILE", help=form.help, **how)
    group.add_argument("--window", default="", metavar="YYMM-YYMM", help="LiveCodeBench's contests of these months")
    group.add_argument("--bigcodebench-split", metavar="SPLIT", help="complete, or (--chat's default) instruct")
    group.add_argument("--arena", metavar="FILE", help="questions with a baseline's answers, judged in both orders")
    group.add_argument("--rubric", default="", metavar="FILE", help="the judge's rubric as TOML (default: solutions)")
    group.add_argument("--tasks", type=int, metavar="N", help="only the first N tasks of each benchmark")


def _asking(group: Any) -> None:
    group.add_argument("--chat", action="store_true", help="ask as a user and take the code from the answer")
    group.add_argument(
        "--shots", type=int, default=0, metavar="N", help="solved tasks in MBPP's base prompt (paper: 3)"
    )
    group.add_argument("--samples", type=int, default=1, metavar="N", help="samples of each task (1: greedy)")
    group.add_argument("--temperature", type=float, metavar="T", help="default 0 for one sample, 0.2 for several")
    group.add_argument("--top-p", type=float, default=0.95, metavar="P", help="nucleus of sampling (0.95)")
    group.add_argument("--most-tokens", type=int, default=512, metavar="N", help="new tokens of a completion at most")
    group.add_argument("--batch", type=int, default=8, metavar="N", help="prompts generated for, or asked, at once")
    group.add_argument(
        "--feedback", metavar="KIND", help="a second turn: execution, human or human-oracle; with --chat"
    )
    group.add_argument("--judge-endpoint", metavar="URL", help="of the model that judges, or gives human feedback")
    group.add_argument("--judge-model", metavar="NAME", help="its name there")


def _running(group: Any) -> None:
    group.add_argument("--isolation", default="rlimits", metavar="LEVEL", help="least: rlimits, landlock or bubblewrap")
    group.add_argument(
        "--libraries", action="append", default=[], metavar="DIR", help="packages that programs may import"
    )
    group.add_argument("--install", action="store_true", help="install what tasks import and lack, into TO/libraries")
    group.add_argument("--check-references", action="store_true", help="leave out tasks whose own solution fails here")


def check(args: argparse.Namespace, given: bool) -> None:
    """Raises ValueError for what does not go together; `given`: whether some benchmark is."""
    from training.evaluation.sets import FORMS

    if not (given or args.held_out or args.arena):
        flags = ", ".join(f"--{form.flag}" for form in FORMS)
        raise ValueError(f"evaluate: expected --held-out, {flags} or --arena, found none; name one")
    if (args.model is None) == (args.run is None):
        raise ValueError("evaluate: expected one of --model and --run, found both or none; name one")
    if args.endpoint and (args.held_out or args.run):
        raise ValueError(
            "--endpoint: expected a name in --model and no --run or --held-out, which need weights; leave out"
        )
    if bool(args.judge_endpoint) != bool(args.judge_model):
        raise ValueError("--judge-endpoint: expected --judge-model beside it, found one of the two; name both")
    if args.arena and not args.judge_endpoint:
        raise ValueError("--arena: expected --judge-endpoint and --judge-model, found none; name them")
    if args.feedback and (not args.chat or args.samples > 1):
        raise ValueError("--feedback: expected --chat and one sample, found otherwise; add --chat, leave out --samples")
    if args.tasks is not None and args.tasks < 1:
        raise ValueError(f"--tasks: expected a number of tasks from 1, found {args.tasks}; give another")
    if args.every < 1:
        raise ValueError(f"--every: expected a number of steps from 1, found {args.every}; give another")
