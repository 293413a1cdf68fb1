"""Given tables of dialogues, packages that are named, and histories of git sources, to given_seeds and rejects: as they
are now, in each run.

What `recipes.tables`, `recipes.packages` and `recipes.histories` no longer name is gone, as with sources. A row that is
no dialogue, or a history that cannot be read, has its reason in `rejects`; a table that is not there stops the run,
since its threads would all be dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.instruct.commit_seeds import READ, Found, commit_rows_less_removed, commit_seeds, seeds_of
from jobs.instruct.parameters import Recipes, Synthesis
from jobs.instruct.thread_seeds import PACKAGES
from jobs.runtime.accounting import StageResult
from jobs.runtime.given_tables import count_given, given_rejects, given_table, has_lines
from jobs.runtime.runner import Run
from jobs.runtime.unit_texts import DropError
from jobs.runtime.writing import write_changes
from schemas.code import CODE_CORPUS
from schemas.instruct import COMMIT_FILES, GIVEN_SEEDS
from schemas.ops import REJECTS
from schemas.recall import PAGE_LABELS
from schemas.web import PAGE_TEXTS, WEB_CORPUS, WEB_PAGES
from udfs.recipes.batches import canonical, seed_id
from udfs.recipes.history_rows import NAME as COMMITS
from udfs.recipes.installed import Installed, installed
from udfs.recipes.package_api import LANGUAGES
from udfs.spark.instruct import dialogue_rows

NAME = "given_seeds"
MAX_DROP = 0.05
"""Of the stored seeds, as of the files of an ingest."""
_KEY = ["origin", "seed_id", "recipe"]
_TOLD = ("origin", "row_id", "reason", "detail")
_ROWS = "origin string, recipe string, row string"


def read_seeds(run: Run, p: Synthesis, allow_drop: bool = False) -> StageResult:
    """Bring given_seeds and this step's share of rejects to what the tables hold; with `p.only` no seed of another
    recipe moves. Raises ValueError, and DropError where more of the stored seeds would go than MAX_DROP: the answers
    that were paid for them go too.
    """
    # A warehouse may lack one of the halves: seeds are drawn from both.
    for table in (GIVEN_SEEDS, COMMIT_FILES, REJECTS, CODE_CORPUS, WEB_CORPUS, WEB_PAGES, PAGE_TEXTS, PAGE_LABELS):
        run.lake.ensure(table)
    result = StageResult(NAME, GIVEN_SEEDS.name)
    if not p.recipes.given() and run.lake.version(GIVEN_SEEDS.name) == 0:
        result.skipped = NAME in run.done  # none is named and none ever was, which is recorded once
        return result
    rows = run.lake.stage(given_rows(run.lake.spark, p.recipes, p.runs.libraries), run.run_id, NAME)
    changes = _changes(run, p)
    narrow, told = _narrow(rows), [rows.select(*_TOLD)]
    if changes:
        narrow, told = narrow.unionByName(changes.seeds), [*told, *_told(changes)]
    if p.only:
        mine = F.col("recipe").isin(*p.only)
        narrow = narrow.where(mine).unionByName(run.narrow(GIVEN_SEEDS).where(~mine))
    narrow = run.lake.stage(narrow, run.run_id, f"{NAME}.found")
    refused = run.lake.stage(reduce(DataFrame.unionByName, told), run.run_id, f"{NAME}.told")
    count_given(result, refused, narrow.count())
    if not allow_drop:
        _guard_drop(run, narrow)
    texts = _sound(rows) if changes is None else _sound(rows).unionByName(seeds_of(changes.read), True)
    result.rows_written = _write(run, narrow, texts, refused, changes)
    result.table_version = run.lake.rows_version(GIVEN_SEEDS.name) or 0
    return result


def _sound(rows: DataFrame) -> DataFrame:
    return rows.where("reason is null")


def _narrow(rows: DataFrame) -> DataFrame:
    """Rows of given_seeds without texts, of what tables and packages gave."""
    # Equal ids have equal texts, but not always the same licence: which one is told must not hang on chance.
    facts = [F.min(name).alias(name) for name in GIVEN_SEEDS.narrow() if name not in _KEY]
    return _sound(rows).groupBy(*_KEY).agg(*facts)


def _write(run: Run, narrow: DataFrame, texts: DataFrame, told: DataFrame, changes: Found | None) -> int:
    """Bring the tables to these rows. Returns how many were written."""

    def with_fields(changed: DataFrame) -> DataFrame:
        return changed.join(texts.select(*_KEY, "fields").dropDuplicates(_KEY), _KEY)

    metadata = {"run_id": run.run_id, "stage": NAME}
    written = write_changes(run, NAME, GIVEN_SEEDS, narrow, metadata, with_text=with_fields)
    rejects = given_rejects(NAME, told)
    written += write_changes(run, NAME, REJECTS, rejects, metadata, lambda rows: rows.where(f"stage = '{NAME}'"))
    if changes:
        # Last: after a run killed before this line its histories are taken for unread, and read again.
        written += write_changes(run, NAME, COMMIT_FILES, changes.files, metadata)
    return written


def stored_seeds(run: Run) -> StageResult:
    """The seeds that the last run left, less those of changes that were asked to be removed: no table and no history is
    read. Raises ValueError where there was no run.
    """
    if NAME not in run.done:
        raise ValueError(f"{run.lake.warehouse}: expected threads of recipes, found none; run refinelake instruct run")
    run.lake.ensure(COMMIT_FILES)  # a warehouse of an earlier release has none
    written = commit_rows_less_removed(run, {"run_id": run.run_id, "stage": NAME})
    if not written:
        return run.done[NAME]
    left = run.lake.rows(GIVEN_SEEDS)
    version = run.lake.rows_version(GIVEN_SEEDS.name) or 0
    return replace(run.done[NAME], rows_kept=left, rows_written=written, table_version=version, skipped=False)


def _changes(run: Run, p: Synthesis) -> Found | None:
    """The seeds of histories; None where none are asked for and none ever were, or another recipe is played alone."""
    stored = run.lake.version(COMMIT_FILES.name) and run.lake.rows(COMMIT_FILES)
    if (p.only and COMMITS not in p.only) or not (p.recipes.histories or stored):
        return None
    for table in READ:
        run.lake.ensure(table)
    return commit_seeds(run, p)


def _told(changes: Found) -> list[DataFrame]:
    """(origin, row_id, reason, detail) of seeds, and of histories that could not be read."""
    nothing = F.lit(None).cast("string")
    sound = changes.seeds.select(
        "origin", F.col("seed_id").alias("row_id"), nothing.alias("reason"), nothing.alias("detail")
    )
    failed = changes.read.where("reason IS NOT NULL")
    return [sound, failed.select(F.col("source_id").alias("origin"), nothing.alias("row_id"), "reason", "detail")]


def _guard_drop(run: Run, found: DataFrame) -> None:
    stored = run.lake.rows(GIVEN_SEEDS)
    if not stored:
        return
    gone = run.narrow(GIVEN_SEEDS).join(found.select(*_KEY), _KEY, "left_anti")
    # Another commit or kernel gives other changes of a history that is there.
    there = found.where(F.col("recipe") == COMMITS).select("origin").distinct()
    gone = gone.join(there, "origin", "left_anti").count()
    if gone > MAX_DROP * stored:
        raise DropError(
            f"given_seeds: expected to drop at most {MAX_DROP:.0%} of {stored:,} stored seeds, found {gone:,} that no "
            "table of recipes.tables and no package of recipes.packages gives any more. Nothing was written. Name them "
            "again, or say --allow-drop if they, and the answers that were paid for them, are to go"
        )


def given_rows(spark: SparkSession, p: Recipes, libraries: Sequence[str] = ()) -> DataFrame:
    """Rows of given_seeds with `row_id`, `reason` and `detail`, of every table and package. Raises ValueError."""
    tables = [table_rows(spark, place, recipe) for place, recipe in sorted(p.tables.items())]
    read = dialogue_rows(reduce(DataFrame.unionByName, tables, spark.createDataFrame([], _ROWS)))
    return read.unionByName(_packages(spark, p, libraries, read))


def table_rows(spark: SparkSession, place: str, recipe: str) -> DataFrame:
    """(origin, recipe, row): each row of a table as JSON. Raises ValueError where there is no table."""
    rows = given_table(spark, place, "recipes.tables", spark.read.text)
    if has_lines(place):
        rows = rows.where("trim(value) <> ''").select(F.col("value").alias("row"))
    else:
        rows = rows.select(F.to_json(F.struct("*")).alias("row"))
    return rows.select(F.lit(place).alias("origin"), F.lit(recipe).alias("recipe"), "row")


def _packages(spark: SparkSession, p: Recipes, libraries: Sequence[str], like: DataFrame) -> DataFrame:
    """A row for each package that is named, with the version that lies in the libraries. Raises ValueError."""
    rows = []
    for found in _installed(p.packages, libraries):
        ecosystem, package = found.ecosystem, f"{found.ecosystem}:{found.package}"
        fields = canonical(found.fields())
        language = LANGUAGES[ecosystem]
        row = {"origin": package, "seed_id": seed_id(PACKAGES, language, fields), "recipe": PACKAGES}
        row |= {"language": language, "source": ecosystem, "licence": None, "bytes": len(fields.encode())}
        rows.append(row | {"fields": fields, "row_id": None, "reason": None, "detail": None})
    schema = pa.schema([(f.name, pa.int64() if f.name == "bytes" else pa.string()) for f in like.schema.fields])
    return spark.createDataFrame(pa.Table.from_pylist(rows, schema))


def _installed(packages: Sequence[str], libraries: Sequence[str]) -> list[Installed]:
    """The named packages, ECOSYSTEM:* for all, as they are installed. Raises ValueError where one is not."""
    there = [found for folder in libraries for found in installed(folder)]
    wanted = []
    for package in sorted(set(packages)):
        ecosystem, _, name = package.partition(":")
        mine = [f for f in there if f.ecosystem == ecosystem and name.lower() in ("*", f.package.lower())]
        if not mine:
            raise ValueError(
                f"recipes.packages: expected {package} in a folder of runs.libraries, found it in none of "
                f"{', '.join(libraries) or 'none'}; install it there on every worker (pip install --target, npm)"
            )
        wanted += mine
    return sorted(set(wanted))
