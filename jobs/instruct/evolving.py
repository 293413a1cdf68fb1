"""The threads of the generations of an evolution, and the texts that they start from."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.lineage import EVOLUTION, draws, members, tasks, with_origins, with_tasks
from jobs.instruct.parameters import Synthesis
from jobs.instruct.versions import with_version
from udfs.recipes.evolution import Evolution


def required(generation: int, *given: Any) -> DataFrame:
    """(seed_id, recipe, recipe_version) of the children of a generation. `given` are questions, given_seeds,
    seed_parts, the generations before, and the parameters.
    """
    *reads, p = given
    if EVOLUTION not in p.versions():  # nobody asks for it: no plan of joins that come to nothing
        named = F.lit(EVOLUTION).alias("recipe"), F.lit("").alias("recipe_version")
        return reads[0].select("seed_id", *named).where("false")
    drawn = _drawn(generation, tuple(reads), p)[0]
    return with_version(drawn.select(F.col("thread_id").alias("seed_id"), F.lit(EVOLUTION).alias("recipe")), p)


def generation_1(keys: DataFrame, *given: Any) -> DataFrame:
    """The threads of the first generation that are to be played, with the texts of their parents."""
    return _texts(1, keys, *given)


def generation_2(keys: DataFrame, *given: Any) -> DataFrame:
    """The threads of the second generation that are to be played, with the texts of their parents."""
    return _texts(2, keys, *given)


def generation_3(keys: DataFrame, *given: Any) -> DataFrame:
    """The threads of the third generation that are to be played, with the texts of their parents."""
    return _texts(3, keys, *given)


def _texts(generation: int, keys: DataFrame, *given: Any) -> DataFrame:
    *reads, p = given
    asked, said, parts, *before = reads
    drawn, rows = _drawn(generation, tuple(reads), p)
    mine = drawn.join(keys.select(F.col("seed_id").alias("thread_id")).distinct(), "thread_id", "left_semi")
    mine = with_origins(mine, "thread_id", F.col("mates"), rows, parts, generation - 1)
    return keys.join(with_tasks(mine, tasks(said, asked, *before)), ["seed_id", "recipe"])


def _drawn(generation: int, reads: tuple[DataFrame, ...], p: Synthesis) -> tuple[DataFrame, DataFrame]:
    """The draws of a generation, and the population that they are from."""
    settings: Evolution = p.settings_of(EVOLUTION)
    asked, given, _, *before = reads
    rows = members(asked, given, tuple(before))
    found = draws(rows, settings, generation)
    return found if generation <= settings.generations else found.where("false"), rows
