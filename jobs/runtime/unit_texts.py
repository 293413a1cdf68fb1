"""Rows and texts of units: texts that are new come in, texts that no place has any more go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.changeset import Difference
from jobs.runtime.feed import NoFeedError
from jobs.runtime.frames import OP
from jobs.runtime.keys import FEW_KEYS, Keys, only
from jobs.runtime.runner import Run
from jobs.runtime.session import shuffle_tasks
from schemas.contract import Table

TASK_BYTES = 200_000_000
"""What a task sorts in memory beside Python workers."""


class DropError(ValueError):
    """The manifest would drop more of an existing warehouse than is allowed without being asked."""


@dataclass(frozen=True)
class UnitTexts:
    """The texts, by `content_id`, of what a stage reads from units: `places` has a row for each occurrence, `texts` one
    for each text. `at` names a staged row.
    """

    stage: str
    places: Table
    texts: Table
    at: tuple[str, ...]

    def add(self, run: Run, read: DataFrame, staged: DataFrame, size: int, metadata: dict[str, str]) -> int:
        """Append the texts of rows `read` that are new. Of equal texts one row of those staged (`size` bytes) is read,
        chosen by name.
        """
        known = run.narrow(self.texts).select("content_id")
        new = read.join(known, "content_id", "left_anti").groupBy("content_id")
        chosen = new.agg(F.min(F.struct(*self.at)).alias("at")).select("content_id", "at.*")
        chosen = run.lake.stage(chosen, run.run_id, f"{self.stage}.new_texts")
        number = chosen.count()
        if number:
            more = [name for name in self.texts.names if name not in ("content_id", "run_id")]
            rows = staged.select(*self.at, *more)
            if (tasks := join_tasks(size, shuffle_tasks(run.lake.spark))) is not None:
                rows, chosen = rows.repartition(tasks, *self.at), chosen.repartition(tasks, *self.at)
            texts = rows.join(chosen, list(self.at)).withColumn("run_id", F.lit(run.run_id))
            run.lake.append(self.texts, texts.select(*self.texts.names), metadata)
        return number

    def drop(self, run: Run, before: int, metadata: dict[str, str]) -> int:
        """Delete the texts that no place has any more: removal is complete. `before` is the version of the places that
        this ingest found; where the last one came to its end there, only texts that moved since can be without one.
        """
        places, last = run.narrow(self.places).select("content_id"), run.done.get(self.stage)
        held = run.narrow(self.texts).select("content_id")
        if last and last.inputs.get(self.places.name) == before and (moved := self._moved(run, before)):
            places, held = only(places, "content_id", moved), only(held, "content_id", moved)
        gone = held.join(places, "content_id", "left_anti")
        gone = run.lake.stage(gone, run.run_id, f"{self.stage}.gone_texts")
        number = gone.count()
        if number:
            run.lake.delete(self.texts, gone, metadata, number <= FEW_KEYS)
        return number

    def _moved(self, run: Run, before: int) -> Keys | None:
        try:
            return Keys.of(run.feed.column(self.places, before, "content_id"))
        except NoFeedError:
            return None


def of_units(run: Run, rows: DataFrame, units: Iterable[tuple[str, str | None]], how: str = "left_semi") -> DataFrame:
    """The rows of units (source, unit), None for all of a source; rows of an earlier release name none: of any. With
    `left_anti` all others.
    """
    touched = run.lake.spark.createDataFrame(list(units), "source_id string, unit string")
    same = (rows["source_id"] == touched["source_id"]) & (
        touched["unit"].isNull() | rows["unit"].isNull() | (rows["unit"] == touched["unit"])
    )
    return rows.join(F.broadcast(touched), same, how)


def join_tasks(size: int, usual: int) -> int | None:
    """Into how many tasks the one join that carries text is to be cut; None where the usual number gives small ones.

    Spark cuts every shuffle into as many, whatever goes through it: 6 TB in 400 tasks are 15 GB to sort in each.
    """
    return tasks if (tasks := size // TASK_BYTES) > usual else None


def guard_drop(run: Run, found: Difference, table: Table, max_drop: float, counted: str = "true") -> None:
    """Raise DropError where more than the allowed share of the stored rows would go, of those that `counted` says."""
    before = run.lake.rows(table)
    if found.counts["delete"] <= max_drop * before:
        return
    gone = found.changed.where(f"{OP} = 'delete' AND {counted}").groupBy("source_id").count().collect()
    dropped = sum(r["count"] for r in gone)
    if dropped <= max_drop * before:
        return
    largest = sorted(((r["source_id"], r["count"]) for r in gone), key=lambda item: (-item[1], item[0]))[:5]
    raise DropError(
        f"{table.name}: expected to keep at least {1 - max_drop:.0%} of {before} rows, found that this manifest drops "
        f"{dropped} ({dropped / before:.1%}): {', '.join(f'{n} of {s}' for s, n in largest)}. Nothing was written. "
        "Mend the manifest, or say --allow-drop if they are to go."
    )
