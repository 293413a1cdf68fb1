"""A model on a list of tasks: complete or answer, run, score. Raw completions are kept with each verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.evaluation import tuples_of_java
from training.evaluation.completions import cut
from training.evaluation.generate import Sampling, base_prompts, chat_prompts, completions
from training.evaluation.scores import mean_pass_at_k
from training.evaluation.tasks import Task
from udfs.calls.code_in_answers import code_of
from udfs.execution.languages import Missing, language, tools
from udfs.execution.programs import Limits, Program, Test
from udfs.execution.running import Runner
from udfs.tokens.tokenizer import TextTokenizer

Row = dict[str, Any]
KS = (1, 5, 10)
LIMITS = Limits(cpu_seconds=10, memory=4 << 30)


def scored(
    model: Any,
    tokenizer: TextTokenizer,
    tasks: Sequence[Task],
    how: Sampling,
    chat: bool = False,
    isolation: str = "rlimits",
    workers: int = 2,
) -> tuple[dict[str, Any], list[Row]]:
    """({"tasks", "samples", "pass@k"...}, a row a sample with raw text, program and verdict).

    Raises ValueError where a tool of a task's language is not there, or this machine isolates programs less well than
    `isolation`.
    """
    lacking = [found for name in sorted({t.language for t in tasks}) if isinstance(found := _tools(name), Missing)]
    if lacking:
        raise ValueError(f"evaluation: expected the tools of every language, found {'; '.join(map(str, lacking))}")
    with Runner(isolation, LIMITS) as runner:
        asked = [task.question if chat else task.prompt for task in tasks]
        prompts = (chat_prompts if chat else base_prompts)(asked, tokenizer)
        texts = completions(model, tokenizer, prompts, how, () if chat else [task.stops for task in tasks])
        samples = [(task, i, raw) for task, each in zip(tasks, texts, strict=True) for i, raw in enumerate(each)]
        programs = [program_of(task, raw, chat) for task, _, raw in samples]
        rows: list[Row] = []
        results = runner.run_all(programs, workers)
        for (task, number, raw), program, result in zip(samples, programs, results, strict=True):
            about = {"task": task.id, "sample": number, "raw": raw, "program": text_of(program)}
            verdict = {"outcome": result.status, "detail": result.detail, "isolation": result.level}
            rows.append(about | {"language": task.language} | verdict)
    by_task: dict[str, list[bool]] = {task.id: [] for task in tasks}
    for row in rows:
        by_task[row["task"]].append(row["outcome"] == "passed")
    found = {f"pass@{k}": score for k in KS if (score := mean_pass_at_k(by_task.values(), k)) is not None}
    return {"tasks": len(tasks), "samples": how.samples, **found}, rows


def program_of(task: Task, raw: str, chat: bool = False) -> Program:
    """The program to run for what a model wrote: a chat answer's code, or the completion up to the task's stops."""
    source, tests = task.whole(code_of(raw, task.language)) if chat else task.complete(cut(raw, task.stops))
    # MultiPL-E's programs are translations, and Java has no tuples of its own.
    files = tuples_of_java.sources() if "org.javatuples" in source else {}
    return Program(task.language, source, (Test("tests", tests),), files)


def text_of(program: Program) -> str:
    """Program and tests as one text, to look at."""
    return "\n".join([program.source, *(test.code for test in program.tests if test.code)])


def _tools(name: str) -> object:
    return tools(language(name).name)
