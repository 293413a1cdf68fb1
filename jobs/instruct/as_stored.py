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

from jobs.instruct.lineage import EVOLUTION, made_tasks, members
from jobs.instruct.pool import QUERIES, pool
from jobs.instruct.versions import with_version
from jobs.runtime.stage import Decide, Measure, Stage
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.instruct import (
    GENERATION_1,
    GENERATION_2,
    GENERATION_3,
    PACKAGE_USAGES,
    QUERY_EMBEDDINGS,
    QUERY_PACKS,
    SEED_PARTS,
)
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
        draws |= {table.name: partial(_generation, lake, table) for table in (GENERATION_1, GENERATION_2, GENERATION_3)}
    if "packing" in only:
        return tuple(_drawn(s, draws) for s in stages)
    draws[QUERY_EMBEDDINGS.name] = partial(_embedded, lake)
    return tuple(_packed(s, lake) if s.writes is QUERY_PACKS else _drawn(s, draws) for s in stages)


def _drawn(stage: Stage, draws: Mapping[str, _Draw]) -> Stage:
    draw = draws.get(stage.writes.name)
    return replace(stage, required=partial(draw, stage.required)) if draw and isinstance(stage, Measure) else stage


def _packed(stage: Stage, lake: Callable[[], Lake]) -> Stage:
    """The stage of packs as one that leaves them as they are."""
    assert isinstance(stage, Decide)

    @wraps(stage.transform)
    def transform(*reads: Any) -> DataFrame:
        return _packs(lake(), *reads)

    return replace(stage, transform=transform, population=lambda *reads: _packs(lake(), *reads).select("seed_id"))


def _parts(lake: Callable[[], Lake], only: tuple[str, ...], drawn: _Draw, *reads: Any) -> DataFrame:
    kept = _alive(_stored(lake(), SEED_PARTS).where(~F.col("recipe").isin(*only)), *reads)
    return kept.unionByName(drawn(*reads)) if only else kept


def _usages(lake: Callable[[], Lake], only: tuple[str, ...], drawn: _Draw, *reads: Any) -> DataFrame:
    if "package" in only:
        return drawn(*reads)
    return _stored(lake(), PACKAGE_USAGES).join(reads[0].select("clean_id"), "clean_id", "left_semi")


def _generation(lake: Callable[[], Lake], table: Table, _: _Draw, *reads: Any) -> DataFrame:
    """Threads of the children whose parents are all there still: those of the generations before have gone already."""
    asked, given, _, *before, p = reads
    alive = members(asked, given, tuple(before)).select(F.col("seed_id").alias("_parent"))
    made = made_tasks(lake().read(table)).select(F.col("thread_id").alias("seed_id"), "parents").distinct()
    dead = made.select("seed_id", F.explode("parents").alias("_parent")).join(alive, "_parent", "left_anti")
    kept = made.join(dead.select("seed_id"), "seed_id", "left_anti")
    return with_version(kept.select("seed_id", F.lit(EVOLUTION).alias("recipe")), p)


def _packs(lake: Lake, *reads: Any) -> DataFrame:
    """Decisions as they are stored; a dialogue that lost one of its members is taken apart, and they wait."""
    alive = pool(reads[0]).select("seed_id", "target")
    rows = lake.read(QUERY_PACKS).join(alive, "seed_id")
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
    return lake().read(QUERY_EMBEDDINGS).select("unit_id").distinct().join(alive, "unit_id", "left_semi")


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
