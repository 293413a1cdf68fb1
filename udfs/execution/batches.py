"""Programs by Arrow batch: each is run with its tests, and comes back as a row of executions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pyarrow as pa

from schemas.identity import code_identity
from schemas.instruct import EXECUTIONS
from schemas.storable import without_surrogates
from udfs.execution.languages import Missing
from udfs.execution.programs import Limits, Program, Result, Test, Verdict
from udfs.execution.running import Runner, alone_again

_NAMES = tuple(n for n in EXECUTIONS.names if n not in ("kernel_version", "run_id", "failure"))
EXECUTED = ", ".join(f"{n} {EXECUTIONS.column(n).type}" for n in _NAMES) + ", is_measure boolean"
_ARROW = pa.schema(
    [*(f.with_nullable(True) for f in EXECUTIONS.arrow_schema(_NAMES)), pa.field("is_measure", pa.bool_())]
)
NOWHERE = "none"
LACKING = "language string, why string"
_LACKING = pa.schema([("language", pa.string()), ("why", pa.string())])


@cache
def kernel_version() -> str:
    """Hash of the code that runs programs and judges what they did; taken when a run asks for it."""
    return code_identity(__name__)


@dataclass(frozen=True)
class Running:
    """How programs are run: at `need` or better, with `limits` for tests that say none of their own, `at_once` side by
    side, with `libraries` to be imported.
    """

    need: str
    limits: Limits
    at_once: int = 2
    libraries: tuple[str, ...] = ()


def lacking_batches(how: Running, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """(language, why) for those of rows (language) that cannot be run here; all of no name where nothing can."""
    try:
        runner = Runner(need=how.need, limits=how.limits, libraries=how.libraries)
    except ValueError as error:
        yield from (_lacking([("", str(error))]) for _ in batches)
        return
    with runner:
        for batch in batches:
            found = [(name, runner.tools(name)) for name in batch["language"].to_pylist()]
            yield _lacking([(name, str(tools)) for name, tools in found if isinstance(tools, Missing)])


def _lacking(rows: list[tuple[str, str]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"language": name, "why": why} for name, why in rows], _LACKING)


def ran_batches(how: Running, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of executions for rows (program_id, body) of one task, run as `how` says.

    `is_measure` is false where the machine and not the program may have decided; where the isolation that is needed
    does not hold, each is `not_run` at the level NOWHERE.
    """
    try:
        started = Runner(need=how.need, limits=how.limits, libraries=how.libraries)
    except ValueError as error:
        yield from (_none_run(batch, str(error)) for batch in batches)
        return
    with started as runner:
        for batch in batches:
            ids, said = batch["program_id"].to_pylist(), [json.loads(body) for body in batch["body"].to_pylist()]
            results = _run_all(runner, how, said)
            made = [_row(i, p["language"], result) for i, p, result in zip(ids, said, results, strict=True)]
            yield pa.RecordBatch.from_pylist(made, _ARROW)


def _none_run(batch: pa.RecordBatch, why: str) -> pa.RecordBatch:
    """Rows that say that this machine runs nothing; the driver ends the run with it."""
    nothing = Result(NOWHERE, (Verdict("run", "not_run", why),))
    return pa.RecordBatch.from_pylist([_row(i, "", nothing) for i in batch["program_id"].to_pylist()], _ARROW)


def _run_all(runner: Runner, how: Running, programs: list[dict[str, Any]]) -> list[Result]:
    """In their order."""
    asked = [(_program(p), _limits(p, how.limits)) for p in programs]
    return alone_again(lambda one: runner.run(*one), asked, how.at_once)


def _program(said: dict[str, Any]) -> Program:
    tests = tuple(Test(**t) for t in said["tests"]) or (Test("run"),)
    files = {name: text.encode("utf-8", "replace") for name, text in said["files"].items()}
    return Program(said["language"], said["code"], tests, files)


def _limits(said: dict[str, Any], limits: Limits) -> Limits:
    asked = {"cpu_seconds": said["cpu_seconds"], "memory": said["memory"], "shown": said["shown"]}
    return replace(limits, **{name: value for name, value in asked.items() if value})


def _row(program_id: str, language: str, result: Result) -> dict[str, Any]:
    tests = [
        {"name": v.name, "status": v.status, "detail": v.detail, "proof": v.proof, "stdout": v.stdout.text}
        for v in result.verdicts
    ]
    return {
        "program_id": program_id,
        "language": language,
        "level": result.level,
        "version": result.version,
        "status": result.status,
        "cpu_seconds": sum(v.cpu_seconds for v in result.verdicts),
        "peak_memory": max((v.peak_memory for v in result.verdicts), default=0),
        "tests": [{name: without_surrogates(value) for name, value in t.items()} for t in tests],
        "is_measure": result.is_measure,
    }
