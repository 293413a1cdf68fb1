"""What a run would do, on how many rows and bytes and for about how long, told from the records of earlier runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from jobs.runtime.accounting import StageResult
from jobs.runtime.stage import Stage, params_json
from schemas.ops import RUNS

if TYPE_CHECKING:
    from jobs.runtime.runner import Run

NOTHING, TOUCHED = "nothing", "what the change touches"
_FIXED_SECONDS = 6.0
"""CPU seconds of a stage however little it does (docs/performance.md)."""


@dataclass(frozen=True)
class Forecast:
    """What one stage would do; None where no earlier run tells it."""

    stage: str
    what: str
    rows: int | None = None
    bytes: int | None = None
    cpu_seconds: float | None = None


def forecast(run: Run, stages: tuple[Stage, ...], moving: set[str], share: float) -> list[Forecast]:
    """One row per stage in order. `moving` are the tables that ingest will change, `share` how much of their rows."""
    dearest = _dearest(run)
    found, moving = [], set(moving)
    for stage in stages:
        what = _what(run, stage, moving)
        found.append(_costs(run, stage, what, share, dearest.get(stage.name)))
        if what != NOTHING:
            moving.add(stage.writes.name)
    return found


def _what(run: Run, stage: Stage, moving: set[str]) -> str:
    """Why everything is taken, or that only a change is, or nothing."""
    last, params = run.done.get(stage.name), run.params_of(stage)
    if run.audit:
        return "everything: --audit"
    if last is None:
        return "everything: no record of an earlier run"
    if last.code_version != run.code(stage):
        return "everything: its code or a kernel has changed"
    if last.params != params_json(params):
        return "everything: its parameters have changed"
    if last.table_version != run.lake.rows_version(stage.writes.name):
        return "everything: its table is not as it left it"
    read = [t.name for t in (*stage.reads, *getattr(stage, "texts", ()))]
    if not moving & set(read) and all(last.inputs.get(t) == run.lake.rows_version(t) for t in read):
        return NOTHING
    if stage.narrow is None or not stage.narrow.holds(run.setting):
        return "everything: it has no other way"
    return TOUCHED


def _costs(run: Run, stage: Stage, what: str, share: float, dearest: StageResult | None) -> Forecast:
    last = run.done.get(stage.name)
    if what == NOTHING:
        return Forecast(stage.name, what, 0, 0, 0.0)
    if last is None or dearest is None:
        return Forecast(stage.name, what)
    part = share if what == TOUCHED else 1.0
    most = max(last.rows_read, dearest.rows_read)
    grown = most / max(1, dearest.rows_read)
    seconds = _FIXED_SECONDS + max(0.0, dearest.cpu_seconds - _FIXED_SECONDS) * grown * part
    return Forecast(stage.name, what, round(most * part), round(dearest.bytes_read * grown * part), seconds)


def _dearest(run: Run) -> dict[str, StageResult]:
    """The recorded result of each stage that took the most CPU: one that took everything, as a rule the first."""
    if run.lake.version(RUNS.name) is None:
        return {}
    numbers = ("rows_read", "bytes_read", "cpu_seconds")
    most = F.max_by(F.struct(*numbers), F.coalesce("cpu_seconds", F.lit(0.0))).alias("r")
    rows = run.lake.read(RUNS).groupBy("stage").agg(most).select("stage", "r.*").collect()
    return {r["stage"]: StageResult(r["stage"], "", **{n: r[n] or 0 for n in numbers}) for r in rows}
