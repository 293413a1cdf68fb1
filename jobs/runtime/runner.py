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

from jobs.runtime import accounting, changeset, measured, quality
from jobs.runtime.accounting import StageResult
from jobs.runtime.cpu import stopwatch
from jobs.runtime.fixpoint import fixpoint
from jobs.runtime.frames import OP, align
from jobs.runtime.lease import MovedError
from jobs.runtime.quarantine import append_measured
from jobs.runtime.stage import Decide, Measure, Publish, Stage, signature
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.ops import CHECKS, RUNS

BROADCAST_KEYS = 1_000_000
"""Up to this many keys are sent to the text (64 MB of hashes); above it the text is shuffled once."""


class Progress(Protocol):
    def started(self, stage: str, number: int, of: int) -> None: ...
    def finished(self, result: StageResult) -> None: ...


@dataclass
class Run:
    """One run over a list of stages: the lake, the parameters in force by their class, and what happened so far."""

    lake: Lake
    run_id: str
    flow: tuple[Stage, ...]
    params: dict[type, Any] = field(default_factory=dict)
    done: dict[str, StageResult] = field(default_factory=dict)
    results: list[StageResult] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    progress: Progress | None = None

    def params_of(self, stage: Stage) -> Any:
        return self.params.get(type(stage.params), stage.params)

    def read(self, table: Table, version: int | None = None) -> DataFrame:
        """A table as later stages see it: of a measured table only the rows of the kernel version in force."""
        rows = self.lake.read(table, version)
        for stage in self.flow:
            if isinstance(stage, Measure) and stage.writes.name == table.name:
                rows = rows.where(F.col("kernel_version") == stage.kernel_version(self.params_of(stage)))
        return rows

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

    Raises QualityError, MissingTableError, ContractError, and what `before` raises.
    """
    run.done = accounting.finished_work(run.lake)
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
        raise  # the run begins again, and nothing of this beginning is a result
    except BaseException:
        # What ended the run is what its user must see: a session that died with it cannot record anything.
        with suppress(Exception):
            _record(run)
        raise
    _record(run)
    return run.results


def _record(run: Run) -> None:
    accounting.append_rows(run.lake, RUNS, [r.row() for r in run.results if not r.skipped])
    accounting.append_rows(run.lake, CHECKS, run.checks)
    run.checks.clear()


def timed(run: Run, work: Callable[[], StageResult]) -> StageResult:
    started, spent = time.monotonic(), stopwatch(run.lake.spark)
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
    sign = signature(stage, params, rows_of)
    if done := _finished(run, stage, sign):
        return done
    run.lake.ensure(stage.writes)
    work = {Measure: _measure, Decide: _decide, Publish: _publish}[type(stage)]
    result = work(run, stage, params, inputs, run.metadata(stage.name, sign, inputs))
    result.signature, result.inputs = sign, rows_of
    result.params, result.code_version = accounting.describe(stage, params)
    result.kernel_version = stage.kernel_version(params) if isinstance(stage, Measure) else None
    result.table_version = run.lake.rows_version(stage.writes.name) or 0
    return result


def _finished(run: Run, stage: Stage, sign: str) -> StageResult | None:
    """The recorded result of the same work, if its table is still as that work left it: a repeat writes nothing.

    A run killed before its record is written does the work again, finds no row to change, and so writes nothing either.
    """
    last = run.done.get(stage.name)
    same = last and last.signature == sign and last.table_version == run.lake.rows_version(stage.writes.name)
    return last if same else None


def _measure(run: Run, stage: Measure, params: Any, inputs: dict[str, int], metadata: dict[str, Any]) -> StageResult:
    required = stage.required(*(run.read(t, inputs[t.name]) for t in stage.reads), params).distinct()
    kernel = stage.kernel_version(params)
    work, counts = measured.difference(run, stage, required, kernel)
    rows = counts.get(measured.MISSING, 0)
    result = StageResult(stage.name, stage.writes.name, rows_read=rows, rows_kept=rows)
    result.rows_written = rows + measured.forget(run, stage, work, counts, metadata)
    if rows == 0:
        return result
    todo = work.where(F.col(OP) == measured.MISSING).select(*required.columns)
    texts = [run.read(t, inputs[t.name]) for t in stage.texts]
    result.bytes_read = accounting.text_bytes(todo, texts)
    keys = F.broadcast(todo) if rows <= BROADCAST_KEYS else todo
    found = partial(stage.transform, keys, *texts, params)
    result.reasons = append_measured(run.lake, stage.writes, found, kernel, metadata)
    result.rows_kept -= sum(result.reasons.values())
    return result


def _decide(run: Run, stage: Decide, params: Any, inputs: dict[str, int], metadata: dict[str, Any]) -> StageResult:
    reads = [run.read(t, inputs[t.name]) for t in stage.reads]
    extra = {"fixpoint": fixpoint(run.lake, run.run_id, stage.name)} if stage.iterative else {}
    decided = align(stage.writes, stage.transform(*reads, params, **extra))
    candidate, counts = run.lake.stage_counted(decided, run.run_id, stage.name, accounting.counts_of(stage.writes))
    result = StageResult(stage.name, stage.writes.name, rows_read=counts["rows"], rows_kept=counts["kept"])
    if "keep" in stage.writes.names:
        result.reasons = accounting.dropped_by(candidate) if result.rows_dropped else {}
        everyone = stage.population(*reads).count() if stage.population else _population(run, stage, reads[0])
        quality.gate(
            run.checks, run.run_id, stage.name, stage.writes, [quality.check_population(counts["rows"], everyone)]
        )
    in_scope = partial(DataFrame.where, condition=stage.scope) if stage.scope else (lambda rows: rows)
    result.rows_written = write_changes(run, stage.name, stage.writes, candidate, metadata, in_scope)
    return result


def _publish(run: Run, stage: Publish, params: Any, inputs: dict[str, int], metadata: dict[str, Any]) -> StageResult:
    reads = [run.read(t, inputs[t.name]) for t in stage.reads]
    rows = stage.transform(*reads, params)
    if "run_id" in stage.writes.names:
        rows = rows.withColumn("run_id", F.lit(run.run_id))
    narrow = align(stage.writes, rows, columns=stage.writes.narrow())
    candidate, counts = run.lake.stage_counted(narrow, run.run_id, stage.name, accounting.counts_of(stage.writes))
    checks = [quality.check_population(counts["rows"], _population(run, stage, reads[0]))]
    checks += quality.expectations(stage.writes, candidate)
    quality.gate(run.checks, run.run_id, stage.name, stage.writes, checks)
    texts = [run.read(t, inputs[t.name]) for t in stage.texts]
    result = StageResult(stage.name, stage.writes.name, rows_read=counts["rows"], rows_kept=counts["rows"])
    result.bytes_read = counts["bytes"]

    def with_text(changed: DataFrame) -> DataFrame:
        return stage.with_text(changed, *texts, params)

    result.rows_written = write_changes(run, stage.name, stage.writes, candidate, metadata, with_text=with_text)
    return result


def _population(run: Run, stage: Decide | Publish, rows: DataFrame) -> int:
    """How many rows the stage before kept: as it recorded, where its table is still as it left it; else counted."""
    table = stage.reads[0]
    for result in (*run.results, *run.done.values()):
        same = result.table_name == table.name and result.table_version == run.lake.rows_version(table.name)
        if same and "keep" in table.names:
            return result.rows_kept
    return accounting.population(rows).count()


def write_changes(
    run: Run,
    stage: str,
    table: Table,
    candidate: DataFrame,
    metadata: dict[str, Any],
    within: Callable[[DataFrame], DataFrame] = lambda rows: rows,
    with_text: Callable[[DataFrame], DataFrame] = lambda rows: rows,
) -> int:
    """Write the rows by which the stored rows, or the part of them that `within` gives, differ from the candidate.

    Returns how many. Raises QualityError, before anything is written, where a key is double in either of the two.
    """
    stored = within(run.lake.read(table).select(*table.narrow())) if run.lake.version(table.name) else None
    changed, counts, key = changeset.compared(run, table, candidate, stored)
    if key.passed and not any(counts.values()):
        return 0  # nor is there anything to record
    quality.gate(run.checks, run.run_id, stage, table, [key])
    if table.volatile:
        changed = changed.withColumns({c: F.lit(run.run_id) for c in table.volatile})
    full = _add_text(table, changed, with_text)
    if counts["update"] or counts["delete"]:
        run.lake.merge(table, full, metadata)
    else:
        run.lake.append(table, full, metadata)
    return sum(counts.values())


def _add_text(table: Table, changed: DataFrame, with_text: Callable[[DataFrame], DataFrame]) -> DataFrame:
    """Text for the rows to be written; a row to be deleted needs none, and its text may be gone already."""
    if not table.text:
        return changed.select(OP, *table.names)
    gone = changed.where(F.col(OP) == "delete")
    gone = gone.withColumns({c: F.lit(None).cast(table.column(c).type) for c in table.text})
    written = with_text(changed.where(F.col(OP) != "delete"))
    return written.select(OP, *table.names).union(gone.select(OP, *table.names))
