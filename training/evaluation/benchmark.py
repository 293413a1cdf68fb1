"""A model on a list of tasks: complete or answer, run, score. Raw completions are kept with each verdict."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from training.evaluation.completions import code_of, cut
from training.evaluation.execute import LANGUAGES, Verdict, run
from training.evaluation.generate import Sampling, base_prompts, chat_prompts, completions
from training.evaluation.scores import mean_pass_at_k
from training.evaluation.tasks import Task
from udfs.tokens.tokenizer import TextTokenizer

Row = dict[str, Any]
KS = (1, 5, 10)


def scored(
    model: Any,
    tokenizer: TextTokenizer,
    tasks: Sequence[Task],
    how: Sampling,
    chat: bool = False,
    execute: Callable[..., Verdict] = run,
    workers: int = 2,
) -> tuple[dict[str, Any], list[Row]]:
    """({"tasks", "samples", "pass@k"...}, a row a sample with raw text, program and verdict).

    Raises ValueError where the interpreter of a task's language is not there.
    """
    missing = sorted({t.language for t in tasks if t.language not in LANGUAGES or not _there(t.language)})
    if missing:
        raise ValueError(f"evaluation: expected an interpreter for {', '.join(missing)}, found none; install it")
    asked = [task.question if chat else task.prompt for task in tasks]
    prompts = (chat_prompts if chat else base_prompts)(asked, tokenizer)
    texts = completions(model, tokenizer, prompts, how, () if chat else [task.stops for task in tasks])
    rows: list[Row] = []
    for task, samples in zip(tasks, texts, strict=True):
        for number, raw in enumerate(samples):
            about = {"task": task.id, "sample": number, "raw": raw}
            rows.append(about | {"program": program_of(task, raw, chat), "language": task.language})
    with ThreadPoolExecutor(workers) as pool:
        verdicts = pool.map(lambda row: execute(row["program"], LANGUAGES[row["language"]]), rows)
        for row, verdict in zip(rows, verdicts, strict=True):
            row |= {"outcome": verdict.outcome, "detail": verdict.detail}
    by_task: dict[str, list[bool]] = {task.id: [] for task in tasks}
    for row in rows:
        by_task[row["task"]].append(row["outcome"] == "passed")
    found = {f"pass@{k}": score for k in KS if (score := mean_pass_at_k(by_task.values(), k)) is not None}
    return {"tasks": len(tasks), "samples": how.samples, **found}, rows


def program_of(task: Task, raw: str, chat: bool = False) -> str:
    """The program to run for what a model wrote: a chat answer's code, or the completion up to the task's stops."""
    return task.whole(code_of(raw, task.language)) if chat else task.complete(cut(raw, task.stops))


def _there(language: str) -> bool:
    return language == "py" or shutil.which(LANGUAGES[language].needs) is not None
