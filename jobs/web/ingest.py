"""Ingest of the web: crawl files, page sets and indexes to web_pages, page_texts, web_places and rejects.

    refinelake web run --sources web.jsonl --warehouse DIR --only web_ingest

Probe every source, read only the units whose state moved, on the executors; then bring each table to the state that the
manifest describes. A unit is a crawl file, a file of a page set, or a file of an index, whose places are read by range.
"""

from __future__ import annotations

import hashlib
import json

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.removals import Asked, in_force
from jobs.runtime.accounting import StageResult
from jobs.runtime.manifest import Source
from jobs.runtime.runner import Run
from jobs.runtime.sources import Reader, Row, Snapshot, mark_begun, take_snapshot
from jobs.runtime.stage import params_json
from jobs.runtime.unit_texts import UnitTexts, guard_drop, of_units
from jobs.runtime.writing import checked, compare, write_changes
from jobs.web.parameters import WebIngest
from jobs.web.places import are_missing, bring_places
from jobs.web.removals import removed_units, take_out_new, without_asked
from jobs.web.staged import DIRECT, STAGE, rejects_of, split, web_pages, web_places
from schemas.identity import code_identity
from schemas.ops import REJECTS, REMOVALS
from schemas.recall import PAGE_LABELS, RECALL_MODELS, TEXT_TAG, URL_PATTERNS
from schemas.web import PAGE_TEXTS, WEB_PAGES, WEB_PLACES, WEB_SOURCES
from udfs.spark.web import STAGED_PAGES, probe_web_rows, staged_page_rows
from udfs.web import kinds
from udfs.web.kinds import Reading
from udfs.web.patterns import Pattern, paper_patterns

_MINE = f"stage = '{STAGE}'"
_WRITTEN = (WEB_SOURCES, WEB_PLACES, WEB_PAGES, PAGE_TEXTS)
_STATE = (*_WRITTEN, URL_PATTERNS, REMOVALS)
TEXTS = UnitTexts(STAGE, WEB_PAGES, PAGE_TEXTS, ("source_id", "unit", "page_id"))


def web_ingest(
    run: Run, sources: list[Source], p: WebIngest, allow_drop: bool = False
) -> tuple[StageResult, list[str]]:
    """Bring the tables to the manifest's state. Returns the result and one warning per source that is not fresh.

    Raises DropError before anything is written.
    """
    for table in (*_WRITTEN, PAGE_LABELS, URL_PATTERNS, RECALL_MODELS, REJECTS):
        run.lake.ensure(table)
    metadata = {"run_id": run.run_id, "stage": STAGE}
    asked = in_force(run)
    written = _take_out(run, asked, metadata)
    written += _write_paper_patterns(run, metadata) if p.paper_patterns else 0
    reading = Reading(p.max_page_bytes, _patterns(run))
    snapshot = take_snapshot(run, reader_of(reading), sources, [])
    sign = _signature(snapshot.manifest, p)
    if (last := _finished(run, sign)) and snapshot.as_stored() and not are_missing(run):
        return last, snapshot.warnings()
    read = 0
    if snapshot.touched:
        rows, read = _write_touched(run, snapshot, p, asked, allow_drop, metadata)
        written += rows
    more, warnings = bring_places(run, TEXTS, p.max_page_bytes, metadata, asked)
    state = run.lake.stage(snapshot.state(run), run.run_id, f"{STAGE}.sources")
    # Last: after a run killed before this line the units that it touched are taken for changed, and read again.
    written += more + write_changes(run, STAGE, WEB_SOURCES, state, metadata)
    result = StageResult(STAGE, WEB_PAGES.name, signature=sign, rows_written=written, bytes_read=read)
    result.params, result.code_version = params_json(p), code_identity(__name__)
    return _counted(run, result), [*snapshot.warnings(), *warnings]


def web_ingest_less_removed(run: Run) -> StageResult:
    """The last ingest less what was asked out since then: without a manifest no source is read.

    Raises ValueError where the last ingest did not come to its end: what it left is half of something.
    """
    last = run.done.get(STAGE)
    before = _versions(run) | {REMOVALS.name: 0}
    if last is None or {**last.inputs, REMOVALS.name: 0} != before:
        raise ValueError(
            f"{run.lake.warehouse}: expected the last run of the web to have read its sources to their end, found one "
            "that did not. The request is kept: start that run again, and it leaves out what was asked for"
        )
    written = _take_out(run, in_force(run), {"run_id": run.run_id, "stage": STAGE})
    result = StageResult(STAGE, WEB_PAGES.name, signature=last.signature, rows_written=written)
    result.params, result.code_version = last.params, last.code_version
    return _counted(run, result)


