"""Ingest: archives, repositories, folders and parquet sets to raw_files, contents, repositories and rejects.

    refinelake run --sources sources.jsonl --warehouse DIR --only ingest

Probe every source, read only the units whose state moved, on the executors; then bring each table to the state that the
manifest describes. A unit is an archive, a repository, a folder or a file of a parquet set.
"""

from __future__ import annotations

import hashlib
import json

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import Ingest
from jobs.code.removals import Asked, in_force, not_of, split
from jobs.code.resolved import tell
from jobs.code.staged import raw_files, read_and_refused, rejects_of, repositories, with_file_id
from jobs.code.taking_out import take_out_new, without_asked
from jobs.runtime.accounting import StageResult
from jobs.runtime.manifest import Source
from jobs.runtime.runner import Run
from jobs.runtime.sources import Reader, Row, Snapshot, mark_begun, take_snapshot
from jobs.runtime.stage import params_json
from jobs.runtime.unit_texts import UnitTexts, guard_drop, of_units
from jobs.runtime.writing import checked, compare, write_changes
from schemas.code import CONTENTS, RAW_FILES, REPOSITORIES
from schemas.identity import code_identity
from schemas.ops import CANARIES, REJECTS, REMOVALS, SOURCES, UNIT_FACTS
from udfs.reading import kinds, records
from udfs.reading.archives import Limits
from udfs.removal.names import salt
from udfs.spark.code import STAGED, probe_rows, staged_rows

_MINE = "stage = 'ingest'"
_WRITTEN = (SOURCES, UNIT_FACTS, RAW_FILES, CONTENTS, REPOSITORIES)
_STATE = (*_WRITTEN, REMOVALS)
"""What ingest alone writes, and what it must leave out; a record of their versions says that it came to its end."""
TEXTS = UnitTexts("ingest", RAW_FILES, CONTENTS, ("source_id", "unit", "ordinal"))


def ingest(run: Run, sources: list[Source], p: Ingest, allow_drop: bool = False) -> tuple[StageResult, list[str]]:
    """Bring the tables to the manifest's state. Returns the result and one warning per source that is not fresh.

    Raises DropError before anything is written.
    """
    # First: a new table takes the lease, so of two first runs at once only one reads. One that is as it should be costs
    # nothing.
    for table in (*_WRITTEN, REJECTS):
        run.lake.ensure(table)
    reader = reader_of(p)
    metadata = {"run_id": run.run_id, "stage": "ingest"}
    asked = in_force(run)
    taken = _take_out(run, asked, metadata)
    sources, left_out = split(asked, sources)
    snapshot = take_snapshot(run, reader, sources, left_out)
    sign = _signature(snapshot.manifest, p)
    if (last := _finished(run, sign)) and snapshot.as_stored():
        return last, snapshot.warnings()
    if whole := _repeated(run, snapshot):
        snapshot = take_snapshot(run, reader, sources, left_out, whole)
    written, read = _write_touched(run, snapshot, p, asked, allow_drop, metadata) if snapshot.touched else (0, 0)
    state = run.lake.stage(snapshot.state(run), run.run_id, "ingest.sources")
    repos = repositories(run.narrow(RAW_FILES), run.narrow(UNIT_FACTS), snapshot.given(run), state)
    written += write_changes(run, "ingest", REPOSITORIES, repos, metadata)
    # Last: after a run killed before this line the units that it touched are taken for changed, and read again.
    written += write_changes(run, "ingest", SOURCES, state, metadata)
    result = StageResult("ingest", RAW_FILES.name, signature=sign, rows_written=taken + written, bytes_read=read)
    result.params, result.code_version = params_json(p), code_identity(__name__)
    tell(run, sources)
    return _counted(run, result), snapshot.warnings()


def ingest_less_removed(run: Run) -> StageResult:
    """The last ingest less what was asked out since then: without a manifest no source is read.

    Raises ValueError where the last ingest did not come to its end: what it left is half of something.
    """
    last = run.done.get("ingest")
    before = {t.name: run.lake.rows_version(t.name) or 0 for t in _WRITTEN}
    if last is None or {**last.inputs, REMOVALS.name: 0} != {**before, REMOVALS.name: 0}:
        raise ValueError(
            f"{run.lake.warehouse}: expected the last run to have read its sources to their end, found one that did "
            "not. The request is kept: start that run again, and it leaves out what was asked for"
        )
    metadata = {"run_id": run.run_id, "stage": "ingest"}
    written = _take_out(run, in_force(run), metadata)
    result = StageResult("ingest", RAW_FILES.name, signature=last.signature, rows_written=written)
    result.params, result.code_version = last.params, last.code_version
    return _counted(run, result)


