"""Walk the interface of the packages that are named, as they are installed: a program in the sandbox, no model.

spark-submit jobs/instruct/package_apis.py --warehouse DIR --params instruct.toml
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.parameters import Synthesis
from jobs.instruct.rounds import play_all
from jobs.instruct.versions import with_version
from jobs.runtime.stage import Measure
from schemas.instruct import GIVEN_SEEDS, PACKAGE_APIS
from udfs.recipes.batches import kernel_version

RECIPE = "package_api"


def required(given: DataFrame, p: Synthesis) -> DataFrame:
    """(seed_id, recipe, recipe_version) of each package."""
    return with_version(given.where(F.col("recipe") == RECIPE).select("seed_id", "recipe"), p)


def package_apis(keys: DataFrame, given: DataFrame, p: Synthesis) -> DataFrame:
    """The threads to be played, with the texts of their seeds."""
    texts = given.where(F.col("recipe") == RECIPE).select("seed_id", "recipe", "origin", "language", "fields")
    return keys.join(texts.dropDuplicates(["seed_id"]), ["seed_id", "recipe"])


STAGE = Measure(
    "package_apis",
    package_apis,
    required,
    reads=(GIVEN_SEEDS,),
    texts=(GIVEN_SEEDS,),
    writes=PACKAGE_APIS,
    kernel_version=lambda _: kernel_version(),
    params=Synthesis(),
    passes=play_all,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