def _take_out(run: Run, asked: Asked | None, metadata: dict[str, str]) -> int:
    """Take out what is stored of requests that are newer than the last ingest. Returns the rows written."""
    last, now = run.done.get(STAGE), run.lake.rows_version(REMOVALS.name) or 0
    before = run.lake.rows_version(WEB_PAGES.name)
    if asked is None or not before or (last and last.inputs.get(REMOVALS.name) == now):
        return 0
    written = take_out_new(asked, metadata)
    return written + TEXTS.drop(run, before, metadata)


def reader_of(reading: Reading) -> Reader:
    """How web sources are read."""
    return Reader(
        STAGE,
        WEB_SOURCES,
        reading.version(),
        ("source_id", "kind", "location", "root"),
        lambda source: list(kinds.probed(kinds.unit_of(source), reading)),
        lambda sources: probe_web_rows(sources, reading),
        lambda unit: kinds.size(unit["unit"]),
        lambda units: staged_page_rows(units, reading),
    )


def _patterns(run: Run) -> tuple[Pattern, ...]:
    """Those by which pages of an index are wanted, whoever said so."""
    rows = run.lake.small(URL_PATTERNS)
    return tuple(sorted({Pattern(r["pattern"], r["tag"], r["label"], r["by"]) for r in rows if r["tag"] != TEXT_TAG}))


def _write_paper_patterns(run: Run, metadata: dict[str, str]) -> int:
    rows = [{**vars(p), "labelled_at": None} for p in paper_patterns()]
    frame = run.lake.spark.createDataFrame(pa.Table.from_pylist(rows, URL_PATTERNS.arrow_schema()))
    return write_changes(run, STAGE, URL_PATTERNS, frame, metadata, lambda stored: stored.where("by = 'paper'"))


def _signature(manifest: list[Row], p: WebIngest) -> str:
    """What an ingest hangs on beside the state of its sources and the tables."""
    said = json.dumps([manifest, params_json(p), code_identity(__name__)], default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _finished(run: Run, sign: str) -> StageResult | None:
    """The last ingest, where it was the same and its tables are still as it left them."""
    last = None if run.audit else run.done.get(STAGE)
    same = last and last.signature == sign and last.inputs == _versions(run)
    return last if same else None


def _versions(run: Run) -> dict[str, int]:
    return {t.name: run.lake.rows_version(t.name) or 0 for t in _STATE}


def _write_touched(
    run: Run, snapshot: Snapshot, p: WebIngest, asked: Asked | None, allow_drop: bool, metadata: dict[str, str]
) -> tuple[int, int]:
    """Replace the rows of the units that were read now or are gone. Returns (rows written, bytes of pages read)."""

    def mine(rows: DataFrame) -> DataFrame:
        return of_units(run, rows, snapshot.touched)

    staged = snapshot.staged if snapshot.staged is not None else run.lake.spark.createDataFrame([], STAGED_PAGES)
    staged, left = without_asked(asked, staged)
    pages, refused, places = split(staged)
    refusals = rejects_of(refused) if left is None else rejects_of(refused).unionByName(removed_units(left))
    pages = run.lake.stage(pages.drop("text"), run.run_id, f"{STAGE}.pages")
    read = pages.agg(F.sum("size_bytes")).collect()[0][0] or 0
    before = run.lake.rows_version(WEB_PAGES.name) or 0
    found = compare(run, WEB_PAGES, web_pages(pages), lambda rows: mine(rows.where(DIRECT)))
    if not allow_drop:
        guard_drop(run, found, WEB_PAGES, p.max_drop)
    mark_begun(run, snapshot, metadata)
    written = TEXTS.add(run, pages.where("content_id is not null"), staged, read, metadata)
    written += checked(run, STAGE, WEB_PAGES, found, metadata)
    written += write_changes(run, STAGE, WEB_PLACES, web_places(places), metadata, mine)
    written += write_changes(run, STAGE, REJECTS, refusals, metadata, lambda rows: mine(rows.where(_MINE)))
    written += TEXTS.drop(run, before, metadata)
    return written, read


def _counted(run: Run, result: StageResult) -> StageResult:
    """With the pages kept and refused as the tables now hold them; `skipped` where nothing was written and the last
    record says all that this one would.
    """
    refused = run.narrow(REJECTS).where(_MINE).groupBy("reason").count().collect()
    reasons = {r["reason"]: r["count"] for r in refused}
    result.reasons, result.rows_kept = reasons, run.narrow(WEB_PAGES).count()
    result.rows_read = result.rows_kept + sum(reasons.values())
    result.inputs = _versions(run)
    result.table_version = result.inputs[WEB_PAGES.name]
    result.skipped = result.rows_written == 0 and _finished(run, result.signature) is not None
    return result


if __name__ == "__main__":
    from jobs.cli import ingest_main

    ingest_main("web", "run", "--only", STAGE)
