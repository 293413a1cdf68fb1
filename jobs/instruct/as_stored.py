"""Stages that draw seeds, for runs that leave recipes as they are: what was drawn stays, less the texts that are gone.

A grown corpus moves a draw, and other settings are another one: rows would go that nobody plays anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial, reduce, wraps
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.instruct.lineage import EVOLUTION, with_first
from jobs.instruct.pool import QUERIES, pool
from jobs.instruct.population import told
from jobs.instruct.versions import with_version
from jobs.runtime.stage import Decide, Measure, Stage
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.instruct import PACKAGE_USAGES, POPULATION, QUERY_EMBEDDINGS, QUERY_PACKS, SEED_PARTS
from udfs.recipes.evolution import GENERATIONS
from udfs.recipes.population import SOLVED_BY
from udfs.recipes.seeding import DRAWN

_Draw = Callable[..., DataFrame]
"""The requirement of a stage: its inputs and parameters, as keys."""


def as_stored(stages: tuple[Stage, ...], lake: Callable[[], Lake], only: tuple[str, ...] = ()) -> tuple[Stage, ...]:
    """The stages, those that draw seeds asking for what is stored of every recipe but those of `only`; `lake` is called
    once they do.
    """
    draws: dict[str, _Draw] = {
        SEED_PARTS.name: partial(_parts, lake, only),
        PACKAGE_USAGES.name: partial(_usages, lake, only),
    }
    if "evolution" not in only:
        draws |= {f"generation_{n}": partial(_generation, lake, n) for n in range(1, GENERATIONS + 1)}
    if "packing" not in only:
        draws[QUERY_EMBEDDINGS.name] = partial(_embedded, lake)
    decisions = {POPULATION.name: (_population, "evolution"), QUERY_PACKS.name: (_packs, "packing")}
    return tuple(_as_stored(s, draws, decisions, lake, only) for s in stages)


def _as_stored(
    stage: Stage,
    draws: Mapping[str, _Draw],
    decisions: Mapping[str, tuple[_Draw, str]],
    lake: Callable[[], Lake],
    only: tuple[str, ...],
) -> Stage:
    name = stage.writes.name
    if isinstance(stage, Measure) and name in draws:
        return replace(stage, required=partial(draws[name], stage.required))
    if isinstance(stage, Decide) and name in decisions and decisions[name][1] not in only:
        kept = decisions[name][0]

        @wraps(stage.transform)
        def transform(*reads: Any) -> DataFrame:
            return kept(lake(), *reads)

        def everyone(*reads: Any) -> DataFrame:
            return kept(lake(), *reads).select("seed_id")

        return replace(stage, transform=transform, population=everyone)
    return stage


def _parts(lake: Callable[[], Lake], only: tuple[str, ...], drawn: _Draw, *reads: Any) -> DataFrame:
    kept = _alive(_stored(lake(), SEED_PARTS).where(~F.col("recipe").isin(*only)), *reads)
    return kept.unionByName(drawn(*reads)) if only else kept


def _usages(lake: Callable[[], Lake], only: tuple[str, ...], drawn: _Draw, *reads: Any) -> DataFrame:
    if "package" in only:
        return drawn(*reads)
    return _stored(lake(), PACKAGE_USAGES).join(reads[0].select("clean_id"), "clean_id", "left_semi")


def _generation(lake: Callable[[], Lake], number: int, _: _Draw, *reads: Any) -> DataFrame:
    """Threads of the children whose founders are all there still."""
    alive = _with_living_founders(lake(), reads[1], reads[2]).where(F.col("generation") == number)
    return with_version(alive.select(F.col("thread_id").alias("seed_id"), F.lit(EVOLUTION).alias("recipe")), reads[-1])


def _population(lake: Lake, *reads: Any) -> DataFrame:
    rows = _with_living_founders(lake, reads[1], reads[2]).withColumn("domain", F.lit(""))
    return told(with_first(rows.drop("keep", "reasons")))


def _with_living_founders(lake: Lake, given: DataFrame, parts: DataFrame) -> DataFrame:
    """Stored individuals of whose founders' origins none is gone."""
    rows = _there(lake, POPULATION)
    alive = parts.where("recipe = 'oss_questions'").select(F.col("clean_id").alias("_one"))
    alive = alive.union(given.where(F.col("recipe") == SOLVED_BY).select("seed_id")).distinct()
    each = rows.select("seed_id", F.explode("origins").alias("_one"))
    dead = each.join(alive, "_one", "left_anti").select("seed_id").distinct()
    return rows.join(dead, "seed_id", "left_anti")


def _packs(lake: Lake, *reads: Any) -> DataFrame:
    """Decisions as they are stored; a dialogue that lost one of its members is taken apart, and they wait."""
    alive = pool(reads[0]).select("seed_id", "target")
    rows = _there(lake, QUERY_PACKS).join(alive, "seed_id")
    size = F.count(F.lit(1)).over(Window.partitionBy("pack_id"))
    stored = lake.read(QUERY_PACKS).where("pack_id IS NOT NULL").groupBy("pack_id").agg(F.count("*").alias("_before"))
    rows = rows.withColumn("_now", size).join(stored, "pack_id", "left")
    broken = F.col("pack_id").isNotNull() & (F.col("_now") < F.col("_before"))
    alone = F.when(F.col("target") == QUERIES, "interaction").otherwise("follow_up")
    nothing = {name: F.when(~broken, F.col(name)) for name in ("pack_id", "kind", "position", "similarity")}
    rows = rows.withColumn("becomes", F.when(broken, alone).otherwise(F.col("becomes"))).withColumns(nothing)
    return rows.select(*QUERY_PACKS.names)


def _embedded(lake: Callable[[], Lake], _: _Draw, *reads: Any) -> DataFrame:
    alive = pool(reads[0]).select(F.col("seed_id").alias("unit_id"))
    return _there(lake(), QUERY_EMBEDDINGS).select("unit_id").distinct().join(alive, "unit_id", "left_semi")


def _there(lake: Lake, table: Table) -> DataFrame:
    """A table that a warehouse of an earlier release, or one where only some recipes were played, may not have yet."""
    lake.ensure(table)
    return lake.read(table)


def _stored(lake: Lake, table: Table) -> DataFrame:
    return lake.read(table).select(*(name for name in table.key if name != "kernel_version")).distinct()


def _alive(keys: DataFrame, code: DataFrame, web: DataFrame, pages: DataFrame, *_: DataFrame) -> DataFrame:
    """Of keys of seed_parts those whose text is in the corpus that its recipe draws from."""
    texts = {"code": code, "web": web, "pages": pages.withColumn("clean_id", F.col("content_id"))}
    kept = []
    for corpus, rows in texts.items():
        mine = [recipe for recipe, draw in DRAWN.items() if draw.corpus == corpus]
        kept.append(keys.where(F.col("recipe").isin(*mine)).join(rows.select("clean_id"), "clean_id", "left_semi"))
    return reduce(DataFrame.unionByName, kept)
