"""Bring a table to its candidate: compare, check the keys, write the rows that differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime import changeset, quality
from jobs.runtime.changeset import Difference
from jobs.runtime.frames import BEFORE, OP, images, images_in_memory
from schemas.contract import Table

if TYPE_CHECKING:
    from jobs.runtime.runner import Run

Rows = Callable[[DataFrame], DataFrame]


def write_changes(
    run: Run,
    stage: str,
    table: Table,
    candidate: DataFrame,
    metadata: dict[str, Any],
    within: Rows = lambda rows: rows,
    with_text: Rows = lambda rows: rows,
) -> int:
    """Write the rows by which the stored rows, or the part of them that `within` gives, differ from the candidate.

    Returns how many. Raises QualityError, before anything is written, where a key is double in either of the two.
    """
    return checked(run, stage, table, compare(run, table, candidate, within), metadata, with_text)


def checked(
    run: Run,
    stage: str,
    table: Table,
    found: Difference,
    metadata: dict[str, Any],
    with_text: Rows = lambda rows: rows,
) -> int:
    """Write a difference once its keys are found to be keys. Returns how many rows. Raises QualityError."""
    if found.key.passed and not found.number:
        return 0  # nor is there anything to record
    quality.gate(run.checks, run.run_id, stage, table, [found.key])
    return write(run, table, found, metadata, with_text)


def compare(run: Run, table: Table, candidate: DataFrame, within: Rows = lambda rows: rows) -> Difference:
    """How the stored rows, or the part of them that `within` gives, differ from the candidate."""
    stored = within(run.narrow(table)) if run.lake.version(table.name) else None
    return changeset.compared(run, table, candidate, stored)


def write(
    run: Run, table: Table, found: Difference, metadata: dict[str, Any], with_text: Rows = lambda rows: rows
) -> int:
    """Write a difference; later stages of this run find it in the run's feed. Returns how many rows."""
    if not found.number:
        return 0
    rows = found.changed
    if table.volatile:
        rows = rows.withColumns({c: F.lit(run.run_id) for c in table.volatile})
    before = run.lake.rows_version(table.name)
    full = _add_text(table, rows, with_text)
    if not (found.counts["update"] or found.counts["delete"]):
        run.lake.append(table, full, metadata)
    elif found.memory is not None:
        run.lake.replace(table, full, found.memory.select(list(table.key)), metadata)
    else:
        run.lake.merge(table, full, metadata)
    if before is not None and table.feed and BEFORE in found.changed.columns:
        whole = images(table, found.changed) if found.memory is None else images_in_memory(table, found.memory)
        run.feed.wrote(table, before, whole)
    return found.number


def _add_text(table: Table, changed: DataFrame, with_text: Rows) -> DataFrame:
    """Text for the rows to be written; a row to be deleted needs none, and its text may be gone already."""
    if not table.text:
        return changed.select(OP, *table.names)
    gone = changed.where(F.col(OP) == "delete")
    gone = gone.withColumns({c: F.lit(None).cast(table.column(c).type) for c in table.text})
    written = with_text(changed.where(F.col(OP) != "delete"))
    return written.select(OP, *table.names).union(gone.select(OP, *table.names))
