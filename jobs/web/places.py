"""Pages that an index leads to: of labelled patterns, not in any crawl file or set; each is read by its byte range.

Which places are wanted is a function of the tables, so a crawl file that comes or goes moves them too.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.removals import Asked
from jobs.runtime.quarantine import stage_units
from jobs.runtime.runner import Run
from jobs.runtime.session import shuffle_tasks
from jobs.runtime.sources import UNREACHABLE
from jobs.runtime.unit_texts import UnitTexts
from jobs.runtime.writing import write_changes
from jobs.web.labels import url_key
from jobs.web.removals import without_asked
from jobs.web.staged import DIRECT, rejects_of, split, web_pages
from schemas.ops import REJECTS
from schemas.web import WEB_PAGES, WEB_PLACES
from udfs.spark.web import page_rows_at

STAGE = "web_places"
_MINE = f"stage = '{STAGE}'"


def moved_places(run: Run) -> tuple[DataFrame, DataFrame] | None:
    """(places to be read, page_id of what is stored and not wanted any more); None where no index was ever read."""
    if not run.lake.version(WEB_PLACES.name) or not run.lake.version(WEB_PAGES.name):
        return None
    pages, places = run.narrow(WEB_PAGES), run.narrow(WEB_PLACES)
    given = pages.where(f"{DIRECT} AND content_id IS NOT NULL").select(url_key(F.col("url")).alias("given"))
    wanted = places.join(given, url_key(places["url"]) == given["given"], "left_anti")
    refused = run.narrow(REJECTS).where(_MINE).select("reject_id")
    held = pages.where(f"NOT ({DIRECT})").select("page_id").union(refused)
    gone = held.join(wanted, "page_id", "left_anti").select("page_id")
    return wanted.join(held, "page_id", "left_anti"), gone


def are_missing(run: Run) -> bool:
    """Whether there is a place to be read, or a page to be let go."""
    if not run.lake.version(WEB_PLACES.name):
        return False
    moved = moved_places(run)
    return moved is not None and any(not rows.isEmpty() for rows in moved)


def bring_places(
    run: Run, texts: UnitTexts, limit: int, metadata: dict[str, str], asked: Asked | None = None
) -> tuple[int, list[str]]:
    """Read the places that are wanted and not there, and let go what is not wanted any more.

    Returns (rows written, warnings): a place that cannot be reached is tried again by the next run.
    """
    moved = moved_places(run)
    if moved is None:
        return 0, []
    new = run.lake.stage(moved[0], run.run_id, f"{STAGE}.new")
    gone = run.lake.stage(moved[1], run.run_id, f"{STAGE}.gone")
    if new.isEmpty() and gone.isEmpty():
        return 0, []
    staged = _fetched(run, new, limit)
    written = _written(run, texts, staged, new.select("page_id").union(gone), metadata, asked)
    lost = staged.where(F.col("reason") == UNREACHABLE).agg(F.count(F.lit(1)), F.min("detail")).collect()[0]
    said = f"{lost[0]} pages of an index could not be reached and wait for the next run: {lost[1]}"
    return written, [said] if lost[0] else []


def _fetched(run: Run, places: DataFrame, limit: int) -> DataFrame:
    """The staged rows of places, read on the executors."""
    number = places.count()
    spread = places.repartition(min(number, 4 * shuffle_tasks(run.lake.spark)) or 1, "page_id")
    reader = f"{STAGE} of {number} places"
    return stage_units(run.lake, lambda: page_rows_at(spread, limit), run.run_id, f"{STAGE}.staged", reader)


def _written(
    run: Run, texts: UnitTexts, staged: DataFrame, ids: DataFrame, metadata: dict[str, str], asked: Asked | None
) -> int:
    """Put what was fetched in the place of the pages and refusals of `ids`. Returns the rows written."""
    sound, _ = without_asked(asked, staged.where(F.col("reason").isNull() | (F.col("reason") != UNREACHABLE)))
    pages, refused, _ = split(sound)
    pages = run.lake.stage(pages.drop("text"), run.run_id, f"{STAGE}.pages")
    read = pages.agg(F.sum("size_bytes")).collect()[0][0] or 0
    before = run.lake.rows_version(WEB_PAGES.name) or 0

    def mine(rows: DataFrame) -> DataFrame:
        return rows.where(f"NOT ({DIRECT})").join(F.broadcast(ids), "page_id", "left_semi")

    def my_rejects(rows: DataFrame) -> DataFrame:
        named = F.broadcast(ids.withColumnRenamed("page_id", "reject_id"))
        return rows.where(_MINE).join(named, "reject_id", "left_semi")

    written = texts.add(run, pages.where("content_id is not null"), staged, read, metadata)
    written += write_changes(run, texts.stage, WEB_PAGES, web_pages(pages), metadata, mine)
    # A place is refused once, so that its page_id names the refusal.
    refusals = rejects_of(refused, STAGE, F.col("page_id"))
    written += write_changes(run, texts.stage, REJECTS, refusals, metadata, my_rejects)
    return written + texts.drop(run, before, metadata)
