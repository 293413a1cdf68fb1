"""A model on a list of tasks: complete or answer, run, score. Raw completions are kept with each verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from training.evaluation import tuples_of_java
from training.evaluation.completions import cut
from training.evaluation.lacking import able, what_lacks
from training.evaluation.scores import mean_pass_at_k
from training.evaluation.task import Task, continued
from training.evaluation.writers import Writer
from udfs.calls.code_in_answers import code_of
from udfs.execution.programs import Limits, Program, Result, Test, Verdict
from udfs.execution.running import Runner, alone_again

Row = dict[str, Any]
Sample = tuple[Task, int, str]
"""A task, the number of the sample, what was written."""
KS = (1, 5, 10)
LIMITS = Limits(cpu_seconds=10, memory=4 << 30)
AT_ONCE = 4
"""Tests of a launch where the first failure ends them."""


def scored(
    writer: Writer,
    tasks: Sequence[Task],
    chat: bool = False,
    isolation: str = "rlimits",
    workers: int = 2,
    libraries: Sequence[str] = (),
    references: bool = False,
) -> tuple[dict[str, Any], list[Row]]:
    """({"tasks", "samples", "pass@k"...}, a row a sample with raw text, program and verdict).

    Tasks for which something lacks here are not asked: they are counted under `cannot_run`, by what lacks; with
    `references` also those whose own reference solution does not pass here. Raises
    ValueError where that is so of all, or this machine isolates programs less well than `isolation`.
    """
    with Runner(isolation, LIMITS, libraries=libraries) as runner:
        asked, lacking = runnable(runner, tasks, references, workers)
        texts = written(writer, asked, chat)
        samples = [(task, i, raw) for task, each in zip(asked, texts, strict=True) for i, raw in enumerate(each)]
        rows = judged(runner, samples, chat, workers)
    return summed(asked, rows) | ({"cannot_run": lacking} if lacking else {}), rows


def runnable(
    runner: Runner, tasks: Sequence[Task], references: bool, workers: int
) -> tuple[list[Task], dict[str, Any]]:
    """(tasks that can be run here, what lacks for the others), see `scored`. Raises ValueError where none can."""
    lacking = what_lacks(tasks, runner)
    asked = able(tasks, lacking)
    if references:
        lacking = failing(runner, asked, lacking, workers)
        asked = able(tasks, lacking)
    return asked, lacking


def failing(runner: Runner, tasks: Sequence[Task], lacking: dict[str, Any], workers: int) -> dict[str, Any]:
    """What lacks, and the tasks whose reference solution fails here: a network, another version of a package."""
    rows = judged(runner, [(t, 0, continued(t.reference)) for t in tasks if t.reference], False, workers)
    found = [row["task"] for row in rows if row["outcome"] != "passed"]
    if not found:
        return lacking
    why = lacking.get("why", {}) | {"the reference solution does not pass here": len(found)}
    return {"packages": [], **lacking, "tasks": sorted([*lacking.get("tasks", ()), *found]), "why": why}


def written(writer: Writer, tasks: Sequence[Task], chat: bool) -> list[list[str]]:
    """The samples of each task, raw."""
    if chat:
        return writer.answers([({"role": "user", "content": task.question},) for task in tasks])
    return writer.completions([task.prompt for task in tasks], [task.stops for task in tasks])


def judged(runner: Runner, samples: Sequence[Sample], chat: bool, workers: int) -> list[Row]:
    """A row a sample: `outcome` of all tests, `tests` of each one that has a name, what was written and run."""
    programs = [program_of(task, raw, chat) for task, _, raw in samples]
    pairs = [(program, task) for program, (task, _, _) in zip(programs, samples, strict=True)]
    results = alone_again(lambda pair: run(runner, *pair), pairs, workers)
    return [_row(*of) for of in zip(samples, programs, results, strict=True)]


def run(runner: Runner, program: Program, task: Task) -> Result:
    """Verdicts of a program's tests; of a task that ends `early` of those up to a handful behind the first failure."""
    if not task.early:
        return runner.run(program, task.limits)
    verdicts: list[Verdict] = []
    for begin in range(0, len(program.tests), AT_ONCE):
        found = runner.run(replace(program, tests=program.tests[begin : begin + AT_ONCE]), task.limits)
        verdicts += found.verdicts
        if not found.passed:
            break
    return replace(found, verdicts=tuple(verdicts))


def _row(sample: Sample, program: Program, result: Result) -> Row:
    task, number, raw = sample
    about = {"task": task.id, "sample": number, "raw": raw, "program": text_of(program)}
    named = {v.name: v.status for v in result.verdicts} if len(result.verdicts) > 1 else {}
    more = ({"tests": named} if named else {}) | ({"group": task.group} if task.group else {})
    verdict = {"outcome": result.status, "detail": result.detail, "isolation": result.level}
    return about | {"language": task.language} | more | verdict


def summed(tasks: Sequence[Task], rows: Sequence[Row]) -> dict[str, Any]:
    """Counts and pass@k over all tasks, over those of each group, and of the tests that are counted apart."""
    samples = max((row["sample"] + 1 for row in rows), default=0)
    found: dict[str, Any] = {"tasks": len(tasks), "samples": samples, **_passed(tasks, rows)}
    groups = sorted({task.group for task in tasks} - {""})
    for group in groups if len(groups) > 1 else ():
        some = [task for task in tasks if task.group == group]
        found.setdefault("groups", {})[group] = {"tasks": len(some), **_passed(some, rows)}
    for name in dict.fromkeys(name for task in tasks for name in task.apart):
        some = [task for task in tasks if name in task.apart]
        found.setdefault("apart", {})[name] = {"tasks": len(some), **_passed(some, rows, name)}
    return found


def _passed(tasks: Iterable[Task], rows: Sequence[Row], test: str = "") -> dict[str, float]:
    by_task: dict[str, list[bool]] = {task.id: [] for task in tasks}
    for row in rows:
        if row["task"] in by_task:
            by_task[row["task"]].append((row["tests"][test] if test else row["outcome"]) == "passed")
    return {f"pass@{k}": score for k in KS if (score := mean_pass_at_k(by_task.values(), k)) is not None}


def program_of(task: Task, raw: str, chat: bool = False) -> Program:
    """The program to run for what a model wrote: a chat answer's code, or the completion up to the task's stops."""
    source, tests = task.whole(code_of(raw, task.language)) if chat else task.complete(cut(raw, task.stops))
    # MultiPL-E's programs are translations, and Java has no tuples of its own.
    files = tuples_of_java.sources() if "org.javatuples" in source else {}
    given = (Test("tests", tests),) if isinstance(tests, str) else tests
    return Program(task.language, source, given, {**task.files, **files})


def text_of(program: Program) -> str:
    """Program and tests as one text, to look at. What a test brings along to compare is left out."""
    return "\n".join([program.source, *(test.code for test in program.tests if test.code and _short(test.code))])


def _short(code: str) -> bool:
    return "_refinelake" not in code
