"""Answers and runs of seeds whose origin is gone: they were made from its text, and go with it.

What is only not asked for any more (fewer recipes, another draw, a changed prompt) stays: it was paid for.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.keys import FEW_KEYS
from jobs.runtime.narrowing import Work
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.contract import Table
from schemas.instruct import EXECUTIONS, GIVEN_SEEDS, LLM_RESPONSES, TRAILS
from schemas.web import WEB_CORPUS, WEB_PAGES

_THREAD = ["seed_id", "recipe"]
_MADE_FROM = ((CODE_CORPUS, "clean_id"), (WEB_CORPUS, "clean_id"), (WEB_PAGES, "content_id"))


def forget(work: Work) -> None:
    """Delete the trails of this stage whose seed and origin are gone, and what only they asked for."""
    lake, name = work.run.lake, work.stage.name
    if not lake.rows(TRAILS):
        return
    asked = work.stage.required(*work.reads(), work.params).select(*_THREAD)
    trails = lake.read(TRAILS).select(*_THREAD, "origin", "key", "kind")
    counted = {"rows": F.count(F.lit(1))}
    lost = trails.join(asked, _THREAD, "left_anti")
    lost, counts = lake.stage_counted(lost, work.run.run_id, f"{name}.unasked", counted)
    if not counts["rows"]:
        return
    given = lake.read(GIVEN_SEEDS).select("seed_id").distinct()
    lost = lost.join(given, "seed_id", "left_anti").join(_alive(lake, given), "origin", "left_anti")
    lost, counts = lake.stage_counted(lost, work.run.run_id, f"{name}.lost", counted)
    if not counts["rows"]:
        return
    few = counts["rows"] <= FEW_KEYS
    lake.delete(TRAILS, lost.select("seed_id", "recipe", "key").distinct(), work.metadata, few)
    only = lost.join(lake.read(TRAILS).select("key"), "key", "left_anti")
    for kind, table, column in (("call", LLM_RESPONSES, "request_id"), ("run", EXECUTIONS, "program_id")):
        _delete(work, table, only.where(F.col("kind") == kind).select(F.col("key").alias(column)).distinct(), few)


def _alive(lake: Lake, given: DataFrame) -> DataFrame:
    """(origin) of every text, page and package that seeds can be from: a symbol's origin is its package's seed."""
    texts = [lake.read(t).select(F.col(c).alias("origin")) for t, c in _MADE_FROM]
    return reduce(DataFrame.union, texts, given.withColumnRenamed("seed_id", "origin")).distinct()


def _delete(work: Work, table: Table, keys: DataFrame, few: bool) -> None:
    staged = work.run.lake.stage(keys, work.run.run_id, f"{work.stage.name}.lost.{table.name}")
    if not staged.isEmpty():
        work.run.lake.delete(table, staged, work.metadata, few)
