"""Ingest: archives, repositories, folders and parquet sets to raw_files, contents, repositories and rejects.

    refinelake run --sources sources.jsonl --warehouse DIR --only ingest

Probe every source, read only the units whose state moved, on the executors; then bring each table to the state that the
manifest describes. A unit is an archive, a repository, a folder or a file of a parquet set.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Ingest
from jobs.code.snapshots import Row, Snapshot, mark_begun, take_snapshot
from jobs.code.staged import raw_files, read_and_refused, rejects_of, repositories, unit_facts, with_file_id
from jobs.runtime.accounting import StageResult
from jobs.runtime.changeset import Difference
from jobs.runtime.feed import NoFeedError
from jobs.runtime.frames import OP
from jobs.runtime.keys import FEW_KEYS, Keys, only
from jobs.runtime.manifest import Source
from jobs.runtime.runner import Run
from jobs.runtime.session import shuffle_tasks
from jobs.runtime.stage import params_json
from jobs.runtime.writing import checked, compare, write_changes
from schemas.code import CONTENTS, RAW_FILES, REPOSITORIES
from schemas.identity import code_identity
from schemas.ops import REJECTS, SOURCES, UNIT_FACTS
from udfs.reading.archives import Limits
from udfs.spark.code import STAGED

_MINE = "stage = 'ingest'"
_WRITTEN = (SOURCES, UNIT_FACTS, RAW_FILES, CONTENTS, REPOSITORIES)
"""What ingest alone writes; a record of their versions says that it came to its end."""
_AT = ("source_id", "unit", "ordinal")
TASK_BYTES = 200_000_000
"""What a task sorts in memory beside Python workers."""


class DropError(ValueError):
    """The manifest would drop more of an existing warehouse than is allowed without being asked."""


def ingest(run: Run, sources: list[Source], p: Ingest, allow_drop: bool = False) -> tuple[StageResult, list[str]]:
    """Bring the tables to the manifest's state. Returns the result and one warning per source that is not fresh.

    Raises DropError before anything is written.
    """
    # First: a new table takes the lease, so of two first runs at once only one reads. One that is as it should be costs
    # nothing.
    for table in (*_WRITTEN, REJECTS):
        run.lake.ensure(table)
    limits = limits_of(p)
    snapshot = take_snapshot(run, sources, limits)
    sign = _signature(snapshot.manifest, p)
    if (last := _finished(run, sign)) and snapshot.as_stored():
        return last, snapshot.warnings()
    if whole := _repeated(run, snapshot):
        snapshot = take_snapshot(run, sources, limits, whole)
    metadata = {"run_id": run.run_id, "stage": "ingest"}
    written, read = _write_touched(run, snapshot, p, allow_drop, metadata) if snapshot.touched else (0, 0)
    state = run.lake.stage(snapshot.state(run), run.run_id, "ingest.sources")
    repos = repositories(run.narrow(RAW_FILES), run.narrow(UNIT_FACTS), snapshot.given(run), state)
    written += write_changes(run, "ingest", REPOSITORIES, repos, metadata)
    # Last: after a run killed before this line the units that it touched are taken for changed, and read again.
    written += write_changes(run, "ingest", SOURCES, state, metadata)
    result = StageResult("ingest", RAW_FILES.name, signature=sign, rows_written=written, bytes_read=read)
    result.params, result.code_version = params_json(p), code_identity(__name__)
    return _counted(run, result), snapshot.warnings()


def _signature(manifest: list[Row], p: Ingest) -> str:
    """What an ingest hangs on beside the state of its sources and the tables."""
    said = json.dumps([manifest, params_json(p), code_identity(__name__)], default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _finished(run: Run, sign: str) -> StageResult | None:
    """The last ingest, where it was the same and its tables are still as it left them."""
    last = None if run.audit else run.done.get("ingest")
    same = (
        last
        and last.signature == sign
        and last.inputs == {t.name: run.lake.rows_version(t.name) or 0 for t in _WRITTEN}
    )
    return last if same else None


def limits_of(p: Ingest) -> Limits:
    """What a unit may hold."""
    return Limits(p.max_total_bytes, p.max_ratio, max_files=p.max_files, max_file_bytes=p.max_file_bytes)


def _write_touched(
    run: Run, snapshot: Snapshot, p: Ingest, allow_drop: bool, metadata: dict[str, str]
) -> tuple[int, int]:
    """Replace the rows of the units that were read now or are gone. Returns (rows written, bytes of files read)."""

    def mine(rows: DataFrame) -> DataFrame:
        return files_of(run, rows, snapshot.touched)

    staged = snapshot.staged if snapshot.staged is not None else run.lake.spark.createDataFrame([], STAGED)
    readable, refused = read_and_refused(staged)
    files = run.lake.stage(readable, run.run_id, "ingest.files")
    read = files.agg(F.sum("size_bytes")).collect()[0][0] or 0
    before = run.lake.rows_version(RAW_FILES.name) or 0
    found = compare(run, RAW_FILES, raw_files(files), mine)
    _guard_drop(run, found, p, allow_drop)
    mark_begun(run, snapshot, metadata)
    written = _add_contents(run, files, staged, read, metadata)
    written += checked(run, "ingest", RAW_FILES, found, metadata)
    written += write_changes(
        run, "ingest", REJECTS, rejects_of(refused), metadata, lambda rows: mine(rows.where(_MINE))
    )
    written += write_changes(run, "ingest", UNIT_FACTS, unit_facts(staged), metadata, mine)
    written += _drop_contents(run, before, metadata)
    return written, read


def files_of(run: Run, rows: DataFrame, units: Iterable[tuple[str, str | None]], how: str = "left_semi") -> DataFrame:
    """The rows of units (source, unit), None for all of a source; rows of an earlier release name none: of any. With
    `left_anti` all others.
    """
    touched = run.lake.spark.createDataFrame(list(units), "source_id string, unit string")
    same = (rows["source_id"] == touched["source_id"]) & (
        touched["unit"].isNull() | rows["unit"].isNull() | (rows["unit"] == touched["unit"])
    )
    return rows.join(F.broadcast(touched), same, how)


def _repeated(run: Run, snapshot: Snapshot) -> frozenset[str]:
    """Sources read in part of which two units have, or had, the same path: which of the two is read is decided over the
    whole source.
    """
    part = snapshot.in_part()
    if not part:
        return frozenset()
    named = run.lake.spark.createDataFrame([(s,) for s in part], "source_id string")
    had = run.narrow(REJECTS).where(_MINE).where("reason = 'repeated_path'")
    had = had.join(F.broadcast(named), "source_id", "left_semi").select("source_id")
    if snapshot.staged is not None:
        stored = run.narrow(RAW_FILES).join(F.broadcast(named), "source_id", "left_semi")
        elsewhere = files_of(run, stored, snapshot.touched, "left_anti")
        read = with_file_id(snapshot.staged.where("path is not null and reason is null")).select("file_id")
        had = had.union(elsewhere.join(read, "file_id", "left_semi").select("source_id"))
    return frozenset(r["source_id"] for r in had.distinct().collect())


def _add_contents(run: Run, files: DataFrame, staged: DataFrame, size: int, metadata: dict[str, str]) -> int:
    """Append the texts that are new. Of equal texts one row of those staged (`size` bytes) is read, chosen by name."""
    known = run.narrow(CONTENTS).select("content_id")
    new = files.join(known, "content_id", "left_anti").groupBy("content_id")
    chosen = new.agg(F.min(F.struct(*_AT)).alias("at")).select("content_id", "at.*")
    chosen = run.lake.stage(chosen, run.run_id, "ingest.new_contents")
    number = chosen.count()
    if number:
        rows = staged.select(*_AT, "text_bytes", "text")
        if (tasks := _join_tasks(size, shuffle_tasks(run.lake.spark))) is not None:
            rows, chosen = rows.repartition(tasks, *_AT), chosen.repartition(tasks, *_AT)
        texts = rows.join(chosen, list(_AT)).withColumn("run_id", F.lit(run.run_id))
        run.lake.append(CONTENTS, texts.select(*CONTENTS.names), metadata)
    return number


def _join_tasks(size: int, usual: int) -> int | None:
    """Into how many tasks the one join that carries text is to be cut; None where the usual number gives small ones.

    Spark cuts every shuffle into as many, whatever goes through it: 6 TB in 400 tasks are 15 GB to sort in each.
    """
    return tasks if (tasks := size // TASK_BYTES) > usual else None


def _drop_contents(run: Run, before: int, metadata: dict[str, str]) -> int:
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


def _guard_drop(run: Run, found: Difference, p: Ingest, allow_drop: bool) -> None:
    """Raise DropError where more than the allowed share of the stored files would go."""
    dropped = found.counts["delete"]
    if allow_drop or not dropped:
        return
    before = run.lake.rows(RAW_FILES)
    if dropped <= p.max_drop * before:
        return
    gone = found.changed.where(f"{OP} = 'delete'").groupBy("source_id").count().collect()
    largest = sorted(((r["source_id"], r["count"]) for r in gone), key=lambda item: (-item[1], item[0]))[:5]
    raise DropError(
        f"raw_files: expected to keep at least {1 - p.max_drop:.0%} of {before} files, found that this manifest drops "
        f"{dropped} ({dropped / before:.1%}): {', '.join(f'{n} of {s}' for s, n in largest)}. Nothing was written. "
        "Mend the manifest, or say --allow-drop if they are to go."
    )


def _counted(run: Run, result: StageResult) -> StageResult:
    """With the files kept and refused as the tables now hold them; `skipped` where nothing was written and the last
    record says all that this one would.
    """
    refused = run.narrow(REJECTS).where(_MINE).groupBy("reason").count().collect()
    reasons = {r["reason"]: r["count"] for r in refused}
    result.reasons, result.rows_kept = reasons, run.narrow(RAW_FILES).count()
    result.rows_read = result.rows_kept + sum(reasons.values())
    result.inputs = {t.name: run.lake.rows_version(t.name) or 0 for t in _WRITTEN}
    result.table_version = result.inputs[RAW_FILES.name]
    result.skipped = result.rows_written == 0 and _finished(run, result.signature) is not None
    return result


if __name__ == "__main__":
    from jobs.cli import ingest_main

    ingest_main()
