"""Seeds of recipe `commits`: the histories of the git sources that ingest has read, each at the commit that it read.

A history is read anew where its commit, the settings or the kernel moved. What was asked to be removed is in no seed:
a request finds a change by its repository, by every path and text that it shows, and by everybody who stands in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.removals import in_force
from jobs.instruct.parameters import Synthesis
from jobs.runtime.runner import Run
from jobs.runtime.writing import write_changes
from schemas.code import REPOSITORIES
from schemas.contract import Table
from schemas.instruct import COMMIT_FILES, GIVEN_SEEDS
from schemas.ops import REMOVALS, REMOVED_CONTENTS, UNIT_FACTS
from udfs.recipes.history_rows import NAME, Reading
from udfs.spark.instruct import history_rows

_SEED = ("source_id", "seed_id")
_STATE = ("source_id", "unit", "revision", "reader_version")
READ = (REPOSITORIES, UNIT_FACTS, REMOVALS, REMOVED_CONTENTS)
"""What histories are found by."""


@dataclass(frozen=True)
class Found:
    """`files` are all rows of commit_files as they are to be, `seeds` those of given_seeds without texts; `read` are
    rows of history_rows of the histories that were read now, with texts and reasons.
    """

    files: DataFrame
    seeds: DataFrame
    read: DataFrame


def commit_seeds(run: Run, p: Synthesis) -> Found:
    """What git sources give, the histories that moved read anew; nothing is written."""
    number = p.recipes.histories if NAME in p.recipes.asked() else 0
    reading = Reading.of(number, p.settings_of(NAME))
    sources = _sources(run).withColumn("reader_version", F.lit(reading.version()))
    if not number:
        sources = sources.where("false")
    stored = _rows(run, COMMIT_FILES)
    known = stored.select(*_STATE).distinct()
    moved = sources.join(known, [*_STATE], "left_anti")
    # A history is minutes of one core at most: as many tasks as there are histories, so that none waits behind another.
    tasks = max(1, min(moved.count(), 10_000)) if number else 1
    read = history_rows(moved.repartition(tasks), reading)
    read = run.lake.stage(read.withColumn("reader_version", F.lit(reading.version())), run.run_id, NAME)
    sound = read.join(read.where("reason IS NOT NULL").select("source_id").distinct(), "source_id", "left_anti")
    again = sound.select("source_id").distinct()
    # Of a history that cannot be read now the last state stays, as its files do.
    kept = stored.join(sources.select("source_id").distinct(), "source_id", "left_semi")
    kept = kept.join(again, "source_id", "left_anti")
    files = _less_removed(run, kept.unionByName(_files(sound)))
    files = run.lake.stage(files, run.run_id, f"{NAME}.files")
    return Found(files, _seeds(run, files, sound, again), read)


def commit_rows_less_removed(run: Run, metadata: dict[str, Any]) -> int:
    """Take seeds out that were asked to be removed, or whose source is gone; no history is read. Returns the rows."""
    if not run.lake.version(COMMIT_FILES.name) or not run.lake.rows(COMMIT_FILES):
        return 0
    stored = run.narrow(COMMIT_FILES)
    alive = stored.join(_sources(run).select("source_id").distinct(), "source_id", "left_semi")
    files = run.lake.stage(_less_removed(run, alive), run.run_id, f"{NAME}.files")
    mine = F.col("recipe") == NAME
    kept = run.narrow(GIVEN_SEEDS).where(mine).join(_alive(files), ["origin", "seed_id"], "left_semi")

    def without_text(changed: DataFrame) -> DataFrame:
        return changed.withColumn("fields", F.lit(""))  # nothing is written anew

    written = write_changes(run, NAME, GIVEN_SEEDS, kept, metadata, lambda rows: rows.where(mine), without_text)
    return written + write_changes(run, NAME, COMMIT_FILES, files, metadata)


def seeds_with_texts(run: Run, found: Found) -> DataFrame:
    """Rows of given_seeds, with texts: those that were read, and as stored of the other histories."""
    key = ["origin", "seed_id", "recipe"]
    new = seeds_of(found.read).join(found.seeds.select(*key), key, "left_semi")
    if run.lake.version(GIVEN_SEEDS.name) is None:
        return new
    stored = run.read(GIVEN_SEEDS).join(found.seeds.select(*key), key, "left_semi")
    return new.unionByName(stored.join(new.select(*key), key, "left_anti").select(*new.columns))


def _rows(run: Run, table: Table) -> DataFrame:
    """The rows of a table, none where there is no such table yet."""
    if run.lake.version(table.name) is not None:
        return run.narrow(table)
    return run.lake.spark.createDataFrame([], table.ddl()).select(*table.narrow())


def _sources(run: Run) -> DataFrame:
    """(source_id, unit, repo_id, repo, revision, licence, location) of the git sources that ingest has read."""
    units = _rows(run, UNIT_FACTS).groupBy("source_id").agg(F.min("unit").alias("unit"))
    rows = _rows(run, REPOSITORIES).where("source_kind = 'git' AND revision IS NOT NULL").join(units, "source_id")
    licence = F.when(F.size("licences") > 0, F.array_join("licences", ", "))
    place = F.col("unit").alias("location")
    return rows.select("source_id", "unit", "repo_id", "repo", "revision", licence.alias("licence"), place)


def _files(read: DataFrame) -> DataFrame:
    """Rows of commit_files of histories that were read."""
    each = read.withColumn("f", F.explode_outer("files")).withColumn("content_id", F.explode_outer("f.content_ids"))
    names = {"seed_id": _or_empty("seed_id"), "path": _or_empty("f.path"), "content_id": _or_empty("content_id")}
    names["authors"] = F.col("f.authors")
    rows = each.withColumns(names).select(*COMMIT_FILES.names)
    return rows.dropDuplicates(list(COMMIT_FILES.key))


def _or_empty(name: str) -> Column:
    return F.coalesce(name, F.lit(""))


def _less_removed(run: Run, files: DataFrame) -> DataFrame:
    """The rows but those of seeds of which anything was asked out; what is left of a history without seeds says so."""
    if (asked := in_force(run)) is None:
        return files
    files = run.lake.stage(files, run.run_id, f"{NAME}.before")
    rows = files.where("seed_id <> ''").withColumn("_seed", F.concat_ws("\0", *_SEED))
    places = asked.places(run.narrow(REPOSITORIES), run.narrow(UNIT_FACTS))
    gone = asked.files(rows, "_seed", places)
    kept = rows.join(gone, "_seed", "left_anti").drop("_seed")
    nothing = {"seed_id": F.lit(""), "path": F.lit(""), "content_id": F.lit("")}
    nothing["authors"] = F.lit(None).cast("array<string>")
    empty = files.withColumns(nothing).select(*files.columns).dropDuplicates(["source_id"])
    return kept.unionByName(empty.join(kept.select("source_id"), "source_id", "left_anti"))


def _alive(files: DataFrame) -> DataFrame:
    return files.where("seed_id <> ''").select(F.col("source_id").alias("origin"), "seed_id").distinct()


def _seeds(run: Run, files: DataFrame, sound: DataFrame, again: DataFrame) -> DataFrame:
    """Rows of given_seeds without texts: of histories that were read, and as stored of the others."""
    mine = _rows(run, GIVEN_SEEDS).where(F.col("recipe") == NAME)
    stored = mine.join(again.withColumnRenamed("source_id", "origin"), "origin", "left_anti")
    new = seeds_of(sound).select(*mine.columns)
    return stored.unionByName(new).join(_alive(files), ["origin", "seed_id"], "left_semi").select(*mine.columns)


def seeds_of(read: DataFrame) -> DataFrame:
    """Rows of given_seeds, with texts, of histories that were read."""
    rows = read.where("seed_id IS NOT NULL AND reason IS NULL").withColumns(
        {"origin": F.col("source_id"), "recipe": F.lit(NAME), "source": F.col("repo")}
    )
    return rows.select(*GIVEN_SEEDS.names).dropDuplicates(list(GIVEN_SEEDS.key))
