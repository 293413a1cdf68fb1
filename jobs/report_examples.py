"""The report's examples: files of each of the largest drops, one query over all decisions and one over the rejects."""

from __future__ import annotations

from functools import reduce
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.runtime.accounting import StageResult
from jobs.runtime.runner import Run
from schemas import code, ops
from udfs.rules.sentences import sentence

EXAMPLES = 5
DROPS = 10


def top_drops(results: list[StageResult]) -> list[tuple[str, str, int]]:
    """(stage, reason, rows), largest first."""
    every = [(r.stage, reason, count) for r in results for reason, count in r.reasons.items()]
    return sorted(every, key=lambda row: (-row[2], row[0], row[1]))


def examples(run: Run, results: list[StageResult]) -> list[dict[str, Any]]:
    """Five files, by smallest id, of each of the ten largest drops."""
    drops = top_drops(results)[:DROPS]
    rows = _dropped(run, drops) | _rejected(run, [reason for stage, reason, _ in drops if stage == "ingest"])
    return [
        {"stage": stage, "reason": reason, "count": count, "rows": rows.get((stage, reason), [])}
        for stage, reason, count in drops
    ]


def _dropped(run: Run, drops: list[tuple[str, str, int]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    parts = []
    for stage in run.flow:
        wanted = [reason for name, reason, _ in drops if name == stage.name]
        if not wanted or not {"file_id", "keep"} <= set(stage.writes.names):
            continue
        rows = run.facts(stage.writes).where("not keep").select("file_id", F.explode("reasons").alias("why"))
        rows = rows.where(F.col("why.rule").isin(wanted))
        parts.append(rows.select(F.lit(stage.name).alias("stage"), F.col("why.rule").alias("reason"), "file_id", "why"))
    if not parts:
        return {}
    rows = _first(reduce(DataFrame.unionAll, parts), "file_id")
    files = run.facts(code.RAW_FILES).select("file_id", "source_id", "path", "size_bytes")
    other = files.select(F.col("file_id").alias("other_id"), F.col("path").alias("other"))
    rows = rows.join(files, "file_id").join(other, F.col("why.detail") == F.col("other_id"), "left")
    return _by_drop(rows.orderBy("file_id").collect(), _said)


def _rejected(run: Run, reasons: list[str]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    if not reasons:
        return {}
    rows = run.facts(ops.REJECTS).where(F.col("reason").isin(reasons) & (F.col("stage") == "ingest"))
    return _by_drop(_first(rows, "reject_id").orderBy("reject_id").collect(), lambda row: row["detail"] or "")


def _first(rows: DataFrame, key: str) -> DataFrame:
    place = F.row_number().over(Window.partitionBy("stage", "reason").orderBy(key))
    return rows.withColumn("place", place).where(F.col("place") <= EXAMPLES)


def _by_drop(rows: list[Any], said: Any) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        shown = {"source": row["source_id"], "path": row["path"] or "", "size": row["size_bytes"], "said": said(row)}
        found.setdefault((row["stage"], row["reason"]), []).append(shown)
    return found


def _said(row: Any) -> str:
    why = row["why"]
    said = row["other"] or why["detail"] or ""
    if why["value"] is not None:
        said = "; ".join(filter(None, (sentence(why["rule"], why["value"], why["threshold"]), said)))
    return said
