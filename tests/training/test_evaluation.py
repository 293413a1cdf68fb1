"""Evaluation against known answers: references that pass, a recorded model's verdicts, upstream's own example."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from training.evaluation.benchmark import LIMITS, program_of
from training.evaluation.completions import cut
from training.evaluation.scores import bits_per_byte, mean_pass_at_k, pass_at_k
from training.evaluation.task import Task
from training.evaluation.tasks import human_eval, mbpp
from udfs.calls.code_in_answers import code_of, longest_run_that_parses
from udfs.execution.programs import Program, Result
from udfs.execution.running import Runner

SHARED = Path(__file__).parents[3] / "shared" / "benchmarks"
EVERY = bool(os.environ.get("ALL_REFERENCES"))
"""One MBPP reference in eight is run by the suite; all of them, and none skipped, with ALL_REFERENCES=1."""
needs_benchmarks = pytest.mark.skipif(
    not SHARED.exists() and not EVERY, reason="benchmark files lie beside the project, not in it"
)


def unpacked(name: str) -> bytes:
    return gzip.decompress((SHARED / "evalplus" / name).read_bytes())


@cache
def runner() -> Runner:
    return Runner(limits=LIMITS)


def verdicts(programs: Sequence[Program]) -> list[Result]:
    return runner().run_all(programs)


def completed(task: Task) -> str:
    """What a base model would have to write: the prompt has no line end, so that a completion begins with it."""
    return "\n" + task.reference


def test_every_reference_of_human_eval_passes() -> None:
    tasks = human_eval()
    assert len(tasks) == 164
    found = verdicts([program_of(task, completed(task)) for task in tasks])
    print(f"HumanEval: {sum(v.passed for v in found)} of {len(tasks)} references pass")
    assert [t.id for t, v in zip(tasks, found, strict=True) if not v.passed] == []
    assert not any(task.prompt[-1].isspace() for task in tasks)


@needs_benchmarks
@pytest.mark.parametrize(("file", "count"), [("mbpp.jsonl", 974), ("sanitized-mbpp.json", 427)])
def test_references_of_mbpp_pass(file: str, count: int) -> None:
    """Every eighth and those whose set-up needs the solution; all with ALL_REFERENCES=1."""
    tasks = mbpp(SHARED / "mbpp" / file, None)
    assert len(tasks) == count
    some = [t for i, t in enumerate(tasks) if EVERY or i % 8 == 0 or t.id in ("MBPP/367", "MBPP/927")]
    found = verdicts([program_of(task, completed(task)) for task in some])
    print(f"{file}: {sum(v.passed for v in found)} of {len(some)} references pass")
    assert [(t.id, v) for t, v in zip(some, found, strict=True) if not v.passed] == []


@needs_benchmarks
@pytest.mark.parametrize("file", ["mbpp.jsonl", "sanitized-mbpp.json"])
def test_a_tasks_stops_cut_nothing_of_any_reference_of_mbpp(file: str) -> None:
    """Imports, classes and functions begin at the margin there; what a base model adds to them is cut all the same."""
    tasks = mbpp(SHARED / "mbpp" / file, None)
    assert [t.id for t in tasks if cut(completed(t), t.stops) != completed(t)] == []
    more = "\nassert solved()\n"
    assert [t.id for t in tasks if program_of(t, completed(t) + more) != program_of(t, completed(t))] == []


@needs_benchmarks
def test_mbpp_has_its_test_split() -> None:
    assert len(mbpp(SHARED / "mbpp" / "mbpp.jsonl")) == 500


@needs_benchmarks
def test_a_recorded_models_verdicts_are_reproduced() -> None:
    name = "starcoder2-15b-instruct-v0.1-humaneval"
    rows = [json.loads(line) for line in unpacked(f"{name}.jsonl.gz").splitlines()]
    recorded = json.loads(unpacked(f"{name}_eval_results.json.gz"))["eval"]
    tasks = {task.id: task for task in human_eval()}
    found = verdicts([program_of(tasks[row["task_id"]], row["completion"]) for row in rows])
    theirs = [recorded[row["task_id"]][0]["base_status"] == "pass" for row in rows]
    assert [v.passed for v in found] == theirs
    assert sum(theirs) == 119
    assert mean_pass_at_k([[v] for v in theirs], 1) == pytest.approx(0.7256, abs=5e-5)


@pytest.mark.parametrize(
    ("samples", "correct", "k", "expected"),
    [(6, 3, 1, 0.5), (10, 0, 5, 0.0), (10, 10, 1, 1.0), (5, 3, 3, 1.0), (20, 5, 10, 1 - 3003 / 184756)],
)
def test_pass_at_k(samples: int, correct: int, k: int, expected: float) -> None:
    assert pass_at_k(samples, correct, k) == pytest.approx(expected)


def test_pass_at_k_needs_enough_samples_of_every_task() -> None:
    assert mean_pass_at_k([[True, False], [True]], 2) is None
    assert mean_pass_at_k([], 1) is None
    assert mean_pass_at_k([[True, False], [False, False]], 1) == 0.25
    with pytest.raises(ValueError, match="pass@k"):
        pass_at_k(3, 4, 1)


def test_bits_per_byte() -> None:
    assert bits_per_byte(5.545177444479562, 8) == pytest.approx(1.0)
    assert bits_per_byte(1.0, 0) is None


@pytest.mark.parametrize(
    ("completion", "expected"),
    [
        ("    return 1\n\n\ndef other():\n    pass\n", "    return 1\n\n"),
        ("    return 1\nprint(f())\n", "    return 1"),
        ("    x = 'class '\n    return x\n", "    x = 'class '\n    return x\n"),
        ("    return 1\n# test\nassert f() == 1", "    return 1"),
    ],
)
def test_a_completion_ends_at_the_first_stop(completion: str, expected: str) -> None:
    assert cut(completion) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Sure:\n```python\ndef f():\n    return 1\n```\nand\n```\nf()\n```", "def f():\n    return 1\n"),
        ("```bash\npip install x\n```\n```py\nx = 1\n```", "x = 1\n"),
        ("```\nx = 1\n```", "x = 1\n"),
        ("```python\nx = 1\ny = 2", "x = 1\ny = 2"),
        ("Here is the code.\n\ndef f():\n    return 1\n\nIt returns 1.", "\ndef f():\n    return 1\n\n"),
        ("no code, none at all!", "no code, none at all!"),
    ],
)
def test_code_of_an_answer(answer: str, expected: str) -> None:
    assert code_of(answer) == expected


PYTHON_TOO = "In Python:\n```python\nx = 1\n```\nand as asked:\n```%s\n%s\n```"


@pytest.mark.parametrize(
    ("language", "tag", "code"),
    [
        ("js", "javascript", "const add = (a, b) => a + b;"),
        ("sh", "bash", "f() { echo $1; }"),
        ("cpp", "c++", "int f() { return 1; }"),
        ("rs", "Rust", "fn f() -> i32 { 1 }"),
        ("php", "php", "function f() { return 1; }"),
        ("rb", "ruby", "def f = 1"),
        ("lua", "lua", "f = 1"),
    ],
)
def test_code_of_an_answer_in_the_tasks_language(language: str, tag: str, code: str) -> None:
    """Neither a Python block before it nor the lines that happen to be Python are the answer."""
    task = Task("t", "", "", "", lambda raw: (raw, ""), lambda answer: (f"<{answer.strip()}>", ""), language)
    assert program_of(task, PYTHON_TOO % (tag, code), chat=True).source == f"<{code}>"
    bare = f"total = 0\ncount = 1\n{code}"
    assert program_of(task, bare, chat=True).source == f"<{bare}>"


def test_the_longest_run_is_found_in_bounded_time() -> None:
    text = "this is no code )\n" * 1500 + "x = 1\ny = 2\n" + "nor ( is this\n" * 400
    assert longest_run_that_parses(text) == "x = 1\ny = 2\n"
