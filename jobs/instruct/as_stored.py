"""Stages that draw seeds, for runs that ask nothing: what was drawn stays, less the texts that are gone.

A grown corpus moves a draw, and other settings are another one: rows would go that nobody plays anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.runtime.stage import Stage
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.instruct import PACKAGE_USAGES, SEED_PARTS
from udfs.recipes.seeding import DRAWN


def as_stored(stages: tuple[Stage, ...], lake: Callable[[], Lake]) -> tuple[Stage, ...]:
    """The stages, those that draw seeds asking for what is stored of them; `lake` is called once they do."""
    alive: dict[str, Callable[..., DataFrame]] = {SEED_PARTS.name: _seeds, PACKAGE_USAGES.name: _uses}
    return tuple(
        replace(s, required=_required(lake, s.writes, alive[s.writes.name])) if s.writes.name in alive else s  # type: ignore[call-arg]
        for s in stages
    )


def _required(lake: Callable[[], Lake], table: Table, alive: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    def required(*reads_and_params: Any) -> DataFrame:
        keys = lake().read(table).select(*(name for name in table.key if name != "kernel_version")).distinct()
        return alive(keys, *reads_and_params[:-1])

    return required


def _seeds(keys: DataFrame, code: DataFrame, web: DataFrame, pages: DataFrame, *_: DataFrame) -> DataFrame:
    """Of keys of seed_parts those whose text is in the corpus that its recipe draws from."""
    texts = {"code": code, "web": web, "pages": pages.withColumn("clean_id", F.col("content_id"))}
    kept = []
    for corpus, rows in texts.items():
        mine = [recipe for recipe, draw in DRAWN.items() if draw.corpus == corpus]
        kept.append(keys.where(F.col("recipe").isin(*mine)).join(rows.select("clean_id"), "clean_id", "left_semi"))
    return reduce(DataFrame.unionByName, kept)


def _uses(keys: DataFrame, code: DataFrame, *_: DataFrame) -> DataFrame:
    return keys.join(code.select("clean_id"), "clean_id", "left_semi")
