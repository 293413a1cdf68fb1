"""APPS's form (2105.09938): problems with input_output as JSON, a function's name in it or standard input.

Rows: problem_id, question, input_output ({"inputs", "outputs", "fn_name"?}), starter_code, difficulty, solutions (a
JSON list; the first is the reference).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.evaluation import cases
from training.evaluation.reading import Row, field, rows
from training.evaluation.task import Parts, Task
from udfs.execution.programs import Limits

LIMITS = Limits(cpu_seconds=4, memory=4 << 30)
"""Of a test; APPS allows 4 s of the clock."""
WITHIN = 1e-5
"""Numbers of an output, relative: APPS compares as numpy's allclose does."""


def apps(file: str | Path) -> list[Task]:
    """Tasks of a file; problems without a test are left out, as APPS's own scoring does. Raises ValueError."""
    found = [(row, _tests(row, file)) for row in rows(file)]
    if not (tested := [(row, told) for row, told in found if told["inputs"]]):
        raise ValueError(f"{file}: expected problems with tests, found none; take the file anew")
    return [_task(row, told, file) for row, told in tested]


def _tests(row: Row, file: str | Path) -> dict[str, Any]:
    said = field(row, "input_output", file)
    try:
        found: dict[str, Any] = (json.loads(said) if said else {}) if isinstance(said, str) else said
        found = {"inputs": [], "outputs": []} | found
        if len(found["inputs"]) != len(found["outputs"]):
            raise ValueError(f"{len(found['inputs'])} inputs and {len(found['outputs'])} outputs")
        return found
    except (ValueError, TypeError) as error:
        number = row.get("problem_id", "?")
        raise ValueError(
            f"{file}: expected input_output of {number} as JSON, found {error}; take the file anew"
        ) from None


def _task(row: Row, told: dict[str, Any], file: str | Path) -> Task:
    number, words = f"APPS/{field(row, 'problem_id', file, 'id')}", field(row, "question", file)
    starter, name = row.get("starter_code") or "", told.get("fn_name") or ""
    # APPS wraps what a function gives in a list of one.
    outputs = [o[0] if name and isinstance(o, list) and len(o) == 1 else o for o in told["outputs"]]
    tests = cases.called(told["inputs"], outputs) if name else cases.printed(told["inputs"], outputs, WITHIN)

    def program(answer: str) -> Parts:
        return (cases.callable_source(answer, name) if name else answer + "\n"), tests

    def complete(completion: str) -> Parts:
        return program(f"{starter.rstrip()}\n{completion}" if starter.strip() else completion)

    asked, shown = cases.prompt(words, starter), cases.question(words, starter)
    solutions = row.get("solutions") or []
    solutions = json.loads(solutions) if isinstance(solutions, str) else solutions
    reference, group = next(iter(solutions), ""), row.get("difficulty") or ""
    return Task(
        number,
        asked,
        shown,
        reference,
        complete,
        program,
        stops=cases.STDIN_STOPS,
        limits=LIMITS,
        group=group,
        early=True,
    )
