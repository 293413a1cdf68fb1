"""HumanEval+ and MBPP+ in EvalPlus's form (2305.01210): a canonical solution, base inputs, many more plus inputs.

Rows: task_id, prompt, entry_point, canonical_solution, base_input, plus_input, atol, contract. A task has two tests,
`base` and `plus`; it is solved where both pass.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from training.evaluation.completions import FUNCTION_STOPS, PROGRAM_STOPS
from training.evaluation.reading import field, rows
from training.evaluation.task import Parts, Task, continued
from udfs.execution.programs import Limits, Test

LIMITS = Limits(cpu_seconds=60, wall=2, memory=4 << 30)
"""Of a test, the canonical solution's CPU seconds included. EvalPlus stops a task after 60 s of the clock."""
APART = ("base",)

# How MBPP+'s arguments are made from JSON, by task: see udfs/execution/oracles.py.
_SHAPES: dict[tuple[str, ...], tuple[int, ...]] = {
    ("t", "*"): (
        *(2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424),
        *(429, 470, 560, 579, 596, 616, 630, 726, 740, 744, 809),
    ),
    ("lt", "*"): (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
    ("lt", ""): (75, 413, 444, 753),
    ("", "t"): (106, 750),
    ("ls",): (115,),
    ("float", "complex"): (124,),
    ("t", ""): (250, 307, 405, 446, 617, 720, 763, 808),
    ("complex",): (252,),
    ("tt", "*"): (259, 401, 445),
    ("tm", "*"): (278,),
    ("deep", "*"): (580, 615, 791),
    ("dt",): (722,),
}


def evalplus(file: str | Path, exact: bool = False) -> list[Task]:
    """Tasks of HumanEval+ or MBPP+ (told by their ids). `exact`: floats have to be equal, as in verdicts of EvalPlus
    from the spring of 2024, whose tolerance failed where it was needed. Raises ValueError that names the file and what
    it lacks.
    """
    return [_task(row, file, exact) for row in rows(file)]


def _task(row: dict[str, Any], file: str | Path, exact: bool) -> Task:
    number = field(row, "task_id", file)
    prompt, name = field(row, "prompt", file), field(row, "entry_point", file)
    canonical = prompt + field(row, "canonical_solution", file)
    shapes = _shapes(number)
    tests = tuple(
        Test(group, _code(row, name, canonical, field(row, f"{group}_input", file), shapes, group == "plus", exact))
        for group in ("base", "plus")
    )
    if number.startswith("HumanEval"):
        return _function(row, prompt, tests)
    return _program(row, prompt, tests)


def _function(row: dict[str, Any], prompt: str, tests: tuple[Test, ...]) -> Task:
    def complete(completion: str) -> Parts:
        return prompt.rstrip() + continued(completion), tests

    def whole(answer: str) -> Parts:
        return f"{prompt}    pass\n\n{answer}\n", tests

    shown = prompt.rstrip()
    question = f"Complete the following Python function. Answer with the whole function.\n\n```python\n{shown}\n```"
    reference = row["canonical_solution"]
    return Task(
        row["task_id"], shown, question, reference, complete, whole, stops=FUNCTION_STOPS, limits=LIMITS, apart=APART
    )


def _program(row: dict[str, Any], prompt: str, tests: tuple[Test, ...]) -> Task:
    words = prompt.strip().strip("\"'").strip()
    first = next((line for line in row.get("assertion", "").splitlines() if line.startswith("assert ")), "")
    if "assert " not in words and first:
        words = f"{words}\n{first}"

    def program(answer: str) -> Parts:
        return f"{answer}\n", tests

    question = f"{words}\n\nAnswer with a Python program that defines `{row['entry_point']}`."
    reference = row["canonical_solution"]
    about = f'"""\n{words}\n"""'
    return Task(
        row["task_id"], about, question, reference, program, program, stops=PROGRAM_STOPS, limits=LIMITS, apart=APART
    )


def _shapes(number: str) -> tuple[str, ...]:
    kind, _, digits = number.partition("/")
    if kind != "Mbpp" or not digits.isdecimal():
        return ()
    return next((shapes for shapes, tasks in _SHAPES.items() if int(digits) in tasks), ())


def _code(
    row: dict[str, Any], name: str, canonical: str, inputs: Any, shapes: tuple[str, ...], held: bool, exact: bool
) -> str:
    given = json.dumps(inputs if isinstance(inputs, list) else [])  # an object where there is none
    contract = row.get("contract") or "" if held else ""
    told = (name, canonical, given, shapes, float(row.get("atol") or 0), contract, exact)
    return f"_refinelake = {{}}\nexec({_oracles()!r}, _refinelake)\n_refinelake['check']({name}, *{told!r})\n"


@cache
def _oracles() -> str:
    return (resources.files("udfs.execution") / "oracles.py").read_text(encoding="utf-8")
