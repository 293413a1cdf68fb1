"""Code correction: a program with a bug that is proven by a test to fail, and a repair that is proven to pass.

OpenCodeInterpreter (2402.14658, section 2.2): a model writes wrong code on purpose, the error of its run follows, then
the repair. Here nothing is believed: the right program passes its tests, the wrong one fails one of them, the repair
passes all, and the message between is what the run said.
"""

from __future__ import annotations

from dataclasses import dataclass

from udfs.execution.feedback import Told, feedback
from udfs.recipes.asking import code_in, drawn, said, sections
from udfs.recipes.dialogue_rows import TARGET, row, turn
from udfs.recipes.steps import Answer, Ask, Dropped, Ran, Recipe, Seed, Steps
from udfs.recipes.writing import (
    at_least,
    fenced,
    need_passed,
    program,
    share_passed,
    tests_of,
    text_of,
    tongue,
)

BUGS = (
    "an edge that is not covered",
    "a bound that is off by one",
    "a wrong comparison or operator",
    "a state that is changed while it is still needed",
    "a wrong initial value",
    "a case that is handled in the wrong order",
    "a wrong type or a missing conversion",
    "a name that is used for two things",
)


@dataclass(frozen=True)
class Correction:
    """`tests` are asked for with the problem, `least_tests` needed, `most_tests` run."""

    tests: int = 5
    least_tests: int = 3
    most_tests: int = 12
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        at_least("correction", 1, tests=self.tests, least_tests=self.least_tests)


def play(seed: Seed, p: Correction) -> Steps:
    """One dialogue. Raises Dropped `tests_failed` of the right program or the repair, `bug_passes`, and what asking
    raises.
    """
    code = text_of(seed, "code")
    spoken = tongue(code)
    fields = {"code": code, "given": seed.language, "tests": p.tests, "tongue": spoken}
    answer: Answer = yield Ask("problem", "educational", fields)
    parts = sections("problem", answer.text, ("Problem", "Entry point", "Solution", "Tests"))
    question, entry = parts["Problem"], parts["Entry point"].strip("` \n")
    solution = code_in("problem", parts["Solution"], "python")
    tests = tests_of("problem", code_in("problem", parts["Tests"], "python"), "python", p.least_tests, p.most_tests)
    right: Ran = yield program("right", "python", solution, tests, p)
    need_passed(right)
    (kind,) = drawn(seed.seed_id, BUGS)
    written: Answer = yield Ask("bug", "write_bug", {"question": question, "solution": solution, "kind": kind})
    wrong_code = code_in("bug", written.text, "python")
    wrong: Ran = yield program("wrong", "python", wrong_code, tests, p)
    if wrong.passed:
        raise Dropped("bug_passes", 1.0, 1.0, kind)
    told = [Told(t.status, t.detail, test.code or "") for t, test in zip(wrong.tests, tests, strict=False)]
    said_of_run = said(feedback(told, entry))
    shown = fenced("python", wrong_code)
    asked = {"question": question, "program": shown, "feedback": said_of_run, "tongue": spoken}
    mended: Answer = yield Ask("repair", "repair_bug", asked)
    repair: Ran = yield program("mended", "python", code_in("repair", mended.text, "python"), tests, p)
    need_passed(repair)
    messages = [
        turn("user", question),
        turn("assistant", shown),
        turn("user", f"Execution result:\n\n{said_of_run}"),
        turn("assistant", said(mended.text)),
    ]
    scores = {"tests": float(len(tests)), "bug_passed": share_passed(wrong)}
    return [row(seed, "correction", messages, "python", scores)]


RECIPE = Recipe(
    "correction",
    "Programs with a bug that a run proves, what the run said, and a repair that passes.",
    play,
    Correction(),
    TARGET,
    asks=(("problem", "educational", 1.0), ("bug", "write_bug", 1.0), ("repair", "repair_bug", 1.0)),
    runs=3.0,
    needs=("python",),
    takes=("function", "snippet"),
)
