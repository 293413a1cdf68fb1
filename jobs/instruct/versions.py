"""Which version of its recipe a thread is played by: code, prompts, settings and models."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.parameters import Synthesis


def with_version(seeds: DataFrame, p: Synthesis) -> DataFrame:
    """Rows (seed_id, recipe) of the recipes that are asked for, each once, with `recipe_version`.

    Raises ValueError where a step has no model.
    """
    version = F.lit(None).cast("string")
    for recipe, value in sorted(p.versions().items()):
        version = F.when(F.col("recipe") == recipe, F.lit(value)).otherwise(version)
    return seeds.distinct().withColumn("recipe_version", version).where("recipe_version is not null")
