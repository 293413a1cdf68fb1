"""Several answers to one task: their code, which of them is taken, and what they say about its tests."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from udfs.recipes import trust
from udfs.recipes.asking import code_in, usable
from udfs.recipes.steps import Answer, Dropped, Ran, Run, Test
from udfs.recipes.writing import share_passed


def python_of(step: str, answer: Answer) -> str:
    """The Python code of an answer; "" where it has none, was refused or cut."""
    try:
        return code_in(step, answer.text, "python") if usable(answer) else ""
    except Dropped:
        return ""


def best(rans: Sequence[Ran]) -> int:
    """Number of the answer that passed most tests, the first of several."""
    return max(range(len(rans)), key=lambda number: (share_passed(rans[number]), -number))


def compared(
    codes: Sequence[str], rans: Sequence[Ran], tests: Sequence[Test], entry: str, cpu_seconds: float = 0.0
) -> Generator[Any, Any, dict[str, float]]:
    """What all answers give on the inputs of the tests: numbers for a row, for none that cannot be had."""
    calls = [trust.call_of(test.code or "", entry) for test in tests]
    found = {"answers": float(len(codes)), "answers_passed": sum(ran.passed for ran in rans) / len(rans)}
    if any(calls) and len(codes) > 1:
        runs = [Run("compare", "python", trust.comparing(code, calls), cpu_seconds=cpu_seconds) for code in codes]
        outcomes: list[Ran] = yield runs
        given = [trust.outcomes(ran, len(calls)) for ran in outcomes]
        numbers = {"answers_agree": trust.answers_agree(given), "tests_trust": trust.tests_trust(rans, given)}
        found |= {name: number for name, number in numbers.items() if number is not None}
    return found
