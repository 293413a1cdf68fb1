"""The half of ingest that holds text: texts that are new come in, texts that no file has any more go."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.feed import NoFeedError
from jobs.runtime.keys import FEW_KEYS, Keys, only
from jobs.runtime.runner import Run
from jobs.runtime.session import shuffle_tasks
from schemas.code import CONTENTS, RAW_FILES

_AT = ("source_id", "unit", "ordinal")
TASK_BYTES = 200_000_000
"""What a task sorts in memory beside Python workers."""


class DropError(ValueError):
    """The manifest would drop more of an existing warehouse than is allowed without being asked."""


def add_contents(run: Run, files: DataFrame, staged: DataFrame, size: int, metadata: dict[str, str]) -> int:
    """Append the texts that are new. Of equal texts one row of those staged (`size` bytes) is read, chosen by name."""
    known = run.narrow(CONTENTS).select("content_id")
    new = files.join(known, "content_id", "left_anti").groupBy("content_id")
    chosen = new.agg(F.min(F.struct(*_AT)).alias("at")).select("content_id", "at.*")
    chosen = run.lake.stage(chosen, run.run_id, "ingest.new_contents")
    number = chosen.count()
    if number:
        rows = staged.select(*_AT, "text_bytes", "text")
        if (tasks := join_tasks(size, shuffle_tasks(run.lake.spark))) is not None:
            rows, chosen = rows.repartition(tasks, *_AT), chosen.repartition(tasks, *_AT)
        texts = rows.join(chosen, list(_AT)).withColumn("run_id", F.lit(run.run_id))
        run.lake.append(CONTENTS, texts.select(*CONTENTS.names), metadata)
    return number


def join_tasks(size: int, usual: int) -> int | None:
    """Into how many tasks the one join that carries text is to be cut; None where the usual number gives small ones.

    Spark cuts every shuffle into as many, whatever goes through it: 6 TB in 400 tasks are 15 GB to sort in each.
    """
    return tasks if (tasks := size // TASK_BYTES) > usual else None


def drop_contents(run: Run, before: int, metadata: dict[str, str]) -> int:
    """Delete the texts that no file has any more: removal is complete. `before` is the version of raw_files that this
    ingest found; where the last one came to its end there, only the texts of files that moved since can be without one.
    """
    files, last = run.narrow(RAW_FILES).select("content_id"), run.done.get("ingest")
    held = run.narrow(CONTENTS).select("content_id")
    if last and last.inputs.get(RAW_FILES.name) == before and (moved := _moved_texts(run, before)):
        files, held = only(files, "content_id", moved), only(held, "content_id", moved)
    gone = held.join(files, "content_id", "left_anti")
    gone = run.lake.stage(gone, run.run_id, "ingest.gone_contents")
    number = gone.count()
    if number:
        run.lake.delete(CONTENTS, gone, metadata, number <= FEW_KEYS)
    return number


def _moved_texts(run: Run, before: int) -> Keys | None:
    try:
        return Keys.of(run.feed.column(RAW_FILES, before, "content_id"))
    except NoFeedError:
        return None
