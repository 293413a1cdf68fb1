"""OpenCodeInstruct: a task is answered, ten tests are written and run, a judge scores three criteria. Nothing is thrown
away that a view could choose among.

Paper 2504.04030, section 2: one answer, ten assertions of the same model, status of each and their mean, a judge with
three criteria from 1 to 5. A fifth of the published rows passes no test, mostly for wrong tests: several answers to one
task say which tests are suspect.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from udfs.calls.code_in_answers import code_blocks
from udfs.recipes import trust
from udfs.recipes.asking import code_in, said, whole
from udfs.recipes.judging import Judgement, Judging, judge
from udfs.recipes.population import CROSSOVER, DOMAINS, SOLVED_BY, algorithm_of
from udfs.recipes.rubrics import rubric
from udfs.recipes.solutions import best, compared, python_of
from udfs.recipes.steps import Answer, Ask, Dropped, Made, Ran, Recipe, Seed, Steps, Test
from udfs.recipes.writing import at_least, pair, program, says_who_it_is, share_passed, text_of, tongue

CRITERIA = "solution"
"""Rubric: requirement_conformance, logical_correctness, edge_case_consideration."""
_TEST = re.compile(r"<test>\s*(.*?)\s*</test>", re.DOTALL)


@dataclass(frozen=True)
class OpenCodeInstruct:
    """`answers` to each task (paper: 1); of several the one that passes most tests is taken. `tests` are asked for
    (paper: 10), those that are assertions about what the answer defines are run; with fewer than `least_tests` the row
    goes without. `judged`: by the rubric `solution`; `second`: by another model too.
    """

    answers: int = 1
    tests: int = 10
    least_tests: int = 1
    judged: bool = True
    reason_first: bool = True
    second: bool = False
    most: int = 3
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        at_least("open_code_instruct", 1, answers=self.answers, least_tests=self.least_tests)
        at_least("open_code_instruct", 0, tests=self.tests)


def play(seed: Seed, p: OpenCodeInstruct) -> Steps:
    """One row. Raises Dropped `no_code`, `syntax_error`, `says_who_it_is` and what asking raises."""
    question = text_of(seed, "question")
    fields = {"question": question, "tongue": tongue(question)}
    asks = [Ask("solve", "solution", fields, sample=n, whole=p.answers == 1) for n in range(p.answers)]
    answers: list[Answer] = yield asks
    found = _programs(answers)
    tests: tuple[Test, ...] = ()
    if p.tests:
        asked = fields | {"solution": said(found[0][0].text), "tests": p.tests}
        written: Answer = yield Ask("tests", "unit_tests", asked, whole=False)
        tests = assertions_in(written.text, found[0][1], p.tests) if not written.refused else ()
    tests = tests if len(tests) >= p.least_tests else ()
    rans: list[Ran] = []
    scores = _of_task(seed, question)
    if tests:
        rans = yield [program("test", "python", code, tests, p) for _, code in found]
        scores |= {"tests": float(len(tests))}
        if len(found) > 1:
            entry = entry_point(found[0][1], tests)
            scores |= yield from compared([code for _, code in found], rans, tests, entry, p.cpu_seconds)
    taken = best(rans) if rans else 0
    answer = said(found[taken][0].text)
    judgement = None
    if p.judged:
        judging = Judging(p.reason_first, p.second, p.most)
        judgement = yield from judge(question, answer, rubric(CRITERIA), judging)
    return [_row(seed, question, answer, tests, rans[taken] if rans else None, judgement, scores)]


def _programs(answers: Sequence[Answer]) -> list[tuple[Answer, str]]:
    """The answers that hold a program which parses. Raises Dropped where none does."""
    coded = [(answer, code) for answer in answers if (code := python_of("solve", answer))]
    if not coded:
        code_in("solve", whole("solve", answers[0]), "python")  # says why not
    found = [(answer, code) for answer, code in coded if parses(code)]
    if not found:
        raise Dropped("syntax_error", detail="solve")
    plain = [(answer, code) for answer, code in found if not says_who_it_is(said(answer.text))]
    if not plain:
        raise Dropped("says_who_it_is")
    return plain


def parses(code: str) -> bool:
    """Whether it is a Python module with something in it."""
    tree = trust.parsed(code)
    return tree is not None and bool(tree.body)


def assertions_in(text: str, code: str, most: int) -> tuple[Test, ...]:
    """Tests that a model wrote, between <test> and </test>, else in fences or plain lines: assertions that parse and
    that call what the code defines, each once.
    """
    pieces = _TEST.findall(said(text)) or [body for _, body in code_blocks(text)] or [said(text)]
    texts = [assertion for piece in pieces for assertion in trust.assertions(piece, most)]
    defined = names_in(code)
    fit = [text for text in dict.fromkeys(texts) if called(text) & defined]
    return trust.numbered(fit[:most])


def names_in(code: str) -> set[str]:
    """Functions and classes at the top of a module."""
    tree = trust.parsed(code)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds)} if tree else set()


def called(code: str) -> set[str]:
    """Names that are called anywhere in it."""
    tree = trust.parsed(code)
    if tree is None:
        return set()
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {name.id for name in calls if isinstance(name, ast.Name)}


def entry_point(code: str, tests: Sequence[Test]) -> str:
    """What most tests call of the module, the first by name of several."""
    counts = {name: sum(name in called(test.code or "") for test in tests) for name in names_in(code)}
    return min(counts, key=lambda name: (-counts[name], name), default="")


def _of_task(seed: Seed, question: str) -> dict[str, float]:
    """What views ask about a task, as numbers."""
    operator = seed.fields.get("operator", "")
    return {
        "algorithmic": float(domain_of(seed) == "algorithmic"),
        "crossover": float(operator == CROSSOVER),
        "mutation": float(bool(operator) and operator != CROSSOVER),
        "generation": float(seed.fields.get("generation") or 0),
        "code_in_question": float(bool(code_blocks(question))),
    }


def domain_of(seed: Seed) -> str:
    """Of given questions: algorithmic, unless they say otherwise."""
    found = seed.fields.get("domain", "")
    return found if found in DOMAINS else "algorithmic"


def _row(
    seed: Seed,
    question: str,
    answer: str,
    tests: Sequence[Test],
    ran: Ran | None,
    judgement: Judgement | None,
    scores: dict[str, float],
) -> Made:
    statuses = ["pass" if test.status == "passed" else "fail" for test in ran.tests] if ran else []
    said_of = []
    if judgement:
        scores |= judgement.as_scores() | {"judge_least": float(min(judgement.scores.values()))}
        said_of = [
            {"criterion": name, "score": float(n), "justification": judgement.reasons.get(name, "")}
            for name, n in judgement.scores.items()
        ]
    if ran:
        scores["average_test_score"] = share_passed(ran)
    parts = {
        "domain": domain_of(seed),
        "generation_algorithm": algorithm_of(seed.fields.get("operator", "")),
        "unit_tests": _json([test.code for test in tests]),
        "tests_execution_status": _json(statuses),
        "llm_judgement": _json(said_of),
    }
    return Made(SOLVED_BY, pair(question, answer), language="python", stage=2, scores=scores, parts=parts)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _times(p: OpenCodeInstruct) -> Mapping[str, float]:
    judged = 1.0 if p.judged else 0.0
    second = {"judge2": judged} if p.second else {}
    return {"solve": p.answers, "tests": 1.0 if p.tests else 0.0, "judge": judged} | second


RECIPE = Recipe(
    SOLVED_BY,
    "Tasks of a population with an answer, tests that were run, and a judgement.",
    play,
    OpenCodeInstruct(),
    SOLVED_BY,
    asks=(("solve", "solution", 1.0), ("tests", "unit_tests", 1.0), ("judge", "judge", 1.0)),
    runs=1.0,
    needs=("python",),
    takes=("individual", "dialogue", "question"),
    times=_times,
)
