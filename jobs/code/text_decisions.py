"""Which text files are about code: by their names, else by a classifier (paper C.2).

    spark-submit jobs/code/text_decisions.py --warehouse DIR --set repository_text.recall=names

Before duplicates are looked for, so that a copy under a name that is never recalled stands for none that is. Where
neither names nor a classifier are asked, every text file stays.
"""

from __future__ import annotations

import json

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.name_columns import with_names
from jobs.code.parameters import RepositoryText
from jobs.code.ranking import decided, reason, reasons
from jobs.code.touched_texts import RECALLED
from jobs.runtime.stage import Decide
from schemas.code import RAW_FILES, TEXT_DECISIONS, TEXT_SCORES
from udfs.rules.text_names import load_names


def text_decisions(raw_files: DataFrame, scores: DataFrame, p: RepositoryText) -> DataFrame:
    """One row per text file."""
    files = text_files(raw_files).select("file_id", "content_id", "path")
    if not p.by_name:
        nothing = {"reasons": reasons((F.lit(False), reason("text_name"))), "why": F.lit(None).cast("string")}
        return decided(files.withColumns({**nothing, "score": F.lit(None).cast("double")}).drop("path"))
    rows = with_names(files, load_names(p.rules)).join(scores, "content_id", "left")
    known, recalled = F.coalesce("name_decides", F.lit(False)), F.col("name_recall")
    score = F.when(~known, F.col("score"))
    found, why = _by_model(known, recalled, p) if p.by_model else _by_name(known, recalled)
    rows = rows.select("file_id", "content_id", found.alias("reasons"), why.alias("why"), score.alias("score"))
    return decided(rows).withColumn("why", F.when(F.col("keep"), F.col("why")))


def text_files(raw_files: DataFrame, *_: object) -> DataFrame:
    """The files that are decided about."""
    return raw_files.where("kind = 'text'")


def _by_name(known: Column, recalled: Column) -> tuple[Column, Column]:
    """(reasons, why) where what names do not decide stays."""
    never = (known & ~recalled, reason("text_name", detail=F.col("name_why")))
    return reasons(never), F.when(known, _name()).otherwise("undecided")


def _by_model(known: Column, recalled: Column, p: RepositoryText) -> tuple[Column, Column]:
    """(reasons, why) where the classifier decides about what names do not."""
    at = F.lit(threshold(p))
    missing = F.col("kernel_version").isNull()
    found = reasons(
        (known & ~recalled, reason("text_name", detail=F.col("name_why"))),
        (~known & missing, reason("text_score_missing")),
        (~known & F.col("failure").isNotNull(), reason("text_score_failed", detail=F.col("failure"))),
        (~known & (F.col("score") < at), reason("text_not_recalled", F.col("score"), at)),
    )
    return found, F.when(known, _name()).otherwise("classifier")


def _name() -> Column:
    return F.concat(F.lit("name:"), "name_why")


def threshold(p: RepositoryText) -> float:
    """The score from which on a text is recalled. Raises ValueError where the classifier is missing."""
    if p.threshold:
        return p.threshold
    from udfs.web.model_place import recall_model
    from udfs.web.training import said_of

    return said_of(recall_model(p.model)).threshold


def version(p: RepositoryText) -> str:
    """The rules on names and the threshold in force."""
    if not p.by_name:
        return ""
    return json.dumps([load_names(p.rules).version, threshold(p) if p.by_model else None])


STAGE = Decide(
    "text_decisions",
    text_decisions,
    reads=(RAW_FILES, TEXT_SCORES),
    writes=TEXT_DECISIONS,
    params=RepositoryText(),
    version=version,
    population=text_files,
    narrow=RECALLED,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
