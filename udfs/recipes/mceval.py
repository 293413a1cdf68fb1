"""McEval-Instruct: a piece of code becomes a task in a given language with its answer, for many languages.

OpenCoder, stage 2, takes the published rows (35,943; upstream CC-BY-SA-4.0, 40 languages); this makes own ones. Where
the language can be run, the answer is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from udfs.recipes.asking import code_in, drawn, sections
from udfs.recipes.steps import Answer, Ask, Ran, Recipe, Seed, Steps
from udfs.recipes.writing import (
    at_least,
    forms_of_tests,
    instruction,
    need_passed,
    program,
    runnable,
    tests_of,
    text_of,
    tongue,
)

LANGUAGES = (
    *("python", "javascript", "typescript", "java", "c", "cpp", "csharp", "go", "rust", "shell", "php", "ruby", "lua"),
    *(
        "kotlin",
        "swift",
        "scala",
        "dart",
        "perl",
        "r",
        "julia",
        "haskell",
        "elixir",
        "erlang",
        "clojure",
        "common lisp",
    ),
    *("f#", "fortran", "groovy", "pascal", "powershell", "racket", "scheme", "sql", "tcl", "coffeescript", "awk"),
    *("visual basic .net", "emacs lisp", "vim script"),
)


@dataclass(frozen=True)
class McEval:
    """`languages`: one is drawn for each seed by its hash (McEval: 40, data and mark-up languages left out here).

    `run`: those whose answers have tests and are run; a row is dropped where they fail. Others are kept with the score
    `verified` 0.
    """

    languages: tuple[str, ...] = LANGUAGES
    run: tuple[str, ...] = ("python", "javascript", "java", "c", "cpp", "go", "rust", "shell")
    least_tests: int = 3
    most_tests: int = 10
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        runnable(self.run, "mceval.run")
        at_least("mceval", 1, languages=len(self.languages), least_tests=self.least_tests)


def play(seed: Seed, p: McEval) -> Steps:
    """One row. Raises Dropped `tests_failed` and what asking raises."""
    code = text_of(seed, "code")
    (language,) = drawn(seed.seed_id, p.languages)
    runs = language in p.run
    fields: dict[str, Any] = {"code": code, "given": seed.language, "language": language, "tongue": tongue(code)}
    fields |= {"tests": p.least_tests, "form": forms_of_tests()[language] if runs else ""}
    answer: Answer = yield Ask("write", "mceval", fields)
    found = sections("write", answer.text, ("Task", "Answer", "Tests") if runs else ("Task", "Answer"))
    # What stands behind the fence of a language that is not run has many spellings.
    solution = code_in("write", found["Answer"], language if runs else "")
    scores, parts = {"verified": float(runs)}, {"code": solution}
    if runs:
        text = code_in("write", found["Tests"], language)
        tests = tests_of("write", text, language, p.least_tests, p.most_tests)
        ran: Ran = yield program("test", language, solution, tests, p)
        need_passed(ran)
        parts["tests"] = text
        scores["tests"] = float(len(tests))
    return [instruction(seed, found["Task"], found["Answer"], 2, language, scores=scores, parts=parts)]


RECIPE = Recipe(
    "mceval",
    "Tasks with their answers in many languages, after pieces of code.",
    play,
    McEval(),
    "instructions",
    asks=(("write", "mceval", 1.0),),
    runs=len(McEval().run) / len(LANGUAGES),
    needs=McEval().run,
    takes=("snippet", "function", "file"),
    languages=lambda p: p.run,
)
