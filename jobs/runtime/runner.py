"""The one runner: read pinned versions, transform, align to the contract, check, write what changed, record."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime import accounting, verbs
from jobs.runtime.accounting import StageResult
from jobs.runtime.cpu import stopwatch
from jobs.runtime.feed import Feed
from jobs.runtime.held import MOST_ROWS, Held
from jobs.runtime.lease import MovedError
from jobs.runtime.measured import KEPT_KERNELS
from jobs.runtime.narrowing import Work, touched_keys
from jobs.runtime.stage import Decide, Measure, Publish, Stage, code_version, params_json, signature
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.ops import CHECKS, RUNS


class Progress(Protocol):
    def started(self, stage: str, number: int, of: int) -> None: ...
    def finished(self, result: StageResult) -> None: ...
    def note(self, text: str) -> None: ...


@dataclass
class Run:
    """One run over a list of stages: the lake, the parameters in force by their class, and what happened so far."""

    lake: Lake
    run_id: str
    flow: tuple[Stage, ...]
    params: dict[type, Any] = field(default_factory=dict)
    done: dict[str, StageResult] = field(default_factory=dict)
    kernels: dict[str, list[str]] = field(default_factory=dict)
    results: list[StageResult] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    progress: Progress | None = None
    audit: bool = False
    feed: Feed = field(init=False)
    held: Held = field(init=False)

    def __post_init__(self) -> None:
        self.feed, self.held = Feed(self.lake, self.run_id), Held(self.lake)

    def params_of(self, stage: Stage) -> Any:
        return self.params.get(type(stage.params), stage.params)

    def setting(self, kind: type) -> Any:
        """The parameters of a class that are in force."""
        return self.params.get(kind, kind())

    def kernel(self, table: Table) -> str | None:
        """The kernel version in force of a measured table, None of any other."""
        for stage in self.flow:
            if isinstance(stage, Measure) and stage.writes.name == table.name:
                return stage.kernel_version(self.params_of(stage))
        return None

    def in_force(self, table: Table, rows: DataFrame) -> DataFrame:
        """Of rows of a measured table those of the kernel version in force."""
        kernel = self.kernel(table)
        return rows if kernel is None else rows.where(F.col("kernel_version") == kernel)

    def code(self, stage: Stage) -> str:
        """Identity of all code that the stage's outcome hangs on."""
        kernels = tuple(k for t in stage.reads if (k := self.kernel(t)))
        return code_version(stage, self.params_of(stage), kernels)

    def read(self, table: Table, version: int | None = None) -> DataFrame:
        """A table as later stages see it: of a measured table only the rows of the kernel version in force."""
        return self.in_force(table, self.lake.read(table, version))

    def narrow(self, table: Table, version: int | None = None) -> DataFrame:
        """All rows of a table, those of other kernels too, without text."""
        rows = max((r.rows_read for r in (*self.results, *self.done.values())), default=0)
        return self.held.narrow(table, version, rows <= MOST_ROWS)

    def facts(self, table: Table, version: int | None = None) -> DataFrame:
        """As `read`, without text: for what reads a table again and again."""
        return self.in_force(table, self.narrow(table, version))

    def pin(self, tables: tuple[Table, ...]) -> dict[str, int]:
        """Versions of the inputs at this moment. Raises MissingTableError."""
        pinned = {}
        for table in tables:
            version = self.lake.version(table.name)
            if version is None:
                self.lake.read(table)
            pinned[table.name] = version
        return pinned

    def metadata(self, stage: str, sign: str, inputs: dict[str, int]) -> dict[str, Any]:
        return {"run_id": self.run_id, "stage": stage, "signature": sign, "inputs": inputs}


def run_stages(
    run: Run, stages: tuple[Stage, ...], before: tuple[tuple[str, Callable[[], StageResult]], ...] = ()
) -> list[StageResult]:
    """Carry out `before` (ingest) and the stages in order, and record them. A failed check stops the run.

    Raises QualityError, MissingTableError, ContractError, and what `before` raises. What the run holds of its tables
    serves a report too; `run.held.let_go()` frees it.
    """
    run.done, run.kernels = accounting.records(run.lake, KEPT_KERNELS + 1)
    work = [*before, *((s.name, partial(run_stage, run, s)) for s in stages)]
    try:
        for number, (name, carry_out) in enumerate(work, start=1):
            if run.progress:
                run.progress.started(name, number, len(work))
            result = timed(run, carry_out)
            run.results.append(result)
            if run.progress:
                run.progress.finished(result)
    except MovedError:
        run.held.let_go()
        raise  # the run begins again, and nothing of this beginning is a result
    except BaseException:
        # What ended the run is what its user must see: a session that died with it cannot record anything.
        with suppress(Exception):
            _record(run)
            run.held.let_go()
        raise
    _record(run)
    return run.results


def _record(run: Run) -> None:
    accounting.append_rows(run.lake, RUNS, [r.row() for r in run.results if not r.skipped])
    accounting.append_rows(run.lake, CHECKS, run.checks)
    run.checks.clear()


def timed(run: Run, work: Callable[[], StageResult]) -> StageResult:
    started, spent = time.monotonic(), stopwatch(None if run.lake.alone else run.lake.spark)
    result = work()
    if not result.skipped:
        result.run_id, result.finished_at = run.run_id, datetime.now(UTC)
        result.seconds, result.cpu_seconds = time.monotonic() - started, spent()
    return result


def run_stage(run: Run, stage: Stage) -> StageResult:
    params = run.params_of(stage)
    read = stage.reads + getattr(stage, "texts", ())
    inputs = run.pin(read)
    rows_of = {t.name: run.lake.rows_version(t.name) or 0 for t in read}
    code = run.code(stage)
    sign = signature(stage, params, code, rows_of)
    if done := _finished(run, stage, sign):
        return done
    run.lake.ensure(stage.writes)
    work = Work(run, stage, params, inputs, run.metadata(stage.name, sign, inputs))
    work.touched = None if run.audit else touched_keys(work, run.done.get(stage.name), code, rows_of)
    carry_out = {Measure: verbs.measure, Decide: verbs.decide, Publish: verbs.publish}[type(stage)]
    result = carry_out(work)
    result.signature, result.inputs = f"{sign}+" if result.unfinished else sign, rows_of
    result.params, result.code_version = params_json(params), code
    result.kernel_version = stage.kernel_version(params) if isinstance(stage, Measure) else None
    result.table_version = run.lake.rows_version(stage.writes.name) or 0
    return result


def _finished(run: Run, stage: Stage, sign: str) -> StageResult | None:
    """The recorded result of the same work, if its table is still as that work left it: a repeat writes nothing.

    A run killed before its record is written does the work again, finds no row to change, and so writes nothing either.
    """
    last = None if run.audit else run.done.get(stage.name)
    same = last and last.signature == sign and last.table_version == run.lake.rows_version(stage.writes.name)
    return last if same else None
