"""refinelake evaluate: scores of a model or of a run's checkpoints, and every completion they rest on."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from training.commands import evaluate_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    evaluate_arguments.add(parser)


def work(args: argparse.Namespace) -> int:
    from training.evaluation import page, table

    given = _benchmarks(args)
    evaluate_arguments.check(args, bool(given))
    beside = [(file, table.read(file)) for file in args.beside]
    to = Path(args.to)
    to.mkdir(parents=True, exist_ok=True)
    _looked_at(args, given, to.absolute() / "libraries")
    found = _of_run(args, given, to) if args.run else [_scored(args, args.model, given, to)]
    page.write(to / "evaluation.html", found, beside, args.run or "")
    print(f"{to}: evaluation.json, evaluation.html and the completions")
    return 0


def _benchmarks(args: argparse.Namespace) -> dict[str, list[Any]]:
    from training.evaluation.sets import FORMS, Options, loaded

    options, found = (
        Options(args.chat, args.shots, args.bigcodebench_split or "", args.window),
        dict[str, list[Any]](),
    )
    for form in FORMS:
        given = getattr(args, form.name)
        files = given if form.by_file else [given] if given is not None else []
        found |= loaded(form, files, options)
    return {name: tasks[: args.tasks] for name, tasks in found.items()}


def _of_run(args: argparse.Namespace, given: dict[str, list[Any]], to: Path) -> list[dict[str, Any]]:
    """Each checkpoint is exported, scored into a folder of its own, and the export is removed."""
    from training.checkpoint.export import export
    from training.checkpoint.store import find, opened, steps

    folder, last = find(args.run)
    chosen = [step for step in steps(folder) if step % args.every == 0 or step == last]
    if not chosen:
        raise ValueError(f"{args.run}: expected checkpoints, found none; name a run that saved some")
    found = []
    for step in chosen:
        model = to / "model"
        export([opened(args.run, step)], model, "fp32")
        print(f"step {step:,}")
        found.append(_scored(args, str(model), given, to / f"step-{step}", {"model": args.run, "step": step}))
        shutil.rmtree(model)
    _write(to, {"model": args.run, "chat": args.chat, "benchmarks": found[-1]["benchmarks"], "steps": found})
    return found


def _scored(
    args: argparse.Namespace, name: str, given: dict[str, list[Any]], to: Path, about: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What evaluation.json holds of one model, written too."""
    to.mkdir(parents=True, exist_ok=True)
    writer = _writer(args, name)
    found: dict[str, Any] = {"model": name, **(about or {}), "chat": args.chat, "benchmarks": {}}
    if args.held_out:
        found["held_out"] = _held_out(args, writer.model, writer.tokenizer, to)
    for benchmark, tasks in given.items():
        found["benchmarks"][benchmark] = _benchmark(args, writer, benchmark, tasks, to)
        _write(to, found)  # what is scored stays, whatever becomes of the rest
    if args.arena:
        found["arena"] = _arena(args, writer, to)
    _write(to, found)
    return found


def _write(to: Path, found: dict[str, Any]) -> None:
    from training.files import write_json

    write_json(to / "evaluation.json", found)


def _looked_at(args: argparse.Namespace, given: dict[str, list[Any]], library: Path) -> None:
    """Installs what tasks import and lack, if that is asked for. Raises ValueError where a set cannot be run at all,
    feedback not be given, an arena not be judged: before a model is asked anything.
    """
    from training.evaluation.arena import arena, rubric_of
    from training.evaluation.feedback import Feedback
    from training.evaluation.installing import install
    from training.evaluation.lacking import able, what_lacks
    from udfs.execution.languages import Missing
    from udfs.execution.running import Runner

    if args.feedback:
        Feedback(args.feedback, _judge(args))
    if args.arena:
        arena(args.arena)
        rubric_of(args.rubric)
    args.libraries += [str(library)] if args.install and library.is_dir() else []
    with Runner(args.isolation, libraries=args.libraries) as runner:
        packages = what_lacks([task for tasks in given.values() for task in tasks], runner).get("packages", [])
        python = runner.tools("python")
        if not args.install or not packages:
            for tasks in given.values():
                able(tasks, what_lacks(tasks, runner))
            return
    print(f"installing {' '.join(packages)}")
    install(packages, library, "" if isinstance(python, Missing) else python.python)
    args.libraries += [str(library)] if str(library) not in args.libraries else []


def _writer(args: argparse.Namespace, name: str) -> Any:
    from training.evaluation.sampling import Sampling
    from training.evaluation.writers import Local, remote

    temperature = (0.2 if args.samples > 1 else 0.0) if args.temperature is None else args.temperature
    how = Sampling(args.samples, temperature, args.top_p, args.most_tokens, args.batch)
    return remote(args.endpoint, name, how, args.batch) if args.endpoint else Local(*_model(name), how)


def _judge(args: argparse.Namespace) -> Any:
    """The model that judges or reviews: greedy, as in the papers; None where none is named."""
    from training.evaluation.sampling import Sampling
    from training.evaluation.writers import remote

    if not args.judge_endpoint:
        return None
    return remote(args.judge_endpoint, args.judge_model, Sampling(most=1024), args.batch)


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
    from training.evaluation.feedback import Feedback, scored_with_feedback
    from training.evaluation.lacking import advice

    if args.feedback:
        how = Feedback(args.feedback, _judge(args))
        scores, rows = scored_with_feedback(
            writer, tasks, how, args.isolation, 2, args.libraries, args.check_references
        )
    else:
        scores, rows = scored(writer, tasks, args.chat, args.isolation, 2, args.libraries, args.check_references)
    _lines(to / f"{name}.jsonl", rows)
    first = f" (first turn {scores['first_turn']:.3f})" if args.feedback else ""
    print(f"{name}: {_shown(scores)}{first} over {scores['tasks']} tasks, {scores['samples']} samples each")
    for kind in ("apart", "groups"):
        for part, numbers in scores.get(kind, {}).items():
            print(f"  {part}: {_shown(numbers)} over {numbers['tasks']} tasks")
    if lacking := scores.get("cannot_run"):
        why = "; ".join(f"{why} ({count})" for why, count in lacking["why"].items())
        print(f"  {len(lacking['tasks'])} tasks cannot be run here: {why}{advice(lacking)}")
    return scores


def _arena(args: argparse.Namespace, writer: Any, to: Path) -> dict[str, Any]:
    from training.evaluation.arena import arena, judged_pairs, rubric_of

    scores, rows = judged_pairs(writer, _judge(args), arena(args.arena)[: args.tasks], rubric_of(args.rubric))
    _lines(to / "arena.jsonl", rows)
    rate = "no" if scores["win_rate"] is None else f"{scores['win_rate']:.3f}"
    told = ", ".join(f"{scores[name]} {name.replace('_', ' ')}" for name in ("wins", "ties", "losses", "unjudged"))
    print(f"arena: {rate} win rate over {scores['tasks']} questions: {told}; {scores['by_place']} ties by place")
    return scores


def _lines(file: Path, rows: list[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def _shown(scores: dict[str, Any]) -> str:
    return ", ".join(f"{k} {v:.3f}" for k, v in scores.items() if k.startswith("pass@"))
