"""What a manifest asks of an ingest: which units of which sources moved, which stay as they are, which are gone.

The manifest is small by design (a line per source), so this state is kept on the driver; files never are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.dealing import ASKED_AT_ONCE, spread_by_size
from jobs.runtime.frames import OP
from jobs.runtime.manifest import Source
from jobs.runtime.quarantine import stage_units
from jobs.runtime.runner import Run
from jobs.runtime.session import shuffle_tasks
from schemas.contract import Table, quote

_TEXTS = ("source_id", "kind", "location", "repo", "revision", "root", "texts", "texts_kind", "columns")
MANIFEST = pa.schema(
    [(n, pa.string()) for n in _TEXTS]
    + [("stars", pa.int64()), ("licences", pa.list_(pa.string())), ("commit_time", pa.timestamp("us", tz="UTC"))]
)

Row = dict[str, Any]
UNREACHABLE = "unreachable"
"""Reason of a staged row that says that its unit could not be read to its end."""
_NAMED = 50
"""So many units are named in a condition; more are joined."""


@dataclass(frozen=True)
class Reader:
    """How one half reads its sources: `state` is its table of units, `version` what they are read with, `facts` are the
    columns of MANIFEST that its kernels need. `probe` gives the units of a source on the driver, `probe_rows` on the
    executors; `size` the bytes of a unit; `staged` reads rows of units.
    """

    stage: str
    state: Table
    version: str
    facts: tuple[str, ...]
    probe: Callable[[Row], list[Row]]
    probe_rows: Callable[[DataFrame], DataFrame]
    size: Callable[[Row], int]
    staged: Callable[[DataFrame], DataFrame]


@dataclass(frozen=True)
class Snapshot:
    """What one run found. `touched` (source, unit) were read now or are gone, without a unit the source as a whole; all
    others keep their rows as they are. `rows` are those of the sources table after this run, `before` those it has;
    `left_out` are sources that were asked to be removed.
    """

    manifest: list[Row]
    staged: DataFrame | None
    touched: tuple[tuple[str, str | None], ...]
    rows: list[Row]
    before: list[Row]
    left_out: list[str]
    table: Table

    def given(self, run: Run) -> DataFrame:
        """What the manifest says of each source."""
        return _frame(run, self.manifest, MANIFEST)

    def in_part(self) -> list[str]:
        """Sources of which some units were read and others were not."""
        return sorted({source for source, unit in self.touched if unit is not None})

    def warnings(self) -> list[str]:
        said = {"stale": "its last snapshot is kept", "unreachable": "it has no snapshot, so it adds nothing"}
        found = sorted(
            {(r["source_id"], r["status"], r["error"]) for r in self.rows if r["status"] != "fresh"}, key=str
        )
        warnings = [f"{s}: could not be reached, {said[str(status)]}: {error}" for s, status, error in found]
        if number := len(self.left_out):
            verb = "source is" if number == 1 else "sources are"
            warnings.append(f"{number} {verb} left unread: asked to be removed (refinelake removals list)")
        return warnings

    def state(self, run: Run) -> DataFrame:
        """Rows of the sources table after this run."""
        return _frame(run, self.rows, self.table.arrow_schema())

    def begun(self) -> list[Row]:
        """The units that are touched, as if they had never been read. Without it the next run after one that died
        would find a source that has changed back as it was, and would not know of one that is new and gone again:
        rows of both would stay for ever.
        """
        whole = {source for source, unit in self.touched if unit is None}
        every = {(r["source_id"], r["unit"]): r for r in (*self.before, *self.rows)}
        mine = [r for key, r in every.items() if key[0] in whole or key in self.touched]
        return [{**r, "fingerprint": None} for r in mine]

    def as_stored(self) -> bool:
        """Whether nothing was read, and the sources table says already what it would say after this run."""
        return not self.touched and sorted(map(_named, self.rows)) == sorted(map(_named, self.before))


def take_snapshot(
    run: Run, reader: Reader, sources: list[Source], left_out: list[str], whole: frozenset[str] = frozenset()
) -> Snapshot:
    """Probe every source and read, on the executors, the units that are new or different; all of them of the sources
    that are to be read as a `whole` if any has moved.

    A source that cannot be reached, when probed or while read, keeps its last snapshot, if it has one.
    """
    manifest = manifest_rows(sources)
    stored, probed = _stored(run, reader), _probed(run, reader, manifest)
    moved = _all_moved(sources, probed, stored, reader.version, whole)
    staged, lost = _read(run, reader, [s for s in sources if s.source_id in moved], probed, moved)
    rows: list[Row] = []
    for s in sources:
        held = stored.get(s.source_id, [])
        rows += _rows(s.source_id, probed[s.source_id], held, lost.get(s.source_id), reader.version)
    read = {(source, unit) for source, units in moved.items() if source not in lost for unit in units}
    gone: set[tuple[str, str | None]] = {(source, None) for source in stored.keys() - {s.source_id for s in sources}}
    before = [row for rows_of_source in stored.values() for row in rows_of_source]
    return Snapshot(manifest, staged, tuple(sorted(read | gone, key=str)), rows, before, left_out, reader.state)


def mark_begun(run: Run, snapshot: Snapshot, metadata: dict[str, str]) -> None:
    """Before the first row is written: whoever comes after a run that died reads the units again that it touched."""
    rows, table = snapshot.begun(), snapshot.table
    if not rows:
        return
    frame = run.lake.spark.createDataFrame(pa.Table.from_pylist(rows, table.arrow_schema()))
    if not snapshot.before:
        run.lake.append(table, frame, metadata)
    elif len(rows) <= _NAMED:
        where = " OR ".join(f"(source_id = {quote(r['source_id'])} AND unit = {quote(r['unit'])})" for r in rows)
        run.lake.put(table, frame, where, metadata)
    else:
        run.lake.merge(table, frame.withColumn(OP, F.lit("update")), metadata)


def moved_units(run: Run, reader: Reader, sources: list[Source]) -> tuple[dict[str, list[str | None]], int, list[str]]:
    """(units to be read by source, None for all of a source; sources that can be reached; sources that are gone)."""
    probed, stored = _probed(run, reader, manifest_rows(sources)), _stored(run, reader)
    moved = _all_moved(sources, probed, stored, reader.version, frozenset())
    reached = sum(not any(r["error"] for r in probed[s.source_id]) for s in sources)
    return moved, reached, sorted(stored.keys() - {s.source_id for s in sources})


def manifest_rows(sources: list[Source]) -> list[Row]:
    return [{n: getattr(s, n) for n in MANIFEST.names} for s in sources]


def _frame(run: Run, rows: list[Row], schema: pa.Schema) -> DataFrame:
    return run.lake.spark.createDataFrame(pa.Table.from_pylist(rows, schema))


def _named(row: Row) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in row.items())


def _stored(run: Run, reader: Reader) -> dict[str, list[Row]]:
    return _by_source(run.lake.small(reader.state))


def _probed(run: Run, reader: Reader, manifest: list[Row]) -> dict[str, list[Row]]:
    """The state of every unit: asked here where this process reaches the sources, else on the executors."""
    if run.lake.alone:
        with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            return _by_source(row for rows in pool.map(reader.probe, manifest) for row in rows)
    spread = _frame(run, manifest, MANIFEST).repartition(min(len(manifest), shuffle_tasks(run.lake.spark)), "source_id")
    return _by_source(r.asDict() for r in reader.probe_rows(spread).collect())


def _all_moved(
    sources: list[Source],
    probed: dict[str, list[Row]],
    stored: dict[str, list[Row]],
    version: str,
    whole: frozenset[str],
) -> dict[str, list[str | None]]:
    found = {
        s.source_id: _moved(probed[s.source_id], stored.get(s.source_id, []), version, s.source_id in whole)
        for s in sources
    }
    return {source: units for source, units in found.items() if units}


def _by_source(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["source_id"])].append(row)
    return found


def _moved(probed: list[Row], stored: list[Row], version: str, whole: bool) -> list[str | None]:
    """Units of a reachable source that differ from the snapshot in force, were read by other kernels, or are gone; None
    for the source as a whole.
    """
    if any(r["error"] for r in probed):
        return []
    now = {r["unit"]: (r["fingerprint"], version) for r in probed}
    before = {r["unit"]: (r["fingerprint"], r["reader_version"]) for r in stored}
    units = sorted((u for u in now.keys() | before.keys() if now.get(u) != before.get(u)), key=str)
    return [None] if units and (whole or not now.keys() - set(units)) else list(units)


def _read(
    run: Run, reader: Reader, sources: list[Source], probed: dict[str, list[Row]], moved: dict[str, list[str | None]]
) -> tuple[DataFrame | None, dict[str, str]]:
    """(staged rows of the moved units, error by source that was lost on the way)."""
    units = [
        {name: getattr(s, name) for name in reader.facts} | {"unit": r["unit"]}
        for s in sources
        for r in probed[s.source_id]
        if moved[s.source_id] == [None] or r["unit"] in moved[s.source_id]
    ]
    if not units:
        return None, {}
    # More tasks than cores, since units differ in size; fewer than units, since a task has a price.
    spread = spread_by_size(run.lake.spark, units, min(len(units), 4 * shuffle_tasks(run.lake.spark)), reader.size)
    said = f"{reader.stage} at reader {reader.version}"
    staged = stage_units(run.lake, lambda: reader.staged(spread), run.run_id, f"{reader.stage}.staged", said)
    broken = staged.where(F.col("reason") == UNREACHABLE).select("source_id", "detail").collect()
    lost = {r["source_id"]: r["detail"] for r in broken}
    return staged.where(~F.col("source_id").isin(list(lost))) if lost else staged, lost


def _rows(source_id: str, probed: list[Row], stored: list[Row], lost: str | None, version: str) -> list[Row]:
    """The source's rows after this run: fresh, its stored ones marked stale, or one that says it was never read."""
    error = lost or next((r["error"] for r in probed if r["error"]), None)
    if error is None:
        about = {"reader_version": version, "status": "fresh", "error": None}
        return [{"source_id": source_id, "unit": r["unit"], "fingerprint": r["fingerprint"], **about} for r in probed]
    held = [r for r in stored if r["status"] != "unreachable"]
    if held:
        return [{**r, "status": "stale", "error": error} for r in held]
    never = {"fingerprint": None, "reader_version": None, "status": "unreachable", "error": error}
    return [{"source_id": source_id, "unit": source_id, **never}]
