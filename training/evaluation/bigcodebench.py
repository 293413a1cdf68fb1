"""BigCodeBench's form (2406.15877), full and hard: calls of many libraries, tested by a class of unittest.

Rows: task_id, complete_prompt (a function's head with its documentation), instruct_prompt (words), code_prompt (imports
and head), canonical_solution (the body), test, entry_point.
"""

from __future__ import annotations

import ast
import sys
import warnings
from pathlib import Path

from training.evaluation.completions import PROGRAM_STOPS
from training.evaluation.reading import Row, field, rows
from training.evaluation.task import Parts, Task, continued
from udfs.execution.programs import MB, Limits

LIMITS = Limits(cpu_seconds=60, memory=8 << 30, processes=128, file=256 * MB, disk=512 * MB, open_files=1024)
"""Of all tests of a task together: libraries take seconds to import."""
SPLITS = ("complete", "instruct")
STOPS = (*PROGRAM_STOPS, "\ndef main(", "\nclass Test")

_RUN = """
import unittest as _unittest, io as _io
_said = _io.StringIO()
_found = _unittest.TextTestRunner(_said).run(_unittest.defaultTestLoader.loadTestsFromTestCase(TestCases))
assert _found.testsRun and _found.wasSuccessful(), _said.getvalue()[-3000:]
"""


def bigcodebench(file: str | Path, split: str = "complete") -> list[Task]:
    """Tasks of a file. A chat model is asked by the documented head (`complete`) or by words (`instruct`); a base
    model always completes the head. Raises ValueError.
    """
    if split not in SPLITS:
        raise ValueError(f"--bigcodebench-split: expected one of {', '.join(SPLITS)}, found {split}")
    return [_task(row, split, file) for row in rows(file)]


def _task(row: Row, split: str, file: str | Path) -> Task:
    head, body = field(row, "complete_prompt", file), field(row, "canonical_solution", file)
    code, test = field(row, "code_prompt", file), field(row, "test", file)
    # The test's own process could not see what it patches: `unittest` in the program keeps both in one.
    tests = f"{test}\n{_RUN}"

    def complete(completion: str) -> Parts:
        return f"{head.rstrip()}{continued(completion)}\nimport unittest\n", tests

    def whole(answer: str) -> Parts:
        return f"{code.rstrip()}\n    pass\n\n{answer}\nimport unittest\n", tests

    words = field(row, "instruct_prompt", file) if split == "instruct" else f"```python\n{head.rstrip()}\n```"
    question = f"Write a self-contained Python program that solves this:\n\n{words}"
    needs = tuple(sorted({*imported(head + body), *imported(test)} - sys.stdlib_module_names))
    number = field(row, "task_id", file)
    return Task(number, head.rstrip(), question, body, complete, whole, stops=STOPS, limits=LIMITS, needs=needs)


def imported(code: str) -> set[str]:
    """Top-level modules that a program imports, within its functions too; none of a text that is no Python."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of escapes in texts
            tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return set()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
