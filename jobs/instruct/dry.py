"""What a run would start from, without writing a table: the seeds as they would be drawn, what is stored and known."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct import seed_parts
from jobs.instruct.commit_seeds import commit_seeds, seeds_with_texts
from jobs.instruct.given_seeds import given_rows
from jobs.instruct.known import by_thread
from jobs.instruct.known import known as known_keys
from jobs.instruct.parameters import Synthesis
from jobs.instruct.rounds import THREAD
from jobs.runtime.keys import Keys, only
from jobs.runtime.runner import Run
from schemas.contract import Table
from schemas.instruct import (
    EXECUTIONS,
    GENERATION_1,
    GENERATION_2,
    GENERATION_3,
    GIVEN_SEEDS,
    LLM_RESPONSES,
    PACKAGE_APIS,
    PACKAGE_USAGES,
    PLAYED,
    POPULATION,
    QUERY_PACKS,
    QUESTIONS,
    SEED_PARTS,
    TRAILS,
)
from udfs.recipes.batches import KNOWN, kernel_version

_KEY = (*THREAD, "recipe_version")


def read_or_none(run: Run, table: Table) -> DataFrame:
    """A table, empty where there is none."""
    if run.lake.version(table.name) is not None:
        return run.read(table)
    return run.lake.spark.createDataFrame([], table.ddl())


def all_seeds(run: Run, p: Synthesis) -> dict[str, DataFrame]:
    """Every table that seeds are read from, by name: those of texts and given tables as a run would have them, what
    threads of earlier stages made as it is stored.
    """
    stage = seed_parts.STAGE
    texts = {t.name: read_or_none(run, t) for t in (*stage.reads, *stage.texts)}
    keys = stage.required(*(texts[t.name] for t in stage.reads), p)
    parts = stage.transform(keys, *(texts[t.name] for t in stage.texts), p)
    parts = run.lake.stage(parts, run.run_id, "dry.parts")
    given = given_rows(run.lake.spark, p.recipes, p.runs.libraries).where("reason IS NULL").select(*GIVEN_SEEDS.names)
    if p.recipes.histories:
        given = given.unionByName(seeds_with_texts(run, commit_seeds(run, p)).select(*given.columns))
    stored = (
        PACKAGE_APIS,
        PACKAGE_USAGES,
        QUESTIONS,
        GENERATION_1,
        GENERATION_2,
        GENERATION_3,
        POPULATION,
        QUERY_PACKS,
    )
    return {SEED_PARTS.name: parts, GIVEN_SEEDS.name: given} | {t.name: read_or_none(run, t) for t in stored}


def stored(run: Run) -> DataFrame:
    """(seed_id, recipe, recipe_version) of the threads that are at their end."""
    ended = (read_or_none(run, table) for table in PLAYED)
    kernel = F.col("kernel_version") == kernel_version()
    return reduce(DataFrame.union, (rows.where(kernel).select(*_KEY) for rows in ended))


def known(run: Run, threads: DataFrame, p: Synthesis) -> DataFrame:
    """(seed_id, recipe, known) of threads, by the answers and runs that are stored."""
    if any(run.lake.version(t.name) is None for t in (TRAILS, LLM_RESPONSES, EXECUTIONS)):
        return run.lake.spark.createDataFrame([], f"seed_id string, recipe string, known {KNOWN}")
    trails = only(run.lake.read(TRAILS), "seed_id", Keys.of(threads.select("seed_id")))
    return by_thread(known_keys(run.lake, trails, p.calls.give_up))
