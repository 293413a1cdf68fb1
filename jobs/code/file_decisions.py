"""Size and type: which files enter the pipeline.

    spark-submit jobs/code/file_decisions.py --warehouse DIR

Size limits and unreadable files are met at ingest (see `rejects`); here the type decides, of text files what
`text_decisions` says, and the optional rules on path, licence and stars. Types come first because a copy of unknown
type must never stand for one of known type.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.parameters import FileRules
from jobs.code.ranking import decided, reason, reasons
from jobs.code.touched import BY_FILE
from jobs.runtime.stage import Decide
from schemas.code import FILE_DECISIONS, RAW_FILES, REPOSITORIES, TEXT_DECISIONS
from schemas.contract import REASONS


def file_decisions(raw_files: DataFrame, repositories: DataFrame, texts: DataFrame, p: FileRules) -> DataFrame:
    """One row per raw file."""
    about = repositories.select("repo_id", "stars", F.col("licences").alias("repo_licences"))
    files = raw_files.join(about, "repo_id", "left")
    files = files.withColumn("declared", F.coalesce("licences", "repo_licences", F.array().cast("array<string>")))
    allowed = F.arrays_overlap("declared", F.array(*map(F.lit, p.licences)).cast("array<string>"))
    why = reasons(
        (F.col("kind") == "unknown", reason("unknown_type")),
        (F.col("kind") == "excluded", reason("excluded_type", detail=F.col("language"))),
        (F.lit(p.drop_vendored) & F.col("vendored"), reason("vendored")),
        (F.lit(p.drop_generated) & F.col("generated"), reason("generated")),
        (F.lit(bool(p.licences)) & ~allowed, reason("licence", detail=F.array_join("declared", ", "))),
        # Unknown stars are null, and null is not fewer.
        (F.col("stars") < p.min_stars, reason("stars <", F.col("stars"), F.lit(p.min_stars))),
    )
    dropped = texts.where("NOT keep").select("file_id", F.col("reasons").alias("of_text"))
    files = files.select("file_id", "content_id", why.alias("own")).join(dropped, "file_id", "left")
    both = F.concat("own", F.coalesce("of_text", F.array().cast(REASONS)))
    return decided(files.select("file_id", "content_id", both.alias("reasons")))


STAGE = Decide(
    "file_decisions",
    file_decisions,
    reads=(RAW_FILES, REPOSITORIES, TEXT_DECISIONS),
    writes=FILE_DECISIONS,
    params=FileRules(),
    narrow=BY_FILE,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
