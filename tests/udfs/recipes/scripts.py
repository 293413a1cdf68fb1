"""For each recipe a seed, settings and what a good teacher says at each step."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from typing import Any, NamedTuple

from tests.udfs.recipes.driving import Said
from udfs.calls.requests import Answer
from udfs.recipes.book import RECIPES
from udfs.recipes.steps import Seed

CODE = "def halve(values):\n    return values[: len(values) // 2]\n"
ADD = "def add(a: int, b: int) -> int:\n    return a + b\n"
ADD_TESTS = "assert add(1, 2) == 3\nassert add(-1, 1) == 0\nassert add(0, 0) == 0\n"
PYTHON = f"## Code\n```python\n{ADD}```\n## Tests\n```python\n{ADD_TESTS}```\n"
QUESTION = "How do I add two numbers in Python with a function `add`?"
ANSWER = f"Like this:\n\n```python\n{ADD}```\n\nIt gives their sum."


def block(language: str, code: str) -> str:
    return f"```{language}\n{code.rstrip()}\n```"


def judged(score: int, *names: str) -> str:
    return json.dumps({name: {"reason": "because", "score": score} for name in names})


def scored(score: int, *names: str) -> str:
    return json.dumps({name: {"score": score, "why": "because"} for name in names})


def dialogue(*turns: str) -> dict[str, str]:
    talk = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(turns)]
    return {"dialogue": json.dumps(talk), "question": turns[0], "answer": turns[1]}


def evolved(prompt: str, _: int) -> str:
    """Another task for every prompt."""
    return f"Write a function that adds {sha256(prompt.encode('utf-8', 'replace')).hexdigest()}."


PAGE = (
    "Menu  Login\n\nA list is halved by slicing it in the middle. Slices never raise for short lists.\n\n"
    "Subscribe to our newsletter!"
)
PROBLEM = f"""### Problem
Write `add(a, b)` that gives the sum of two whole numbers.
### Entry point
`add`
### Solution
{block("python", ADD)}
### Tests
{block("python", ADD_TESTS)}"""
TASK = "Write a function `add(a, b)` that gives the sum of two whole numbers, negative ones included."
PUBLISHED = {
    "id": "0" * 32,
    "input": TASK,
    "output": ANSWER,
    "domain": "generic",
    "generation_algorithm": "self-instruct",
    "llm_judgement": json.dumps({"requirement_conformance": {"score": 5, "justification": "all of it"}}),
    "unit_tests": json.dumps(ADD_TESTS.splitlines()),
    "tests_execution_status": json.dumps(["pass", "pass", "fail"]),
    "average_test_score": "0.6666666666666666",
}
PROBLEM_ROW = {
    "question": TASK,
    "solutions": json.dumps([ADD, "def add(a, b):\n    return sum((a, b))\n"]),
    "skill_types": "['Sorting', 'Amortized analysis']",
}
MEDIUM = "def f(a):\n    x = a * 2\n    return x\n"
REWRITTEN = 'def f(a: int) -> int:\n    """Twice of it."""\n    return 2 * a\n'
LOOP = "def count(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n"
CRITERIA = ("requirement_conformance", "logical_correctness", "edge_case_consideration")
VALUE = ("concept", "self_contained", "checkable")
QUALITY = ("answers", "correct", "form")


class Case(NamedTuple):
    """A thread that goes through."""

    seed: Seed
    settings: Any
    script: dict[str, Said]


def seed(fields: dict[str, str], language: str = "python") -> Seed:
    return Seed("5eed", fields, language, "somewhere", "mit")


def settings(name: str, **changed: Any) -> Any:
    return replace(RECIPES[name].settings, **changed)


FILE = ("readable", "sound", "substance")
CASES = {
    "file_quality": Case(seed({"code": CODE}), settings("file_quality"), {"score": judged(4, *FILE)}),
    "web_labels": Case(
        seed({"title": "Halving", "text": PAGE, "url": "https://example.org/a"}, ""),
        settings("web_labels"),
        {
            "q1": Answer("YES", finish="length", logprobs=({"YES": -0.2, " yes": -3.0, "NO": -2.0, "The": -5.0},)),
            "q2": Answer("NO", finish="length"),
        },
    ),
    "snippets": Case(seed({"code": CODE}), settings("snippets", languages=("python",)), {"write": PYTHON}),
    "textbooks": Case(
        seed({"code": CODE, "task": "Halve a list."}), settings("textbooks"), {"explain": "The slice. " * 60}
    ),
    "infinity": Case(
        seed(dialogue(QUESTION, "Use +.")),
        settings("infinity", rewrite=True),
        {"label": '{"reason": "asks for a function", "yes": true}', "rewrite": ANSWER},
    ),
    "realuser": Case(
        seed(dialogue("What is the weather like?", "Fine.", QUESTION + " I am bob@corp.com.", "Use +, bob@corp.com.")),
        settings("realuser"),
        {
            "turns": '{"reason": "the second", "turns": [2]}',
            "judge": judged(2, *QUALITY),
            "regenerate": ANSWER + "\nWrite to alice@corp.com.",
        },
    ),
    "diverse": Case(
        seed({"title": "Halving", "text": PAGE}, ""),
        settings("diverse", languages=("python",), run_types=("write a function",), talk_types=()),
        {
            "sentences": '{"reason": "lists", "sentences": '
            '["A list is halved by slicing it in the middle.", "Made up."]}',
            "write": f"### Question\n{QUESTION}\n### Answer\n{ANSWER}\n### Tests\n{block('python', ADD_TESTS)}",
            "refine": f"Better:\n\n```python\n# Adds.\n{ADD}```\n\nIt costs nothing.",
        },
    ),
    "educational": Case(
        seed({"code": CODE}),
        settings("educational", answers=3),
        {
            "score": judged(5, *VALUE),
            "problem": PROBLEM,
            "solve": [block("python", ADD), block("python", "def add(a, b):\n    return a - b")],
        },
    ),
    "package_api": Case(
        seed({"ecosystem": "npm", "package": "small", "version": "1.2.3"}), settings("package_api"), {}
    ),
    "package": Case(
        seed(
            {
                "ecosystem": "python",
                "package": "small",
                "module": "small",
                "symbol": "twice",
                "version": "1.2.3",
                "signature": "twice(x)",
                "doc": "Twice of it.",
                "usage": "",
            }
        ),
        settings("package"),
        {
            "write": "### Question\nHow is a number doubled with small?\n### Answer\nCall it:\n"
            + block("python", "from small import twice\nassert twice(2) == 4")
        },
    ),
    "evol": Case(
        seed({"question": "Write a function that adds two numbers."}),
        settings("evol", rounds=2, every=True, judged=True),
        {
            "evolve": evolved,
            "answer": ANSWER,
            "judge": judged(4, "requirement_conformance", "logical_correctness", "edge_case_consideration"),
        },
    ),
    "mceval": Case(
        seed({"code": CODE}),
        settings("mceval", languages=("python",)),
        {"write": f"### Task\n{QUESTION}\n### Answer\n{ANSWER}\n### Tests\n{block('python', ADD_TESTS)}"},
    ),
    "oss_questions": Case(seed({"code": CODE}), settings("oss_questions"), {"question": TASK}),
    "evolution": Case(
        seed(
            {
                "questions": json.dumps([TASK, "Write a function that sorts words by their last letter."]),
                "operator": "crossover",
                "parents": '["b", "a"]',
                "generation": "2",
                "colony": "7",
                "domain": "generic",
            }
        ),
        settings("evolution", least_fitness=3.0),
        {"mutate": evolved, "cross": evolved, "fitness": judged(4, "self_contained", "checkable", "solvable")},
    ),
    "open_code_instruct": Case(
        seed({"question": TASK, "domain": "generic", "operator": "constraint"}),
        settings("open_code_instruct", answers=2),
        {
            "solve": [ANSWER, f"Wrong:\n{block('python', 'def add(a, b): return a - b')}"],
            "tests": "".join(f"<test>{line}</test>\n" for line in ADD_TESTS.splitlines()) + "<test>assert 1</test>",
            "judge": judged(5, *CRITERIA),
        },
    ),
    "open_code_rows": Case(seed({"row": json.dumps(PUBLISHED)}), settings("open_code_rows"), {}),
    "queries": Case(
        seed(dialogue(TASK, ANSWER)),
        settings("queries"),
        {"complexity1": scored(5, "complexity"), "complexity2": scored(4, "demands")},
    ),
    "problems": Case(seed({"row": json.dumps(PROBLEM_ROW)}), settings("problems"), {}),
    "packing": Case(
        seed({"kind": "single_turn", "members": json.dumps([{"question": TASK, "answer": ANSWER}] * 2)}),
        settings("packing"),
        {},
    ),
    "interaction": Case(
        seed({"question": TASK, "answer": ""}),
        settings("interaction"),
        {
            "answer": f"Try:\n{block('python', 'print(addd(1, 2))')}",
            "repair": f"The name was wrong.\n{block('python', ADD + 'print(add(1, 2))')}",
            "user": "Please add a check that both are numbers.",
            "follow": f"Here it is.\n{block('python', ADD)}",
        },
    ),
    "correction": Case(
        seed({"code": CODE}),
        settings("correction"),
        {
            "problem": PROBLEM,
            "bug": block("python", "def add(a, b):\n    return a - b"),
            "repair": f"The sign was wrong.\n\n{block('python', ADD)}",
        },
    ),
    "follow_up": Case(
        seed({"question": TASK, "solutions": json.dumps([ADD, "def add(a, b):\n    return sum((a, b))"])}),
        settings("follow_up"),
        {"explain": "It adds.\n\nIt costs nothing."},
    ),
    "rewriting": Case(
        seed({"code": MEDIUM}),
        settings("rewriting", tests=2, least_chars=20),
        {
            "score": judged(3, "naming_and_form", "understandable", "self_contained"),
            "rewrite": block("python", REWRITTEN),
            "tests": "<test>assert f(2) == 4</test><test>assert f(0) == 1</test>",
        },
    ),
    "traces": Case(
        seed({"name": "count", "signature": "def count(n):", "doc": "Counts.", "code": LOOP}),
        settings("traces"),
        {"inputs": block("python", "count(2)\ncount(n)\nother(1)\ncount(-1)")},
    ),
    "commits": Case(
        seed(
            {
                "message": "Count from one instead of zero",
                "commit": "c" * 40,
                "files": json.dumps([{"path": "a.py", "language": "python", "before": "a = 0\n", "after": "a = 1\n"}]),
                "context": json.dumps([{"path": "b.py", "language": "python", "text": "import a"}]),
            }
        ),
        settings("commits"),
        {
            "code": judged(4, "does_it", "correct", "good_code"),
            "message": judged(1, "clear", "complete", "stands_alone"),
        },
    ),
}  # fmt: skip
