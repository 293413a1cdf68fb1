"""Programs run by a server that speaks SandboxFusion's protocol: POST /run_code (its API reference, Apache-2.0).

Its limits are of wall-clock time and what it isolates is not known here: the level of such a result is `remote`, which
stands on no rung of the ladder, and a time limit of it is `wall_limit`, which is not stored.
"""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import replace
from http.client import HTTPException
from secrets import token_hex
from typing import Any

from udfs.execution import judging
from udfs.execution.building import build
from udfs.execution.languages import Language, language
from udfs.execution.programs import COMPILING, MB, Limits, Program, Result, Test, Verdict
from udfs.execution.running import alone_again

LEVEL = "remote"
_THEIR_NAMES = {"javascript": "nodejs", "shell": "bash"}
_OVER_THE_NETWORK = 30.0
"""Seconds beyond its limits that the server may take to answer."""
_ENDS = {
    "python": "print('{word}')",
    "javascript": "console.log('{word}');",
    "typescript": "console.log('{word}');",
    "shell": "echo '{word}'",
    "php": 'echo "{word}\\n";',
    "ruby": "puts '{word}'",
    "lua": "print('{word}')",
    "c": '{ int puts(const char *); puts("{word}"); }',
    "cpp": '::puts("{word}");',
    "rust": 'println!("{word}");',
    "go": 'println("{word}")',
}
"""No descriptor but stdout comes back, so the word is its last line. Of other languages only outputs are compared."""


class RemoteRunner:
    """Runs programs on a server. Raises ValueError where a level of the ladder is needed, which nobody here can try."""

    def __init__(self, url: str, need: str = LEVEL, limits: Limits | None = None) -> None:
        if need != LEVEL:
            raise ValueError(
                f"{url}: expected isolation {need}, found a server, whose isolation is not known here; ask for "
                f"{LEVEL}, or run programs on this machine"
            )
        self.url, self.limits, self.level = url.rstrip("/"), limits or Limits(), LEVEL

    def run(self, program: Program) -> Result:
        """A server that does not answer, or not in its protocol, is no verdict: every test is `not_run`."""
        row = language(program.language)
        verdicts = tuple(self._one(row, program, test) for test in program.tests)
        return Result(LEVEL, verdicts)

    def run_all(self, programs: Sequence[Program], workers: int = 2) -> list[Result]:
        return alone_again(self.run, programs, workers)

    def _one(self, row: Language, program: Program, test: Test) -> Verdict:
        compared = test.stdout is not None
        word = token_hex(16)
        if not compared and row.name not in _ENDS:
            return Verdict(test.name, "no_tool", f"{row.name}: a server can compare its output only, found other tests")
        text = program.source if test.code is None else f"{program.source}\n{test.code}"
        if not compared:
            plain = replace(row, file="program", beside={}, end=_ENDS[row.name])
            text = build(plain, text, word, 0).files["program"].decode("utf-8")
        asked = {
            "code": text,
            "language": _THEIR_NAMES.get(row.name, row.name),
            "compile_timeout": COMPILING.cpu_seconds,
            "run_timeout": self.limits.cpu_seconds * self.limits.wall,
            "memory_limit_MB": self.limits.memory // MB,
            "stdin": test.stdin,
            "files": {name: base64.b64encode(content).decode() for name, content in program.files.items()},
            "fetch_files": [],
        }
        try:
            answer = self._post(asked)
            return self._judged(test, answer, word)
        except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError) as error:
            return Verdict(test.name, "not_run", f"{self.url}: expected an answer of run_code, found {error!r}")

    def _post(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/run_code", json.dumps(asked).encode(), {"Content-Type": "application/json"}
        )
        patience = asked["compile_timeout"] + asked["run_timeout"] + _OVER_THE_NETWORK
        with urllib.request.urlopen(request, timeout=patience) as response:
            found: dict[str, Any] = json.loads(response.read(self.limits.output * 2 + MB))
        return found

    def _judged(self, test: Test, answer: Mapping[str, Any], word: str) -> Verdict:
        compiled: Any = answer.get("compile_result")
        ran: Any = answer.get("run_result")
        if answer["status"] == "SandboxError":
            return Verdict(test.name, "not_run", f"{self.url}: {answer['message']}")
        if compiled and (compiled["status"] != "Finished" or compiled["return_code"] != 0):
            late = compiled["status"] == "TimeLimitExceeded"
            return Verdict(test.name, "wall_limit" if late else "compile_error", str(compiled["stderr"])[-2000:])
        said, wrong = str(ran["stdout"] or ""), str(ran["stderr"] or "")
        told = {
            "exit": ran["return_code"],
            "signal": None,
            "cpu": 0.0,  # it tells wall-clock time only
            "peak": 0,
            "stopped": "wall_limit" if ran["status"] == "TimeLimitExceeded" else None,
            "stdout": {"text": self._shown(said), "size": len(said.encode())},
            "stderr": {"text": self._shown(wrong), "size": len(wrong.encode())},
        }
        if (how := judging.ending(told, self.limits)) is not None:
            return judging.verdict(test.name, told, *how)
        if test.stdout is not None:
            right = judging.same_output(said, test.stdout, test.numbers)
            detail = "" if right else "the output is not the one expected"
            return judging.verdict(
                test.name, told, "passed" if right else "failed", detail, proof="outside" if right else ""
            )
        if said.rstrip().endswith(word):
            return judging.verdict(test.name, told, "passed", proof="same")
        return judging.verdict(test.name, told, "error", "ended with 0 before its end")

    def _shown(self, text: str) -> str:
        half = self.limits.shown // 2
        return text if len(text) <= 2 * half else f"{text[:half]}\n[...]\n{text[-half:]}"
