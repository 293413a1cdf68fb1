"""What a stage did: rows read = kept + dropped with reasons, bytes, seconds; kept in `runs`, shown in the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.runtime.frames import no_key
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.ops import RUNS


@dataclass
class StageResult:
    """One row of `runs`. `skipped` marks a repeat of finished work: its numbers are those of the run that did it.
    `unfinished` work left keys out that the next run tries again; `waiting` says for what, with counts.
    """

    stage: str
    table_name: str
    run_id: str = ""
    table_version: int = 0
    signature: str = ""
    inputs: dict[str, int] = field(default_factory=dict)
    params: str = ""
    code_version: str = ""
    kernel_version: str | None = None
    rows_read: int = 0
    rows_kept: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    rows_written: int = 0
    bytes_read: int = 0
    seconds: float = 0.0
    cpu_seconds: float | None = None
    finished_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    skipped: bool = False
    unfinished: bool = False
    waiting: dict[str, int] = field(default_factory=dict)

    @property
    def rows_dropped(self) -> int:
        return self.rows_read - self.rows_kept

    def row(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in RUNS.names}


def population(rows: DataFrame) -> DataFrame:
    """The rows a decide stage must decide about: those that the stage before it kept."""
    return rows.where("keep") if "keep" in rows.columns else rows


def counts_of(table: Table) -> dict[str, Column]:
    """What is counted of a candidate while it is set aside: rows, those kept, those whose key is not whole."""
    kept = F.count_if("keep") if "keep" in table.names else F.count(F.lit(1))
    size = F.sum("text_bytes") if "text_bytes" in table.narrow() else F.sum(F.lit(0))
    return {"rows": F.count(F.lit(1)), "kept": kept, "no_key": F.count_if(no_key(table)), "bytes": size}


def dropped_by(candidate: DataFrame) -> dict[str, int]:
    """Rows dropped by reason; a row with two reasons counts in both."""
    by_reason = candidate.where("not keep").select(F.explode(F.array_distinct("reasons.rule")).alias("rule"))
    return {r["rule"]: r["count"] for r in by_reason.groupBy("rule").count().collect()}


def append_rows(lake: Lake, table: Table, rows: list[dict[str, Any]]) -> None:
    """Append a few rows made on the driver to an operations table."""
    if not rows:
        return
    lake.ensure(table)
    lake.write_few(table, _arrow(table, rows), {"table": table.name})


def rewrite_rows(lake: Lake, table: Table, rows: list[dict[str, Any]]) -> None:
    """Put rows in the place of all those of an operations table that is small by design."""
    lake.ensure(table)
    lake.write_few(table, _arrow(table, rows), {"table": table.name}, instead=True)


def _arrow(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    schema = table.arrow_schema()
    columns = [pa.array([_maps_as_pairs(r[f.name]) for r in rows], f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _maps_as_pairs(value: Any) -> Any:
    return sorted(value.items()) if isinstance(value, dict) else value


def finished_work(lake: Lake) -> dict[str, StageResult]:
    """The newest recorded result of each stage, marked as skipped: what a repeat may stand on."""
    return records(lake, 1)[0]


def records(lake: Lake, runs: int) -> tuple[dict[str, StageResult], dict[str, list[str]]]:
    """(finished work, kernel versions of the last `runs` recorded runs of each measure stage, newest first)."""
    done: dict[str, StageResult] = {}
    kernels: dict[str, list[str]] = {}
    for row in sorted(lake.small(RUNS), key=lambda row: row["finished_at"]):
        done[row["stage"]] = _result(row)
        if row["kernel_version"] is not None:
            kernels.setdefault(row["stage"], []).insert(0, row["kernel_version"])
    return done, {stage: found[:runs] for stage, found in kernels.items()}


def _result(row: dict[str, Any]) -> StageResult:
    maps = {name: dict(row[name] or ()) for name in ("inputs", "reasons")}
    return StageResult(**{k: v for k, v in row.items() if k != "rows_dropped"} | maps, skipped=True)
