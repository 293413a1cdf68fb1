"""Scores of text files whose names do not decide, by the classifier that recalls text about code (paper C.2).

spark-submit jobs/code/text_scores.py --warehouse DIR --set repository_text.model=DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.name_columns import with_names
from jobs.code.parameters import RepositoryText
from jobs.code.touched_texts import SCORED
from jobs.runtime.stage import Measure
from schemas.code import CONTENTS, RAW_FILES, TEXT_SCORES
from schemas.recall import TEXT_TAG
from udfs.rules.text_names import load_names
from udfs.spark.web import text_score_rows


def required(raw_files: DataFrame, p: RepositoryText) -> DataFrame:
    """Every text that a text file without a telling name holds; none without a classifier."""
    if not p.by_model:
        return raw_files.where("false").select("content_id")
    files = with_names(raw_files.where("kind = 'text'").select("content_id", "path"), load_names(p.rules))
    return files.where(~F.coalesce("name_decides", F.lit(False))).select("content_id")


def text_scores(keys: DataFrame, contents: DataFrame, p: RepositoryText) -> DataFrame:
    """One row per text."""
    return text_score_rows(keys.join(contents.select("content_id", "text"), "content_id"), p.model)


def kernel_version(p: RepositoryText) -> str:
    """Of the classifier in force. Raises ValueError where it is missing."""
    if not p.by_model:
        return "none"
    from udfs.web.model_place import scoring_version

    return scoring_version({TEXT_TAG: p.model})


STAGE = Measure(
    "text_scores",
    text_scores,
    required,
    reads=(RAW_FILES,),
    texts=(CONTENTS,),
    writes=TEXT_SCORES,
    kernel_version=kernel_version,
    params=RepositoryText(),
    narrow=SCORED,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
