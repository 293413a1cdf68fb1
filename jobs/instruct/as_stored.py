"""Stages that draw seeds, for runs that leave recipes as they are: what was drawn stays, less the texts that are gone.

A grown corpus moves a draw, and other settings are another one: rows would go that nobody plays anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial, reduce
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.stage import Measure, Stage
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.instruct import PACKAGE_USAGES, SEED_PARTS
from udfs.recipes.seeding import DRAWN

_Draw = Callable[..., DataFrame]
"""The requirement of a stage: its inputs and parameters, as keys."""


def as_stored(stages: tuple[Stage, ...], lake: Callable[[], Lake], only: tuple[str, ...] = ()) -> tuple[Stage, ...]:
    """The stages, those that draw seeds asking for what is stored of every recipe but those of `only`; `lake` is called
    once they do.
    """
    draws = {SEED_PARTS.name: partial(_parts, lake, only), PACKAGE_USAGES.name: partial(_usages, lake, only)}
    return tuple(
        replace(s, required=partial(draws[s.writes.name], s.required))
        if isinstance(s, Measure) and s.writes.name in draws
        else s
        for s in stages
    )


def _parts(lake: Callable[[], Lake], only: tuple[str, ...], drawn: _Draw, *reads: Any) -> DataFrame:
    kept = _alive(_stored(lake(), SEED_PARTS).where(~F.col("recipe").isin(*only)), *reads)
    return kept.unionByName(drawn(*reads)) if only else kept


def _usages(lake: Callable[[], Lake], only: tuple[str, ...], drawn: _Draw, *reads: Any) -> DataFrame:
    if "package" in only:
        return drawn(*reads)
    return _stored(lake(), PACKAGE_USAGES).join(reads[0].select("clean_id"), "clean_id", "left_semi")


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
