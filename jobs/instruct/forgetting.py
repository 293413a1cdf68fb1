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
from schemas.instruct import CALL_CHUNKS, EXECUTIONS, GIVEN_SEEDS, LLM_RESPONSES, PLAYED, TRAILS
from schemas.web import WEB_CORPUS, WEB_PAGES
from udfs.recipes.book import RECIPES

_THREAD = ["seed_id", "recipe"]
_MADE_FROM = ((CODE_CORPUS, "clean_id"), (WEB_CORPUS, "clean_id"), (WEB_PAGES, "content_id"))


def forget(work: Work) -> None:
    """Delete the trails of this stage whose seed and origin are gone, and what only they asked for."""
    lake, name = work.run.lake, work.stage.name
    if not lake.rows(TRAILS):
        return
    # Each of the stages that play knows which seeds are asked for of its own recipes only.
    mine = F.col("recipe").isin(*(r.name for r in RECIPES.values() if plays(name, r.stage)))
    trails = lake.read(TRAILS).where(mine).select(*_THREAD, "origin", "key", "kind")
    if trails.isEmpty():
        return
    asked = work.stage.required(*work.reads(), work.params).select(*_THREAD)
    counted = {"rows": F.count(F.lit(1))}
    lost = trails.join(asked, _THREAD, "left_anti")
    lost, counts = lake.stage_counted(lost, work.run.run_id, f"{name}.unasked", counted)
    if not counts["rows"]:
        return
    lost = lost.join(_played_elsewhere(lake, work.stage.writes), _THREAD, "left_anti")
    given = lake.read(GIVEN_SEEDS).select("seed_id").distinct()
    lost = _with_dead_origin(lost.join(given, "seed_id", "left_anti"), _alive(lake, given))
    lost, counts = lake.stage_counted(lost, work.run.run_id, f"{name}.lost", counted)
    if not counts["rows"]:
        return
    few = counts["rows"] <= FEW_KEYS
    lake.delete(TRAILS, lost.select("seed_id", "recipe", "key").distinct(), work.metadata, few)
    only = lost.join(lake.read(TRAILS).select("key"), "key", "left_anti")
    keys = {
        kind: only.where(F.col("kind") == kind).select(F.col("key").alias(column)).distinct()
        for kind, column in (("call", "request_id"), ("run", "program_id"))
    }
    _forget_calls(work, lake.stage(keys["call"], work.run.run_id, f"{name}.lost.calls"), few)
    runs = lake.stage(keys["run"], work.run.run_id, f"{name}.lost.runs")
    if not runs.isEmpty():
        lake.delete(EXECUTIONS, runs, work.metadata, few)


def _played_elsewhere(lake: Lake, own: Table) -> DataFrame:
    """(seed_id, recipe) of the threads of the other stages: generations play one recipe, each for its own children."""
    others = [t for t in PLAYED if t.name != own.name and lake.version(t.name) is not None]
    none = lake.read(own).select(*_THREAD).where("false")
    return reduce(DataFrame.unionByName, (lake.read(t).select(*_THREAD) for t in others), none).distinct()


def plays(stage: str, of_recipe: str) -> bool:
    """Whether a stage plays a recipe: all generations play the same one."""
    return stage == of_recipe or (of_recipe == "generations" and stage.startswith("generation_"))


def _with_dead_origin(trails: DataFrame, alive: DataFrame) -> DataFrame:
    """Trails of whose origins (a child has those of all its founders) one is gone."""
    each = trails.select("origin").distinct().withColumn("_one", F.explode(F.split("origin", r"\|")))
    dead = each.join(alive.withColumnRenamed("origin", "_one"), "_one", "left_anti").select("origin").distinct()
    return trails.join(dead, "origin", "left_semi")


def _alive(lake: Lake, given: DataFrame) -> DataFrame:
    """(origin) of every text, page and package that seeds can be from: a symbol's origin is its package's seed."""
    texts = [lake.read(t).select(F.col(c).alias("origin")) for t, c in _MADE_FROM]
    return reduce(DataFrame.union, texts, given.withColumnRenamed("seed_id", "origin")).distinct()


def _forget_calls(work: Work, keys: DataFrame, few: bool) -> None:
    """Delete answers, and the chunks that lose their last one: a chunk without rows says that its run was killed."""
    if keys.isEmpty():
        return
    lake = work.run.lake
    chunk = F.col("call_id").alias("chunk_id")
    chunks = lake.read(LLM_RESPONSES).join(keys, "request_id", "left_semi").select(chunk).distinct()
    chunks = lake.stage(chunks, work.run.run_id, f"{work.stage.name}.lost.chunks")
    lake.delete(LLM_RESPONSES, keys, work.metadata, few)
    empty = chunks.join(lake.read(LLM_RESPONSES).select(chunk), "chunk_id", "left_anti")
    empty = lake.stage(empty, work.run.run_id, f"{work.stage.name}.lost.empty")
    if not empty.isEmpty():
        lake.delete(CALL_CHUNKS, empty, work.metadata, few)
