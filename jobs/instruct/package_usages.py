"""How the corpus uses packages, where some are named: lines around the first use of each symbol in a text.

spark-submit jobs/instruct/package_usages.py --warehouse DIR --set 'recipes.packages=["python:*"]'
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.instruct.parameters import Synthesis
from jobs.runtime.stage import Measure
from schemas.code import CODE_CORPUS
from schemas.identity import code_identity
from schemas.instruct import PACKAGE_USAGES
from udfs.spark.instruct import usage_rows

_LANGUAGES = ("python", "javascript", "typescript", "jsx", "tsx")


def required(code: DataFrame, p: Synthesis) -> DataFrame:
    """(clean_id, language) of each text in a language of packages; none where no package is named."""
    asked = code.where(F.col("language").isin(*_LANGUAGES)).select("clean_id", "language")
    return asked if p.recipes.packages else asked.where("false")


def package_usages(keys: DataFrame, code: DataFrame, p: Synthesis) -> DataFrame:
    """One row per text, with or without uses."""
    return usage_rows(keys.join(code.select("clean_id", "text"), "clean_id"))


STAGE = Measure(
    "package_usages",
    package_usages,
    required,
    reads=(CODE_CORPUS,),
    texts=(CODE_CORPUS,),
    writes=PACKAGE_USAGES,
    kernel_version=lambda _: code_identity("udfs.recipes.usages"),
    params=Synthesis(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
