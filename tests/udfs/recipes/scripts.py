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


CASES = {
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
}  # fmt: skip
