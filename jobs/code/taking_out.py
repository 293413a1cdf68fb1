"""What was asked out leaves the tables that ingest writes; every later table follows by its own stage.

Of what is read now nothing asked out is written; what is stored from before goes once, when a request is new.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.removals import PLACE, Asked, in_place, not_of, sources_of
from jobs.code.staged import REFUSED, raw_files, refusal, rejects_of, repo_id, repositories, unit_facts
from jobs.runtime import receipts
from jobs.runtime.writing import write_changes
from schemas.code import RAW_FILES, REPOSITORIES
from schemas.ops import REJECTS, SOURCES, UNIT_FACTS

REMOVED = "removed"
"""The reason that stands in `rejects` for a unit of which files were asked out; which, nobody can tell any more."""
_FACTS = ("source_id", "unit", "said_repo")
_LEFT = ("source_id", "unit", "repo_id")


def without_asked(
    asked: Asked | None, readable: DataFrame, refused: DataFrame, staged: DataFrame, given: DataFrame, state: DataFrame
) -> tuple[DataFrame, DataFrame, DataFrame]:
    """Of what was read now (files, refusals, rows of unit_facts) what nobody asked to be removed."""
    facts = unit_facts(staged)
    if asked is None:
        return readable, refused, facts
    lake, run_id = asked.run.lake, asked.run.run_id
    rows = raw_files(readable)
    named = refused.select("source_id", "repo_id").union(rows.select("source_id", "repo_id"))
    places = asked.places(repositories(named, facts, given, state), facts)
    places = lake.stage(places, run_id, "removal.places")
    gone = lake.stage(asked.files(rows, "file_id", places), run_id, "removal.read")
    kept = readable.join(gone, "file_id", "left_anti")
    left = _left(rows.join(gone, "file_id", "left_semi"))
    return kept, _refusals_left(asked, refused, places).unionByName(left), _facts_left(facts, places)


def _left(files: DataFrame) -> DataFrame:
    """A refusal for each unit that files were taken from."""
    rows = files.select("source_id", "unit").distinct()
    nothing = {n: F.lit(None).cast("bigint" if n == "size_bytes" else "string") for n in (*REFUSED, "repo_id")}
    return rows.withColumns({**{n: c for n, c in nothing.items() if n not in rows.columns}, "reason": F.lit(REMOVED)})


def _refusals_left(asked: Asked, refused: DataFrame, places: DataFrame) -> DataFrame:
    rows = refused.withColumn("_row", F.sha2(refusal(), 256))
    gone = asked.files(rows, "_row", places)
    return rows.join(gone, "_row", "left_anti").drop("_row")


def _facts_left(facts: DataFrame, places: DataFrame) -> DataFrame:
    return _facts_with(facts, places, "left_anti")


def _facts_with(facts: DataFrame, places: DataFrame, how: str) -> DataFrame:
    rows = facts.withColumn("repo_id", repo_id())
    whole = F.broadcast(places.where("path_hash is null and path_pattern is null").select(*PLACE).distinct())
    return rows.join(whole, in_place(rows, whole), how).select(*facts.columns)


def take_out_new(asked: Asked, metadata: dict[str, Any]) -> int:
    """Take out what is stored of all that was asked for; what was taken, and the releases that hold it, are noted on
    the receipts that wait for it, before anything goes. Returns the rows written.
    """
    places, gone = stored_files(asked)
    lake, files = asked.run.lake, asked.run.narrow(RAW_FILES)
    left = files.join(gone.select("file_id"), "file_id", "left_anti").select("content_id")
    texts = gone.select("content_id").distinct().join(left, "content_id", "left_anti").count()
    receipts.note_taken(lake, gone.select("file_id"), gone.count(), texts)
    return take_out(asked, places, gone, metadata)


def stored_files(asked: Asked, name: str = "removal") -> tuple[DataFrame, DataFrame]:
    """(places, file_id and content_id of the files) that are stored and asked out."""
    run = asked.run
    lake, run_id = run.lake, run.run_id
    places = asked.places(run.narrow(REPOSITORIES), run.narrow(UNIT_FACTS))
    places = lake.stage(places, run_id, f"{name}.places")
    files = run.narrow(RAW_FILES)
    ids = asked.files(files, "file_id", places)
    gone = files.join(ids, "file_id", "left_semi").select("file_id", "content_id", *_LEFT)
    return places, lake.stage(gone, run_id, f"{name}.files")


def take_out(asked: Asked, places: DataFrame, gone: DataFrame, metadata: dict[str, Any]) -> int:
    """Delete the files, what is said and refused of their places, and sources asked out whole. Returns the rows."""
    run, sources = asked.run, sources_of(places)
    files = run.narrow(RAW_FILES)
    ids = gone.select("file_id")
    written = write_changes(
        run, "ingest", RAW_FILES, files.limit(0), metadata, lambda rows: rows.join(ids, "file_id", "left_semi")
    )
    facts = run.narrow(UNIT_FACTS)
    kept_facts = _facts_left(facts, places).where(not_of(sources))
    written += write_changes(run, "ingest", UNIT_FACTS, kept_facts, metadata)
    written += _take_refusals(asked, places, gone, sources, metadata)
    state = run.narrow(SOURCES)
    written += write_changes(run, "ingest", SOURCES, state.where(not_of(sources)), metadata)
    held = run.narrow(RAW_FILES).select("repo_id").distinct()
    stored = run.narrow(REPOSITORIES)
    return written + write_changes(run, "ingest", REPOSITORIES, stored.join(held, "repo_id", "left_semi"), metadata)


def _take_refusals(
    asked: Asked, places: DataFrame, gone: DataFrame, sources: list[str], metadata: dict[str, Any]
) -> int:
    run = asked.run
    mine = run.narrow(REJECTS).where("stage = 'ingest'")
    ids = asked.files(mine, "reject_id", places)
    kept = mine.join(ids, "reject_id", "left_anti").where(not_of(sources))
    new = rejects_of(_left(gone)).where(not_of(sources))
    new = new.join(kept.select("reject_id"), "reject_id", "left_anti")
    return write_changes(
        run, "ingest", REJECTS, kept.unionByName(new), metadata, lambda rows: rows.where("stage = 'ingest'")
    )
