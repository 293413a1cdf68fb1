"""Keywords of algorithmic code that a text of the corpus holds, as "leetcode" (paper, annealing data).

spark-submit jobs/instruct/algorithm_marks.py --warehouse DIR
"""

from __future__ import annotations

import hashlib

from pyspark.sql import DataFrame

from jobs.runtime.stage import Measure
from schemas.code import CODE_CORPUS
from schemas.identity import code_identity
from schemas.instruct import ALGORITHM_MARKS
from udfs.recipes.seeds import Keywords
from udfs.spark.instruct import mark_rows


def required(corpus: DataFrame, p: Keywords) -> DataFrame:
    """(clean_id) of every text."""
    return corpus.select("clean_id")


def algorithm_marks(keys: DataFrame, corpus: DataFrame, p: Keywords) -> DataFrame:
    """One row per text, with or without keywords."""
    return mark_rows(keys.join(corpus.select("clean_id", "language", "text"), "clean_id"), p)


def version(p: Keywords) -> str:
    """Hash of the kernel and of the words."""
    return f"{code_identity('udfs.recipes.seeds')}-{hashlib.sha256(repr(p).encode()).hexdigest()[:8]}"


STAGE = Measure(
    "algorithm_marks",
    algorithm_marks,
    required,
    reads=(CODE_CORPUS,),
    texts=(CODE_CORPUS,),
    writes=ALGORITHM_MARKS,
    kernel_version=version,
    params=Keywords(),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
