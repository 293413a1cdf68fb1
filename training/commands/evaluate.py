"""refinelake evaluate: scores of a model, and every completion they rest on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from training.evaluation.sets import FORMS

    parser.add_argument("--model", required=True, metavar="DIR", help="Hugging Face folder, or a name with --endpoint")
    parser.add_argument("--endpoint", metavar="URL", help="OpenAI-compatible base URL that serves the model")
    parser.add_argument("--to", required=True, metavar="DIR", help="folder for evaluation.json and completions")
    parser.add_argument("--held-out", metavar="TABLE", help="token table whose held-out rows give bits per byte")
    parser.add_argument("--held-out-tokens", type=int, default=1_000_000, metavar="N", help="at most N of a language")
    for form in FORMS:
        how: dict[str, Any] = {"nargs": "?", "const": ""} if form.packaged else {}
        how |= {"action": "append", "default": []} if form.by_file else {}
        parser.add_argument(f"--{form.flag}", metavar="FILE", help=form.help, **how)
    _add_how(parser)


def _add_how(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shots", type=int, default=0, metavar="N", help="solved tasks in MBPP's base prompt (3: paper)"
    )
    parser.add_argument("--window", default="", metavar="YYMM-YYMM", help="LiveCodeBench's contests of these months")
    parser.add_argument(
        "--bigcodebench-split", metavar="SPLIT", help="complete or instruct (with --chat, without it: complete)"
    )
    parser.add_argument("--chat", action="store_true", help="ask as a user and take the code from the answer")
    parser.add_argument("--samples", type=int, default=1, metavar="N", help="samples of each task (1: greedy)")
    parser.add_argument("--temperature", type=float, metavar="T", help="default 0 for one sample, 0.2 for several")
    parser.add_argument("--top-p", type=float, default=0.95, metavar="P", help="nucleus of sampling (0.95)")
    parser.add_argument("--most-tokens", type=int, default=512, metavar="N", help="new tokens of a completion at most")
    parser.add_argument("--tasks", type=int, metavar="N", help="only the first N tasks of each benchmark")
    parser.add_argument(
        "--isolation", default="rlimits", metavar="LEVEL", help="least: rlimits, landlock or bubblewrap"
    )
    parser.add_argument(
        "--libraries", action="append", default=[], metavar="DIR", help="installed packages that programs may import"
    )
    parser.add_argument(
        "--install", action="store_true", help="install Python packages that tasks import and lack, into TO/libraries"
    )
    parser.add_argument(
        "--check-references", action="store_true", help="leave out tasks whose own solution does not pass here"
    )
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="prompts generated for, or asked, at once")


def work(args: argparse.Namespace) -> int:
    from training.evaluation.sets import FORMS
    from training.files import write_json

    given = _benchmarks(args)
    if not given and not args.held_out:
        flags = ", ".join(f"--{form.flag}" for form in FORMS)
        raise ValueError(f"evaluate: expected --held-out, {flags}, found none; name one")
    if args.held_out and args.endpoint:
        raise ValueError("--held-out: expected a model folder, found --endpoint, which gives no losses; leave one out")
    to = Path(args.to)
    to.mkdir(parents=True, exist_ok=True)
    if args.install:
        args.libraries += _installed(args, given, to)
    writer = _writer(args)
    found: dict[str, Any] = {"model": args.model, "chat": args.chat, "benchmarks": {}}
    if args.held_out:
        found["held_out"] = _held_out(args, writer.model, writer.tokenizer, to)
    for name, tasks in given.items():
        found["benchmarks"][name] = _benchmark(args, writer, name, tasks[: args.tasks], to)
    write_json(to / "evaluation.json", found)
    print(f"{to}: evaluation.json and the completions")
    return 0


def _benchmarks(args: argparse.Namespace) -> dict[str, list[Any]]:
    from training.evaluation.sets import FORMS, Options, loaded

    options, found = Options(args.chat, args.shots, args.bigcodebench_split or "", args.window), dict[str, list[Any]]()
    for form in FORMS:
        given = getattr(args, form.name)
        files = given if form.by_file else [given] if given is not None else []
        found |= loaded(form, files, options)
    return found


def _installed(args: argparse.Namespace, given: dict[str, list[Any]], to: Path) -> list[str]:
    """The folder of what the tasks import and lack, if they lack anything."""
    from training.evaluation.installing import install
    from training.evaluation.lacking import what_lacks
    from udfs.execution.languages import Missing
    from udfs.execution.running import Runner

    with Runner(args.isolation, libraries=args.libraries) as runner:
        tasks = [task for each in given.values() for task in each[: args.tasks]]
        packages = what_lacks(tasks, runner).get("packages", [])
        python = runner.tools("python")
    if not packages:
        return []
    print(f"installing {' '.join(packages)}")
    found = install(packages, to.absolute() / "libraries", "" if isinstance(python, Missing) else python.python)
    return [str(found)]


def _writer(args: argparse.Namespace) -> Any:
    from training.evaluation.sampling import Sampling
    from training.evaluation.writers import Local, remote

    temperature = (0.2 if args.samples > 1 else 0.0) if args.temperature is None else args.temperature
    how = Sampling(args.samples, temperature, args.top_p, args.most_tokens, args.batch)
    if args.endpoint:
        return remote(args.endpoint, args.model, how, args.batch)
    return Local(*_model(args.model), how)


def _model(folder: str) -> tuple[Any, Any]:
    import torch
    from transformers.utils import logging

    from training import models
    from udfs.tokens.tokenizer import TextTokenizer

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    gpu = torch.cuda.is_available()
    model = models.read(folder, torch.bfloat16 if gpu else torch.float32)
    return model.to("cuda" if gpu else "cpu").eval(), TextTokenizer.read(folder)


def _held_out(args: argparse.Namespace, model: Any, tokenizer: Any, to: Path) -> dict[str, Any]:
    from training.evaluation.held_out import held_out_loss
    from training.inputs import Inputs, named

    pinned = Inputs("", (named("held_out", args.held_out),), "").pinned().sources[0]
    found = held_out_loss(model, tokenizer, pinned.table, pinned.version, to / "cache", args.held_out_tokens)
    if not found:
        print(f"{pinned.table}: no row of version {pinned.version} is held out; raise tokens.held_out to hold some out")
    for language, numbers in found.items():
        print(f"held out {language}: {numbers['bits_per_byte']:.4f} bits per byte over {numbers['bytes']:,} bytes")
    return {"table": pinned.table, "version": pinned.version, "languages": found}


def _benchmark(args: argparse.Namespace, writer: Any, name: str, tasks: list[Any], to: Path) -> Any:
    from training.evaluation.benchmark import scored
    from training.evaluation.lacking import advice

    scores, rows = scored(writer, tasks, args.chat, args.isolation, 2, args.libraries, args.check_references)
    with (to / f"{name}.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    print(f"{name}: {shown(scores)} over {scores['tasks']} tasks, {scores['samples']} samples each")
    for kind in ("apart", "groups"):
        for part, numbers in scores.get(kind, {}).items():
            print(f"  {part}: {shown(numbers)} over {numbers['tasks']} tasks")
    lacking = scores.get("cannot_run", {})
    if lacking:
        why = "; ".join(f"{why} ({count})" for why, count in lacking["why"].items())
        print(f"  {len(lacking['tasks'])} tasks cannot be run here: {why}{advice(lacking)}")
    return scores


def shown(scores: dict[str, Any]) -> str:
    return ", ".join(f"{k} {v:.3f}" for k, v in scores.items() if k.startswith("pass@"))
