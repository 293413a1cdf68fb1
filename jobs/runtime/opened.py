"""Which texts of a table must be opened for some keys: those of the runs that wrote them, and of few keys no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.held import MOST_TEXT
from jobs.runtime.keys import Keys, only
from schemas.contract import Table, quote

if TYPE_CHECKING:
    from jobs.runtime.narrowing import Work

_TEXT_IDS = ("content_id", "clean_id")
_RUNS = 50
"""Above this many runs a filter would hardly leave a file out."""


def opened(work: Work, wanted: DataFrame) -> tuple[list[DataFrame], int]:
    """The stage's text tables, each with no more than the runs that wrote the wanted texts, and the bytes of these.

    Delta keeps the least and the greatest run of each file, and a reader opens no file whose runs are none of these.
    """
    found = [_of_few_runs(work, wanted, table) for table in work.stage.texts]
    return [rows for rows, _ in found], next((size for _, size in found if size), 0)


def _of_few_runs(work: Work, wanted: DataFrame, table: Table) -> tuple[DataFrame, int]:
    run, version = work.run, work.inputs[table.name]
    key = table.key[0]
    asked = next((name for name in (key, *_TEXT_IDS) if name in wanted.columns), None)
    if key not in _TEXT_IDS or asked is None or "text_bytes" not in table.names:
        return run.read(table, version), 0
    # A corpus has both ids: what asks for its texts by one name means those that are its key.
    keys = Keys.of(wanted.select(F.col(asked).alias(key)))
    if keys.none:
        return run.read(table, version).where("false"), 0  # a change that only takes away opens nothing
    size, runs = _written_by(only(run.facts(table, version), key, keys))
    if not 0 < len(runs) <= _RUNS:
        return run.read(table, version), size
    of_runs = f"run_id IN ({', '.join(map(quote, runs))})"
    if keys.frame is not None or size > MOST_TEXT:
        return run.read(table, version).where(of_runs), size
    named = f"{of_runs} AND {key} IN ({keys.listed()})"
    return run.in_force(table, run.held.texts(table, version, named)), size


def _written_by(rows: DataFrame) -> tuple[int, list[str]]:
    """Bytes of the texts of narrow rows, and the runs that wrote them; no run where one is not known."""
    by = F.col("run_id") if "run_id" in rows.columns else F.lit(None).cast("string")
    facts = [
        F.sum("text_bytes").alias("size"),
        F.collect_set(by).alias("runs"),
        F.count_if(by.isNull()).alias("unknown"),
    ]
    found = rows.agg(*facts).collect()[0]
    return int(found["size"] or 0), [] if found["unknown"] else found["runs"]
