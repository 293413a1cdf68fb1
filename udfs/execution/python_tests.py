"""Tests of a Python program through udfs/execution/inside.py: many in one launch, and what a killed one left undone."""

from __future__ import annotations

import importlib.util
import marshal
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from udfs.execution import judging
from udfs.execution.programs import Limits, Proof, Status, Test, Verdict

Start = Callable[[bytes, str], dict[str, Any]]
"""Run the harness with this configuration and the word that its reports begin with; what the keeper tells."""


@cache
def harness(python: str) -> tuple[str, bytes]:
    """Name and content of the harness: compiled where it runs under this very Python, which saves 5 ms a run."""
    file = resources.files("udfs.execution") / "inside.py"
    if python != os.path.realpath(sys.executable):
        return "refinelake_inside.py", file.read_bytes()
    code = compile(file.read_text(encoding="utf-8"), "refinelake_inside.py", "exec", optimize=2)
    return "refinelake_inside.pyc", importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)


@dataclass
class _Told:
    """What the harness said of one test."""

    status: Status | None = None
    detail: str = ""
    proof: Proof = ""
    begun: bool = False
    over: float | None = None


@dataclass
class _Run:
    loaded: tuple[str, str] | None = None
    tests: dict[int, _Told] = field(default_factory=dict)


def judged(source: str, tests: Sequence[Test], packages: Sequence[str], limits: Limits, start: Start) -> list[Verdict]:
    """A verdict for each test. A test that breaks a limit ends the launch; those behind it are run in another."""
    found: list[Verdict] = []
    while len(found) < len(tests):
        left = tests[len(found) :]
        word = secrets.token_hex(16)
        told = start(_configuration(source, left, packages, word), word)
        run = _read(told["report"]["text"], word)
        found += _verdicts(left, run, told, limits)
    return found


def _configuration(source: str, tests: Sequence[Test], packages: Sequence[str], word: str) -> bytes:
    """Two messages: the second is read when the program's process cannot reach it any more."""
    text = source.encode("utf-8", "replace").decode("utf-8")
    parts = [(text, "program.py", list(packages)), (word, [test.code for test in tests])]
    packed = [marshal.dumps(part, 2) for part in parts]
    return b"".join(len(each).to_bytes(4, "big") + each for each in packed)


def _read(text: str, word: str) -> _Run:
    run = _Run()
    for line in text.splitlines():
        said, number, *fields = line.split("\t")
        if said != word or len(fields) < 2:
            continue
        first, second, *rest = (bytes.fromhex(each).decode("utf-8", "replace") for each in fields)
        if number == "-1":
            run.loaded = (first, second)
            continue
        test = run.tests.setdefault(int(number), _Told())
        if first == "begun":
            test.begun = True
        elif first == "over":
            test.over = float(second)
        elif test.status is None:
            test.status, test.detail, test.proof = first, second, (rest or [""])[0]  # type: ignore[assignment]
    return run


def _verdicts(tests: Sequence[Test], run: _Run, told: Mapping[str, Any], limits: Limits) -> list[Verdict]:
    """Of the tests that this launch has settled: at least one."""
    how = judging.ending(told, limits)
    if run.loaded is None or run.loaded[0] != "loaded":
        status, detail = run.loaded or how or ("error", "ended before its tests began")
        if told["stopped"]:
            status, detail = how or (status, detail)
        return [judging.verdict(test.name, told, status, detail) for test in tests]  # type: ignore[arg-type]
    found: list[Verdict] = []
    for number, test in enumerate(tests):
        said = run.tests.get(number, _Told())
        if said.over is None:
            if found and not said.begun:
                return found  # the program's process did not outlive the test before: this one gets another
            status, detail = how or ("error", "ended before the test was over")
            return [*found, judging.verdict(test.name, told, status, detail)]
        mine = {**told, "cpu": said.over}
        if said.over > limits.cpu_seconds:
            found.append(judging.verdict(test.name, mine, *judging.over(limits)))
        elif said.status is None:
            found.append(judging.verdict(test.name, mine, "error", "ended before the test was over"))
        else:
            found.append(judging.verdict(test.name, mine, said.status, said.detail, proof=said.proof))
    return found
