"""Verified code snippets: from a piece of code a self-contained function with tests, in one or more languages, run.

OpenCoder, annealing data: algorithmic files are the seeds, a strong model writes a function and its tests, only what
passes stays (after phi-1's CodeExercises). 2.71 billion tokens of the mixture.
"""

from __future__ import annotations

from dataclasses import dataclass

from udfs.recipes.asking import code_in, drawn, sections, whole
from udfs.recipes.steps import Answer, Ask, Dropped, Made, Ran, Recipe, Seed, Steps, Test
from udfs.recipes.writing import (
    at_least,
    forms_of_tests,
    program,
    runnable,
    share_passed,
    tests_of,
    text_of,
    tongue,
    why,
)


@dataclass(frozen=True)
class Snippets:
    """`languages`: of the functions (paper: several, not named); `per_seed` of them are drawn for a seed by its hash.

    `least_tests` of Python are asked for and needed, `most_tests` are run. `cpu_seconds`: of a test, 0 as the run says.
    """

    languages: tuple[str, ...] = ("python", "javascript", "typescript", "java", "cpp", "go", "rust", "php")
    per_seed: int = 1
    least_tests: int = 3
    most_tests: int = 10
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        runnable(self.languages, "snippets.languages")
        at_least("snippets", 1, per_seed=self.per_seed, least_tests=self.least_tests, most_tests=self.most_tests)


@dataclass(frozen=True)
class _Written:
    language: str
    code: str
    tests_text: str
    tests: tuple[Test, ...]


def play(seed: Seed, p: Snippets) -> Steps:
    """A row for each language that passes. Raises Dropped with the first reason where none does."""
    code = text_of(seed, "code")
    asks = [_ask(seed, code, language, p) for language in drawn(seed.seed_id, p.languages, p.per_seed)]
    answers: list[Answer] = yield asks
    written: list[_Written] = []
    reasons: list[Dropped] = []
    for ask, answer in zip(asks, answers, strict=True):
        try:
            written.append(_read(str(ask.fields["language"]), answer, p))
        except Dropped as reason:
            reasons.append(reason)
    rans: list[Ran] = []
    if written:
        rans = yield [program("test", w.language, w.code, w.tests, p) for w in written]
    rows = []
    for w, ran in zip(written, rans, strict=True):
        if ran.passed and ran.tests:
            rows.append(_row(seed, w))
        else:
            reasons.append(Dropped("tests_failed", share_passed(ran), 1.0, f"{w.language}: {why(ran)}"))
    if not rows:
        raise reasons[0]
    return rows


def _ask(seed: Seed, code: str, language: str, p: Snippets) -> Ask:
    fields = {"code": code, "given": seed.language, "language": language, "form": forms_of_tests()[language]}
    return Ask("write", "snippet", fields | {"tests": p.least_tests, "tongue": tongue(code)}, whole=False)


def _read(language: str, answer: Answer, p: Snippets) -> _Written:
    parts = sections("write", whole("write", answer), ("Code", "Tests"))
    code, tests = (code_in("write", parts[name], language) for name in ("Code", "Tests"))
    return _Written(language, code, tests, tests_of("write", tests, language, p.least_tests, p.most_tests))


def _row(seed: Seed, w: _Written) -> Made:
    return Made(
        "synthetic_snippets",
        text=f"{w.code}\n{w.tests_text}",
        language=w.language,
        licence=seed.licence,
        scores={"tests": float(len(w.tests))},
        parts={"code": w.code, "tests": w.tests_text},
    )


RECIPE = Recipe(
    "snippets",
    "Self-contained functions with tests that pass, written after pieces of code.",
    play,
    Snippets(),
    "synthetic_snippets",
    asks=(("write", "snippet", 1.0),),
    runs=1.0,
    needs=Snippets().languages,
    takes=("file", "function", "snippet"),
    times=lambda p: {"write": min(p.per_seed, len(p.languages))},
    languages=lambda p: p.languages,
)
