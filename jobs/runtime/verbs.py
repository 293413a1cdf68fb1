"""How a stage is carried out by its verb: measure what is missing, decide, publish."""

from __future__ import annotations

from collections import Counter
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime import accounting, measured, quality, writing
from jobs.runtime.accounting import StageResult
from jobs.runtime.changeset import Difference
from jobs.runtime.fixpoint import fixpoint
from jobs.runtime.frames import OP, align
from jobs.runtime.keys import without
from jobs.runtime.narrowing import BROADCAST_KEYS, Touched, Work
from jobs.runtime.opened import opened
from jobs.runtime.quarantine import append_measured


def measure(work: Work) -> StageResult:
    """Measure the keys that have no row of the kernel in force, and forget those that nothing asks for."""
    run, stage = work.run, work.stage
    if work.touched and work.touched.keys.none:
        return StageResult(stage.name, stage.writes.name)
    required = stage.required(*work.reads(), work.params).distinct()
    kernel = stage.kernel_version(work.params)
    todo, counts = measured.difference(work, required, kernel)
    rows = counts.get(measured.MISSING, 0)
    result = StageResult(stage.name, stage.writes.name, rows_read=rows, rows_kept=rows)
    place = None if stage.passes else measured.place_of(stage, todo, counts, kernel)
    result.rows_written = rows + measured.forget(run, stage, todo, counts, work.metadata, unasked=place is None)
    if rows == 0 and not stage.passes:
        return result
    missing = todo.where(F.col(OP) == measured.MISSING).select(*required.columns)
    texts, result.bytes_read = opened(work, missing)
    if stage.passes:
        stage.passes(work, missing, texts, result)
        return result
    keys = F.broadcast(missing) if rows <= BROADCAST_KEYS else missing
    found = partial(stage.transform, keys, *texts, work.params)
    result.reasons = append_measured(run.lake, stage.writes, found, kernel, work.metadata, where=place)
    result.rows_kept -= sum(result.reasons.values())
    return result


def decide(work: Work) -> StageResult:
    """Decide about every row of the population, or about those that a change touches."""
    if work.touched:
        return _decide_touched(work, work.touched)
    run, stage, reads = work.run, work.stage, work.reads()
    decided = _decided(work, reads)
    candidate, counts = run.lake.stage_counted(decided, run.run_id, stage.name, accounting.counts_of(stage.writes))
    result = StageResult(stage.name, stage.writes.name, rows_read=counts["rows"], rows_kept=counts["kept"])
    if "keep" in stage.writes.names:
        result.reasons = accounting.dropped_by(candidate) if result.rows_dropped else {}
        _gate(work, quality.check_population(counts["rows"], _everyone(work)))
    in_scope = partial(DataFrame.where, condition=stage.scope) if stage.scope else (lambda rows: rows)
    result.rows_written = writing.write_changes(run, stage.name, stage.writes, candidate, work.metadata, in_scope)
    return result


def publish(work: Work) -> StageResult:
    """Publish what every stage kept, once the contract's expectations of the whole table are met."""
    run, stage, touched = work.run, work.stage, work.touched
    if touched and touched.keys.none:
        return _totals(touched, StageResult(stage.name, stage.writes.name))
    rows = stage.transform(*work.reads(), work.params)
    if "run_id" in stage.writes.names:
        rows = rows.withColumn("run_id", F.lit(run.run_id))
    narrow = align(stage.writes, rows, columns=stage.writes.narrow())
    candidate, counts = run.lake.stage_counted(narrow, run.run_id, stage.name, accounting.counts_of(stage.writes))
    found = writing.compare(run, stage.writes, candidate, work.within)
    number = touched.last.rows_read + found.grown["rows"] if touched else counts["rows"]
    checks = [quality.check_population(number, _everyone(work)), found.key]
    checks += quality.expectations(stage.writes, _as_it_will_be(work, candidate)) if found.number else []
    _gate(work, *checks)
    result = StageResult(stage.name, stage.writes.name, rows_read=number, rows_kept=number)
    texts, result.bytes_read = opened(work, found.changed.where(F.col(OP) != "delete"))

    def with_text(changed: DataFrame) -> DataFrame:
        return stage.with_text(changed, *texts, work.params)

    result.rows_written = writing.write(run, stage.writes, found, work.metadata, with_text)
    return result


def _as_it_will_be(work: Work, candidate: DataFrame) -> DataFrame:
    """The narrow columns of the published table once the candidate is in it."""
    table = work.stage.writes
    if not work.touched:
        return candidate
    stored = work.run.narrow(table)
    return without(stored, work.stage.narrow.key, work.touched.keys).unionByName(candidate)


def _decided(work: Work, reads: list[DataFrame]) -> DataFrame:
    stage = work.stage
    extra = {"fixpoint": fixpoint(work.run.lake, work.run.run_id, stage.name)} if stage.iterative else {}
    return align(stage.writes, stage.transform(*reads, work.params, **extra))


def _decide_touched(work: Work, touched: Touched) -> StageResult:
    """Decide about what is touched; the totals are the last ones and what they grow by."""
    run, stage, table = work.run, work.stage, work.stage.writes
    result = StageResult(stage.name, table.name)
    found = None
    if not touched.keys.none:
        decided = _decided(work, work.reads())
        decided = work.within(decided) if stage.narrow.cuts else decided
        found = writing.compare(run, table, decided, work.within)
        _gate(work, found.key)
    result = _totals(touched, result, found)
    if "keep" in table.names:
        _gate(work, quality.check_population(result.rows_read, _everyone(work)))
    result.rows_written = writing.write(run, table, found, work.metadata) if found else 0
    return result


def _totals(touched: Touched, result: StageResult, found: Difference | None = None) -> StageResult:
    """The stage's totals, from its last ones and what a difference adds to them."""
    last = touched.last
    result.rows_read, result.rows_kept, reasons = last.rows_read, last.rows_kept, Counter(last.reasons)
    if found and found.number:
        result.rows_read += found.grown["rows"]
        result.rows_kept += found.grown["kept"] if "keep" in found.changed.columns else found.grown["rows"]
        if "reasons" in found.changed.columns:
            reasons.update(found.reasons())
    result.reasons = {rule: number for rule, number in reasons.items() if number}
    return result


def _everyone(work: Work) -> int:
    """How many rows the stage must give, whatever part of them is taken anew."""
    run, stage = work.run, work.stage
    if stage.population is None:
        return _population(work)
    reads = (run.facts(t, work.inputs[t.name]) for t in stage.reads)
    return int(stage.population(*reads, work.params).count())


def _population(work: Work) -> int:
    """How many rows the stage before kept: as it recorded, where its table is still as it left it; else counted."""
    run, table = work.run, work.stage.reads[0]
    for result in (*run.results, *run.done.values()):
        same = result.table_name == table.name and result.table_version == run.lake.rows_version(table.name)
        if same and result.kernel_version is None:
            return result.rows_kept
    return accounting.population(run.narrow(table, work.inputs[table.name])).count()


def _gate(work: Work, *checks: quality.CheckResult) -> None:
    quality.gate(work.run.checks, work.run.run_id, work.stage.name, work.stage.writes, list(checks))
