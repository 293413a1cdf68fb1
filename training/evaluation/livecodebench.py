"""LiveCodeBench's form (2403.07974): dated contest problems, tested through standard input or by a function's calls.

Rows: question_id, question_content, contest_date, starter_code, difficulty, public_test_cases and private_test_cases
(JSON lists of {input, output, testtype}; private ones also packed: base64 of zlib of a pickled JSON text), metadata.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import pickle
import re
import zlib
from pathlib import Path
from typing import Any

from training.evaluation import cases
from training.evaluation.reading import Row, field, rows
from training.evaluation.task import Parts, Task
from udfs.execution.programs import Limits, Test

LIMITS = Limits(cpu_seconds=6, memory=4 << 30)
"""Of a test; LiveCodeBench allows 6 s of the clock."""
MOST_BYTES = 1 << 30
"""Of one problem's unpacked tests."""
_WINDOW = re.compile(r"(\d\d)(0[1-9]|1[0-2])-(\d\d)(0[1-9]|1[0-2])")


def livecodebench(file: str | Path, window: str = "") -> list[Task]:
    """Tasks of a file, of contests within `window` (YYMM-YYMM, both months included; the paper's is 2305-2409).

    Raises ValueError for a window of another form, one without a task, and a row that lacks something.
    """
    begin, end = months(window)
    found = [row for row in rows(file) if begin <= str(field(row, "contest_date", file))[:7] <= end]
    if not found:
        raise ValueError(f"{file}: expected problems from {begin} to {end}, found none; widen --window")
    return [_task(row, file) for row in found]


def months(window: str) -> tuple[str, str]:
    """(first, last) as YYYY-MM. Raises ValueError."""
    if not window:
        return "0000-00", "9999-99"
    if not (said := _WINDOW.fullmatch(window)) or said[0][:4] > said[0][5:]:
        raise ValueError(
            f"--window {window}: expected YYMM-YYMM, the earlier month first, as in 2305-2409, found another"
        )
    return f"20{said[1]}-{said[2]}", f"20{said[3]}-{said[4]}"


def _task(row: Row, file: str | Path) -> Task:
    number, words = str(field(row, "question_id", file)), field(row, "question_content", file)
    starter = row.get("starter_code") or ""
    given = unpacked(field(row, "public_test_cases", file), number, file)
    given += unpacked(row.get("private_test_cases") or [], number, file)
    name = _metadata(row).get("func_name") or ""
    tests = _tests(given, name, number, file)

    def program(answer: str) -> Parts:
        return (cases.callable_source(answer, name) if name else answer + "\n"), tests

    def complete(completion: str) -> Parts:
        return program(f"{starter.rstrip()}\n{completion}" if starter.strip() else completion)

    asked, shown = cases.prompt(words, starter), cases.question(words, starter)
    group = row.get("difficulty") or ""
    return Task(
        number, asked, shown, "", complete, program, stops=cases.STDIN_STOPS, limits=LIMITS, group=group, early=True
    )


def _metadata(row: Row) -> dict[str, Any]:
    said = row.get("metadata") or "{}"
    found: dict[str, Any] = json.loads(said) if isinstance(said, str) else said
    return found


def _tests(given: list[dict[str, Any]], name: str, number: str, file: str | Path) -> tuple[Test, ...]:
    inputs, outputs = [each["input"] for each in given], [each["output"] for each in given]
    if not name:
        return cases.printed(inputs, outputs, 0.0)
    try:
        arguments = [[json.loads(line) for line in text.split("\n") if line.strip()] for text in inputs]
        return cases.called(arguments, [json.loads(text) for text in outputs])
    except ValueError as error:
        raise ValueError(f"{file}: expected JSON in the calls of {number}, found {error}; take the file anew") from None


class _Texts(pickle.Unpickler):
    """Plain values only: a pickle may name any function to be called, and this file comes from others."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"the name {module}.{name}")


def unpacked(said: Any, number: str, file: str | Path) -> list[dict[str, Any]]:
    """Test cases as a list, as JSON, or packed. Raises ValueError, also for a pickle that names anything to be called,
    and for more than MOST_BYTES.
    """
    try:
        if isinstance(said, str):
            text = said if said.lstrip().startswith("[") else _pickled(said)
            said = json.loads(text)
        if all({"input", "output"} <= set(each) for each in said):
            return list(said)
        raise ValueError("cases without input or output")
    except (ValueError, TypeError, EOFError, binascii.Error, zlib.error, pickle.UnpicklingError) as error:
        raise ValueError(
            f"{file}: expected test cases of {number} as JSON or packed JSON, found {error}; take the file anew"
        ) from None


def _pickled(said: str) -> str:
    unzip = zlib.decompressobj()
    raw = unzip.decompress(base64.b64decode(said, validate=True), MOST_BYTES)
    if unzip.unconsumed_tail:
        raise ValueError(f"more than {MOST_BYTES:,} bytes")
    text = _Texts(io.BytesIO(raw)).load()
    if not isinstance(text, str):
        raise ValueError(f"a pickled {type(text).__name__}")
    return text
