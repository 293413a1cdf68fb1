"""Which instructions are kept: bounds of length, and of several equal ones the first by origin.

spark-submit jobs/corpus/instruction_decisions.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.code.ranking import decided, reason, reasons
from jobs.corpus.parameters import Instructions
from jobs.instruct.published import conversations, homes, homes_of_changes
from jobs.runtime.stage import Decide
from schemas.code import CODE_CORPUS
from schemas.corpus import (
    GIVEN_INSTRUCTIONS,
    INSTRUCTION_DECISIONS,
    INSTRUCTION_GROUPS,
    INSTRUCTION_PARTS,
)
from schemas.instruct import CODE_FEEDBACK, COMMIT_FILES, MADE_DECISIONS, POPULATION, SCORES, SEED_PARTS
from schemas.web import WEB_CORPUS

_TABLE_NAME = r"([^/]+?)(?:\.[A-Za-z.]+)?/*$"


def occurrences(
    parts: DataFrame,
    given: DataFrame,
    corpus: DataFrame,
    made: DataFrame,
    seeds: DataFrame,
    population: DataFrame,
    web: DataFrame,
    changes: DataFrame,
    *more: object,
) -> DataFrame:
    """Every instruction at every place it stands: in the texts of the corpus, not in those it once held, in tables, and
    of those that recipes made at every place of their seeds.
    """
    licence = F.when(F.size("licences") > 0, F.array_join("licences", ", "))
    repos = corpus.select("clean_id", "language", "repo", licence.alias("licence"))
    found = parts.select("clean_id", "language", F.explode("found").alias("f")).join(repos, ["clean_id", "language"])
    ours = found.select(
        F.col("clean_id").alias("origin"), "f.*", F.lit("code").alias("source"), "language", "repo", "licence"
    )
    nothing = {"stage": F.lit(None).cast("int"), "scores": F.lit(None).cast(SCORES), "dialogue": F.lit(False)}
    ours = ours.withColumns(nothing)
    theirs = (
        given.drop("messages")
        .withColumns({"kind": F.lit("table"), "source": F.regexp_extract("origin", _TABLE_NAME, 1)})
        .withColumns({"licence": F.lit(None).cast("string"), "scores": nothing["scores"], "dialogue": F.lit(False)})
    )
    places = homes(seeds, population, corpus, web).unionByName(homes_of_changes(changes))
    return ours.unionByName(theirs).unionByName(_made(made, places))


def _made(decisions: DataFrame, places: DataFrame) -> DataFrame:
    """What recipes made, at each place of its seed; of a seed that stands nowhere, once."""
    rows = conversations(decisions).join(places, ["seed_id", "recipe"], "left")
    said = F.when(F.size("licences") > 0, F.array_join("licences", ", "))
    return rows.select(
        F.concat_ws("/", "recipe", "seed_id", F.coalesce("origin", F.lit(""))).alias("origin"),
        F.col("row_id").alias("instruction_id"),
        F.lit("made").alias("kind"),
        "question_bytes",
        "answer_bytes",
        F.col("recipe").alias("source"),
        "language",
        "repo",
        F.coalesce("licence", said).alias("licence"),
        "stage",
        "scores",
        (F.col("target") == CODE_FEEDBACK.name).alias("dialogue"),
    )


def instruction_decisions(
    parts: DataFrame,
    given: DataFrame,
    corpus: DataFrame,
    made: DataFrame,
    seeds: DataFrame,
    population: DataFrame,
    web: DataFrame,
    changes: DataFrame,
    groups: DataFrame,
    p: Instructions,
) -> DataFrame:
    """One row per occurrence."""
    rows = occurrences(parts, given, corpus, made, seeds, population, web, changes)
    stage = F.when(F.col("kind") == "docstring", p.docstring_stage).when(F.col("kind") == "summary", p.summary_stage)
    rows = rows.withColumn("stage", F.coalesce("stage", stage))
    first = F.first("origin").over(Window.partitionBy("instruction_id").orderBy("origin"))
    rows = rows.withColumn("first", first)
    similar = groups.where("not keep").select(
        F.col("file_id").alias("instruction_id"),
        F.col("representative").alias("_near"),
        F.get("reasons", 0).alias("_why"),
    )
    rows = rows.join(similar, "instruction_id", "left")
    most = F.when(F.col("dialogue"), p.max_dialogue_bytes).otherwise(p.max_question_bytes)
    rows = rows.withColumn("_most", most)
    why = reasons(
        _over("question_bytes", F.col("_most"), "question_too_long"),
        _over("answer_bytes", F.lit(p.max_answer_bytes), "answer_too_long"),
        (
            F.col("answer_bytes") < p.min_answer_bytes,
            reason("answer_too_short", F.col("answer_bytes"), F.lit(p.min_answer_bytes)),
        ),
        (F.col("origin") != F.col("first"), reason("duplicate", detail=F.col("first"))),
        (F.col("_near").isNotNull(), F.col("_why")),
    )
    rows = decided(rows.withColumn("reasons", why))
    rows = rows.withColumn("text_bytes", F.col("question_bytes") + F.col("answer_bytes"))
    return rows.drop("question_bytes", "answer_bytes", "first", "_near", "_why", "_most", "dialogue")


def _over(column: str, most: Column, rule: str) -> tuple[Column, Column]:
    return F.col(column) > most, reason(rule, F.col(column), most)


STAGE = Decide(
    "instruction_decisions",
    instruction_decisions,
    reads=(
        INSTRUCTION_PARTS,
        GIVEN_INSTRUCTIONS,
        CODE_CORPUS,
        MADE_DECISIONS,
        SEED_PARTS,
        POPULATION,
        WEB_CORPUS,
        COMMIT_FILES,
        INSTRUCTION_GROUPS,
    ),
    writes=INSTRUCTION_DECISIONS,
    params=Instructions(),
    population=occurrences,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