def _take_out(run: Run, asked: Asked | None, metadata: dict[str, str]) -> int:
    """Take out what is stored of requests that are newer than the last ingest. Returns the rows written."""
    last, now = run.done.get("ingest"), run.lake.rows_version(REMOVALS.name) or 0
    before = run.lake.rows_version(RAW_FILES.name)
    if asked is None or not before or (last and last.inputs.get(REMOVALS.name) == now):
        return 0
    written = take_out_new(asked, metadata)
    return written + TEXTS.drop(run, before, metadata)


def _signature(manifest: list[Row], p: Ingest) -> str:
    """What an ingest hangs on beside the state of its sources and the tables."""
    said = json.dumps([manifest, params_json(p), code_identity(__name__)], default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _finished(run: Run, sign: str) -> StageResult | None:
    """The last ingest, where it was the same and its tables are still as it left them."""
    last = None if run.audit else run.done.get("ingest")
    same = (
        last and last.signature == sign and last.inputs == {t.name: run.lake.rows_version(t.name) or 0 for t in _STATE}
    )
    return last if same else None


def reader_of(p: Ingest) -> Reader:
    """How the sources of this half are read, within the limits on what a unit may hold."""
    limits = Limits(p.max_total_bytes, p.max_ratio, max_files=p.max_files, max_file_bytes=p.max_file_bytes)
    return Reader(
        "ingest",
        SOURCES,
        records.version(limits),
        records.FACTS,
        lambda source: list(records.probed(records.unit_of(source))),
        probe_rows,
        lambda unit: kinds.size(records.unit_of(unit), unit["unit"]),
        lambda units: staged_rows(units, limits, salt()),
    )


def _write_touched(
    run: Run, snapshot: Snapshot, p: Ingest, asked: Asked | None, allow_drop: bool, metadata: dict[str, str]
) -> tuple[int, int]:
    """Replace the rows of the units that were read now or are gone. Returns (rows written, bytes of files read)."""

    def mine(rows: DataFrame) -> DataFrame:
        return of_units(run, rows, snapshot.touched)

    staged = snapshot.staged if snapshot.staged is not None else run.lake.spark.createDataFrame([], STAGED)
    readable, refused = read_and_refused(staged)
    readable, refused, facts = without_asked(asked, readable, refused, staged, snapshot.given(run), snapshot.state(run))
    files = run.lake.stage(readable, run.run_id, "ingest.files")
    read = files.agg(F.sum("size_bytes")).collect()[0][0] or 0
    before = run.lake.rows_version(RAW_FILES.name) or 0
    found = compare(run, RAW_FILES, raw_files(files), mine)
    if not allow_drop:
        guard_drop(run, found, RAW_FILES, p.max_drop, not_of([*snapshot.left_out, CANARIES]))
    mark_begun(run, snapshot, metadata)
    written = TEXTS.add(run, files, staged, read, metadata)
    written += checked(run, "ingest", RAW_FILES, found, metadata)
    written += write_changes(
        run, "ingest", REJECTS, rejects_of(refused), metadata, lambda rows: mine(rows.where(_MINE))
    )
    written += write_changes(run, "ingest", UNIT_FACTS, facts, metadata, mine)
    written += TEXTS.drop(run, before, metadata)
    return written, read


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
        elsewhere = of_units(run, stored, snapshot.touched, "left_anti")
        read = with_file_id(snapshot.staged.where("path is not null and reason is null")).select("file_id")
        had = had.union(elsewhere.join(read, "file_id", "left_semi").select("source_id"))
    return frozenset(r["source_id"] for r in had.distinct().collect())


def _counted(run: Run, result: StageResult) -> StageResult:
    """With the files kept and refused as the tables now hold them; `skipped` where nothing was written and the last
    record says all that this one would.
    """
    refused = run.narrow(REJECTS).where(_MINE).groupBy("reason").count().collect()
    reasons = {r["reason"]: r["count"] for r in refused}
    result.reasons, result.rows_kept = reasons, run.narrow(RAW_FILES).count()
    result.rows_read = result.rows_kept + sum(reasons.values())
    result.inputs = {t.name: run.lake.rows_version(t.name) or 0 for t in _STATE}
    result.table_version = result.inputs[RAW_FILES.name]
    result.skipped = result.rows_written == 0 and _finished(run, result.signature) is not None
    return result


if __name__ == "__main__":
    from jobs.cli import ingest_main

    ingest_main("run", "--only", "ingest")
