"""MdEval's form (2411.02310): a program with a bug goes in, the mended one comes out and is run with the tests.

Rows: question_id (LANGUAGE/NUMBER), buggy_code, canonical_solution, test, instruction, subtype or category, level.
"""

from __future__ import annotations

from pathlib import Path

from training.evaluation.mceval import LIMITS
from training.evaluation.of_language import fitted, language_of
from training.evaluation.reading import Row, field, rows
from training.evaluation.task import Parts, Task
from udfs.execution.programs import Test


def mdeval(file: str | Path) -> list[Task]:
    """Tasks of a file, one or more languages in it. Raises ValueError."""
    return [_task(row, file) for row in rows(file)]


def _task(row: Row, file: str | Path) -> Task:
    number, buggy = field(row, "question_id", file, "task_id"), field(row, "buggy_code", file)
    test, mended = field(row, "test", file), field(row, "canonical_solution", file)
    name = number.rpartition("/")[0]
    language = language_of(name)

    def program(answer: str) -> Parts:
        made = fitted(language, answer, _joined(language, answer, test))
        return made.source, (Test("tests", made.tests),)

    run = fitted(language, buggy, test).language
    question = row.get("instruction") or f"Mend the bugs of this {name} code:\n\n```{name.lower()}\n{buggy}\n```"
    prompt = f"A program with a bug in {name}:\n```\n{buggy.rstrip()}\n```\n\nThe program without it:\n```"
    return Task(number, prompt, question, mended, program, program, run, ("\n```",), LIMITS, group=name)


def _joined(language: str, answer: str, test: str) -> str:
    """Tests as they follow a program: those of Java and C# stand within its class, whose brace they close."""
    if language in ("java", "csharp") and answer.count("{") == answer.count("}") and test.count("}") > test.count("{"):
        return test[: test.rindex("}")]
    return test
