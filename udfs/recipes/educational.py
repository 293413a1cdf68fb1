"""Educational-Instruct: from code of educational value a problem, its solution and tests that the solution passes.

OpenCoder, stage 2 (118,278 rows published, with code, entry_point and testcase, 3.3 tests on average): a scorer picks
seed code, a teacher writes task, solution and several tests, a Python interpreter runs them, failures are dropped.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from udfs.recipes.asking import code_in, sections
from udfs.recipes.judging import Judging, judge, need
from udfs.recipes.rubrics import rubric
from udfs.recipes.solutions import best, compared, python_of
from udfs.recipes.steps import Answer, Ask, Dropped, Made, Ran, Recipe, Seed, Steps, Test
from udfs.recipes.writing import (
    at_least,
    fenced,
    instruction,
    need_passed,
    program,
    tests_of,
    text_of,
    tongue,
    why,
)


@dataclass(frozen=True)
class Educational:
    """`least_value`: mean of the rubric `educational` (1 to 5) below which nothing more is asked, so no money is spent
    (paper: "high educational value", no number). `tests` are asked for (paper: several; published 3.3 on average),
    `least_tests` needed, `most_tests` run. `need`: share of them that has to pass (paper: all).

    `answers` above 1: so many solutions to one problem run on the same tests; the first one that passes is taken, and
    `answers_agree` and `tests_trust` stand among the scores. `reason_first`, `second`: see udfs/recipes/judging.py.
    """

    least_value: float = 3.5
    tests: int = 5
    least_tests: int = 3
    most_tests: int = 12
    need: float = 1.0
    answers: int = 1
    reason_first: bool = True
    second: bool = False
    most: int = 3
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        at_least("educational", 1, tests=self.tests, least_tests=self.least_tests, answers=self.answers)
        if not 0 <= self.need <= 1:
            raise ValueError(f"educational.need: expected a share from 0 to 1, found {self.need}; correct it")


@dataclass(frozen=True)
class _Tried:
    """What the runs say: which code is taken, how it passed, and numbers about all answers."""

    code: str
    ran: Ran
    scores: dict[str, float]


def play(seed: Seed, p: Educational) -> Steps:
    """One row. Raises Dropped `educational_value`, `tests_failed` and what asking raises."""
    code = text_of(seed, "code")
    judging = Judging(p.reason_first, p.second, p.most)
    value = yield from judge("", code, rubric("educational"), judging, step="score")
    need(value, p.least_value, "educational_value")
    fields = {"code": code, "given": seed.language, "tests": p.tests, "tongue": tongue(code)}
    answer: Answer = yield Ask("problem", "educational", fields)
    parts = sections("problem", answer.text, ("Problem", "Entry point", "Solution", "Tests"))
    entry = _entry_point(parts["Entry point"])
    solution = code_in("problem", parts["Solution"], "python")
    if not _defines(solution, entry):
        raise Dropped("no_entry_point", detail=entry[:100])
    tests = tests_of("problem", code_in("problem", parts["Tests"], "python"), "python", p.least_tests, p.most_tests)
    tried = yield from _tried(parts["Problem"], entry, solution, tests, p)
    scores = value.as_scores("educational") | {
        "tests": float(len(tests)),
        "tests_passed": need_passed(tried.ran, p.need),
    }
    return [_row(seed, parts["Problem"], entry, tried, tests, scores | tried.scores)]


def _tried(
    problem: str, entry: str, solution: str, tests: Sequence[Test], p: Educational
) -> Generator[Any, Any, _Tried]:
    codes = [solution]
    if p.answers > 1:
        fields = {"problem": problem, "entry_point": entry, "tongue": tongue(problem)}
        asks = [Ask("solve", "solve", fields, sample=number, whole=False) for number in range(p.answers - 1)]
        answers: list[Answer] = yield asks
        codes += [code for code in (python_of("solve", answer) for answer in answers) if code]
    rans: list[Ran] = yield [program("test", "python", code, tests, p) for code in codes]
    scores: dict[str, float] = {}
    if p.answers > 1:
        scores = yield from compared(codes, rans, tests, entry, p.cpu_seconds)
    taken = best(rans)
    return _Tried(codes[taken], rans[taken], scores)


def _row(seed: Seed, problem: str, entry: str, tried: _Tried, tests: Sequence[Test], scores: dict[str, float]) -> Made:
    texts = [test.code for test in tests]
    parts = {"code": tried.code, "entry_point": entry, "testcase": json.dumps(texts, ensure_ascii=False)}
    if not tried.ran.passed:
        parts["failed"] = why(tried.ran)
    return instruction(seed, problem, fenced("python", tried.code), 2, "python", scores=scores, parts=parts)


def _entry_point(text: str) -> str:
    """The name of the function. Raises Dropped where there is none."""
    found = re.search(r"`([A-Za-z_]\w{0,99})`", text) or re.search(r"([A-Za-z_]\w{0,99})", text)
    if not found:
        raise Dropped("no_entry_point", detail=text[:100])
    return found[1]


def _defines(code: str, name: str) -> bool:
    """Whether Python code has a function or a class of that name at its top level."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) and node.name == name for node in tree.body)


RECIPE = Recipe(
    "educational",
    "Problems with a solution and tests that it passes, after code of educational value.",
    play,
    Educational(),
    "instructions",
    asks=(("score", "judge", 1.0), ("problem", "educational", 1.0), ("solve", "solve", 0.0)),
    runs=1.0,
    needs=("python",),
    takes=("function", "file", "snippet"),
    times=lambda p: {"solve": p.answers - 1} | ({"score2": 1} if p.second else {}),
)
