"""Play every recipe for each of its seeds: ask models, run programs, keep what it made, or why it made nothing.

spark-submit jobs/instruct/threads.py --warehouse DIR --params instruct.toml
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct import package_apis
from jobs.instruct.parameters import Synthesis
from jobs.instruct.rounds import play_all
from jobs.instruct.versions import with_version
from jobs.runtime.stage import Measure
from schemas.instruct import GIVEN_SEEDS, PACKAGE_APIS, SEED_PARTS, THREADS
from udfs.recipes.batches import kernel_version

_SEEDS = "seeds:"


def required(parts: DataFrame, given: DataFrame, apis: DataFrame, p: Synthesis) -> DataFrame:
    """(seed_id, recipe, recipe_version) of each seed, wherever it is from."""
    ours = parts.select(F.explode("found.seed_id").alias("seed_id"), "recipe")
    theirs = given.where(F.col("recipe") != package_apis.RECIPE).select("seed_id", "recipe")
    made = apis.select(F.explode("made").alias("m")).where(F.col("m.target").startswith(_SEEDS))
    symbols = made.select(F.col("m.row_id").alias("seed_id"), recipe_of(F.col("m.target")).alias("recipe"))
    return with_version(ours.union(theirs).union(symbols), p)


def recipe_of(target: F.Column) -> F.Column:
    """The recipe that a row for `seeds:RECIPE` is a seed of."""
    return F.substring_index(target, ":", -1)


def threads(keys: DataFrame, parts: DataFrame, given: DataFrame, apis: DataFrame, p: Synthesis) -> DataFrame:
    """The threads to be played, with the texts of their seeds: equal ids have equal texts."""
    ours = parts.select(F.col("clean_id").alias("origin"), "recipe", "language", F.explode("texts").alias("t"))
    ours = ours.select("t.seed_id", "recipe", "origin", "language", "t.fields")
    theirs = given.select("seed_id", "recipe", "origin", "language", "fields")
    zipped = F.explode(F.arrays_zip("made", "texts")).alias("r")
    made = apis.select(F.col("seed_id").alias("origin"), zipped).where(F.col("r.made.target").startswith(_SEEDS))
    language = F.col("r.made.language").alias("language")
    recipe = recipe_of(F.col("r.made.target")).alias("recipe")
    symbols = made.select(
        F.col("r.made.row_id").alias("seed_id"), recipe, "origin", language, F.col("r.texts.parts").alias("fields")
    )
    every = ours.union(theirs).union(symbols)
    one = every.groupBy("seed_id", "recipe").agg(
        F.min("origin").alias("origin"), F.min("language").alias("language"), F.min("fields").alias("fields")
    )
    return keys.join(one, ["seed_id", "recipe"])


STAGE = Measure(
    "threads",
    threads,
    required,
    reads=(SEED_PARTS, GIVEN_SEEDS, PACKAGE_APIS),
    texts=(SEED_PARTS, GIVEN_SEEDS, PACKAGE_APIS),
    writes=THREADS,
    kernel_version=lambda _: kernel_version(),
    params=Synthesis(),
    passes=play_all,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
