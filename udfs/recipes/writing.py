"""What recipes have in common: fields of a seed, the language to write in, tests and their runs, rows."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from schemas.identity import data_bytes
from udfs.languages.natural_language import natural_language
from udfs.recipes import trust
from udfs.recipes.asking import said
from udfs.recipes.steps import Dropped, Made, Ran, Run, Seed, Test

_HAN = re.compile(r"[\u4e00-\u9fff]")
_LEAST_HAN = 20
"""Characters: fewer in a program are names and single words."""
_WHO = re.compile(
    r"\b(?:as an? (?:ai|large) (?:language )?(?:model|assistant)|i(?: a|')m (?:an? )?(?:ai|chatgpt|gpt-?\d|claude|"
    r"gemini|gemma|llama|qwen|deepseek|mistral)\b|(?:trained|created|developed|made) by (?:openai|anthropic|google|"
    r"meta|alibaba|deepseek|mistral)\b)|作为(?:一个|一名)?(?:人工智能|AI|语言模型|大模型)|我是(?:通义|文心|ChatGPT|Qwen|DeepSeek)",
    re.IGNORECASE,
)


@cache
def forms_of_tests() -> Mapping[str, str]:
    """Of each language whose programs are run: how its tests have to be written."""
    return {str(name): str(form) for name, form in tomllib.loads(data_bytes("test_forms.toml").decode()).items()}


def runnable(languages: Sequence[str], where: str) -> None:
    """Raises ValueError for a language that is not known to the sandbox."""
    if unknown := sorted(set(languages) - set(forms_of_tests())):
        raise ValueError(
            f"{where}: expected languages out of {', '.join(sorted(forms_of_tests()))}, found {', '.join(unknown)}; "
            "correct the name, or leave it out"
        )


def at_least(where: str, least: float, **numbers: float) -> None:
    """Raises ValueError for a number of the settings that is below `least`."""
    for name, number in numbers.items():
        if not number >= least:
            raise ValueError(f"{where}.{name}: expected at least {least:g}, found {number}; give more")


def text_of(seed: Seed, name: str) -> str:
    """A field of the seed. Raises Dropped where it is not there or empty."""
    found = seed.fields.get(name, "")
    if not found.strip():
        raise Dropped("seed_without_field", detail=name)
    return found


def tongue(text: str) -> str:
    """The language to write in, as a prompt says it: Chinese for a Chinese text, else English.

    A program is Chinese where it has at least 20 Chinese characters, which are its comments and texts.
    """
    chinese = natural_language(text) == "zh" or len(_HAN.findall(text)) >= _LEAST_HAN
    return "Chinese" if chinese else "English"


def says_who_it_is(text: str) -> bool:
    """Whether an answer speaks of itself as a model: what another model is not to learn."""
    return _WHO.search(text) is not None


def fenced(language: str, code: str) -> str:
    """Code between fences that it cannot close."""
    ticks = max((len(found) for found in re.findall(r"`{3,}", code)), default=2) + 1
    fence = "`" * max(3, ticks)
    return f"{fence}{language}\n{code.strip(chr(10))}\n{fence}"


def tests_of(step: str, text: str, language: str, least: int, most: int) -> tuple[Test, ...]:
    """Tests from the code that a model wrote: of Python one for each assertion, of others one that holds them all.

    Raises Dropped `too_few_tests` for fewer assertions than `least` (of Python, where they can be counted).
    """
    if language != "python":
        return (Test("tests", text),)
    found = trust.assertions(text, most)
    if len(found) < max(1, least):
        raise Dropped("too_few_tests", len(found), least, step)
    return trust.numbered(found)


def share_passed(ran: Ran) -> float:
    return sum(test.status == "passed" for test in ran.tests) / len(ran.tests) if ran.tests else 0.0


def need_passed(ran: Ran, need: float = 1.0) -> float:
    """Share of the tests that passed. Raises Dropped `tests_failed` where it is below `need`."""
    share = share_passed(ran)
    if share < need or not ran.tests:
        raise Dropped("tests_failed", share, need, why(ran))
    return share


def why(ran: Ran) -> str:
    """Status and last line of what did not pass, short."""
    failed = next((test for test in ran.tests if test.status != "passed"), None)
    if failed is None:
        return ""
    lines = said(failed.detail).splitlines() or [""]
    return f"{failed.status}: {lines[-1]}"[:300]


def program(step: str, language: str, code: str, tests: Sequence[Test], p: Any = None) -> Run:
    """A run with the limits that the settings name, where they do."""
    return Run(step, language, code, tuple(tests), cpu_seconds=float(getattr(p, "cpu_seconds", 0.0)))


def pair(question: str, answer: str) -> tuple[Mapping[str, str], ...]:
    return ({"role": "user", "content": question}, {"role": "assistant", "content": answer})


def instruction(seed: Seed, question: str, answer: str, stage: int, language: str, **more: Any) -> Made:
    """A row of one question and its answer. Raises Dropped where the answer speaks of itself as a model, or where one
    of the two is empty.
    """
    if not question.strip() or not answer.strip():
        raise Dropped("empty", detail="question" if not question.strip() else "answer")
    if says_who_it_is(answer):
        raise Dropped("says_who_it_is")
    return Made("instructions", pair(question, answer), language=language, stage=stage, licence=seed.licence, **more)
