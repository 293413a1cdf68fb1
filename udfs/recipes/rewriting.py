"""Rewriting: a file of medium quality is written again in good form, and stays beside its original.

"Transform and retain" (SwallowCode, 2505.02881: +17 points on HumanEval at equal tokens): format, length and score
decide what is rewritten. A good file needs no rewriting, a poor one gives a model too little to keep; the text between
is written anew by a prompt for its language, and a parser, or tests that the original passes, decide whether the new
one is taken.
"""

from __future__ import annotations

import tomllib
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from schemas.identity import data_bytes
from udfs.recipes.asking import code_in, said
from udfs.recipes.gates import PARSED, parses
from udfs.recipes.judging import Judging, judge
from udfs.recipes.open_code_instruct import assertions_in
from udfs.recipes.population import plain
from udfs.recipes.rubrics import rubric
from udfs.recipes.steps import Answer, Ask, Dropped, Made, Ran, Recipe, Seed, Steps
from udfs.recipes.writing import at_least, fenced, need_passed, program, says_who_it_is, text_of, why

TARGET = "rewritten"


@cache
def styles() -> Mapping[str, str]:
    """What a file of each language has to look like."""
    return {str(name): str(text) for name, text in tomllib.loads(data_bytes("rewrite_styles.toml").decode()).items()}


@dataclass(frozen=True)
class Rewriting:
    """`languages` of files. `least_score`, `most_score`: means of the rubric `readability` (1 to 5) between which a
    file is rewritten. `least_chars`, `most_chars` bound the original, `shortest` and `longest` the new text as
    multiples of it. `tests` above 0: so many are asked for of a Python file, and both texts have to pass those that the
    original passes. No number is published.
    """

    languages: tuple[str, ...] = PARSED
    least_score: float = 2.0
    most_score: float = 4.5
    least_chars: int = 200
    most_chars: int = 12_000
    shortest: float = 0.3
    longest: float = 3.0
    tests: int = 0
    reason_first: bool = True
    second: bool = False
    most: int = 3
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", tuple(self.languages))
        if unknown := sorted(set(self.languages) - set(PARSED)):
            raise ValueError(f"rewriting.languages: expected some of {', '.join(PARSED)}, found {', '.join(unknown)}")
        at_least("rewriting", 0, tests=self.tests, least_chars=self.least_chars)
        if not self.least_score <= self.most_score or not 0 < self.shortest < self.longest:
            raise ValueError("rewriting: expected least_score up to most_score, and shortest below longest")


def play(seed: Seed, p: Rewriting) -> Steps:
    """The new text. Raises Dropped `language`, `length`, `syntax_error`, `quality` (too poor, or good as it is),
    `unchanged`, `tests_failed`, and what asking raises.
    """
    code = text_of(seed, "code")
    language = seed.language.casefold()
    if language not in p.languages:
        raise Dropped("language", detail=language)
    if not p.least_chars <= len(code) <= p.most_chars:
        raise Dropped("length", len(code), p.least_chars if len(code) < p.least_chars else p.most_chars)
    if not parses(language, code):
        raise Dropped("syntax_error", detail="original")
    found = yield from judge("", code, rubric("readability"), Judging(p.reason_first, p.second, p.most), step="score")
    if not p.least_score <= found.mean <= p.most_score:
        low = found.mean < p.least_score
        raise Dropped("quality", found.mean, p.least_score if low else p.most_score, "poor" if low else "good already")
    answer: Answer = yield Ask("rewrite", "rewrite", {"code": code, "language": language, "style": styles()[language]})
    new = code_in("rewrite", answer.text, language)
    _check(code, new, language, p)
    scores = found.as_scores("readability") | {"ratio": len(new) / len(code)}
    if p.tests and language == "python":
        scores["tests"] = float((yield from _tested(code, new, p)))
    return [Made(TARGET, text=new, language=language, licence=seed.licence, scores=scores)]


def _check(code: str, new: str, language: str, p: Rewriting) -> None:
    """Raises Dropped for a new text that cannot stand for the old one."""
    if not p.shortest <= len(new) / len(code) <= p.longest:
        short = len(new) < len(code)
        raise Dropped("length", len(new) / len(code), p.shortest if short else p.longest, "rewritten")
    if plain(new) == plain(code):
        raise Dropped("unchanged")
    if not parses(language, new):
        raise Dropped("syntax_error", detail="rewritten")
    if says_who_it_is(new):
        raise Dropped("says_who_it_is")


def _tested(code: str, new: str, p: Rewriting) -> Generator[Any, Any, int]:
    """How many tests the original passes, all of which the new text has to pass. Raises Dropped."""
    asked = {"question": "What this file does stays as it is.", "solution": fenced("python", code), "tests": p.tests}
    answer: Answer = yield Ask("tests", "unit_tests", asked)
    tests = assertions_in(said(answer.text), code, p.tests)
    if not tests:
        raise Dropped("too_few_tests", 0, 1, "tests")
    original: Ran = yield program("original", "python", code, tests, p)
    sound = tuple(test for test, told in zip(tests, original.tests, strict=False) if told.status == "passed")
    if not sound:
        raise Dropped("tests_failed", 0, 1, f"original: {why(original)}")
    ran: Ran = yield program("rewritten", "python", new, sound, p)
    need_passed(ran)
    return len(sound)


RECIPE = Recipe(
    "rewriting",
    "Files of medium quality, written again in good form: the original stays beside them.",
    play,
    Rewriting(),
    TARGET,
    asks=(("score", "judge", 1.0), ("rewrite", "rewrite", 1.0), ("tests", "unit_tests", 0.0)),
    needs=("python",),
    takes=("file",),
    times=lambda p: {"tests": float(p.tests > 0)} | ({"score2": 1.0} if p.second else {}),
    languages=lambda p: ("python",) if p.tests else (),
)
