"""What the published tables of made texts share: rows of a target that were kept, held out where their seed is."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from schemas.contract import Table
from schemas.instruct import CONVERSATIONS
from udfs.recipes.population import SOLVED_BY
from udfs.spark.corpus import held_out_rows

_COLUMNS = ("row_id", "seed_id", "recipe", "language", "licence", "scores")


def of_target(target: Table, decisions: DataFrame) -> DataFrame:
    """The kept rows for a table."""
    return decisions.where("keep").where(F.col("target") == target.name)


def conversations(decisions: DataFrame) -> DataFrame:
    """The kept rows that go into instructions: what is in the view of its table."""
    return decisions.where("keep AND coalesce(trained, true)").where(F.col("target").isin(*CONVERSATIONS))


def homes(parts: DataFrame, population: DataFrame, code: DataFrame, web: DataFrame) -> DataFrame:
    """(seed_id, recipe, origin, repo, licences): every place that a drawn seed stands in, each once; a task of the
    evolution stands where its founders do. A text that is a file and a page has two origins.
    """
    # Other flows see the rows of kernels out of force too.
    seeds = parts.select("clean_id", "recipe", F.explode("found.seed_id").alias("seed_id"))
    tasks = population.select(F.explode("origins").alias("clean_id"), F.lit(SOLVED_BY).alias("recipe"), "seed_id")
    seeds = seeds.unionByName(tasks).distinct()
    clean = F.col("clean_id")
    files = code.select("clean_id", clean.alias("origin"), "repo", "licences")
    pages = web.select(
        "clean_id", F.concat(F.lit("page:"), clean).alias("origin"), F.col("domain").alias("repo"), "licences"
    )
    rows = seeds.join(files.unionByName(pages), "clean_id")
    return rows.select("seed_id", "recipe", "origin", "repo", "licences")


def homes_of_changes(files: DataFrame) -> DataFrame:
    """As `homes`, of changes: the repositories whose histories they are in; the licence is that of their seed."""
    seeds = files.where("seed_id <> ''").select("seed_id", "source_id", "repo").distinct()
    return seeds.select(
        "seed_id",
        F.lit("commits").alias("recipe"),
        F.col("source_id").alias("origin"),
        "repo",
        F.lit(None).cast("array<string>").alias("licences"),
    )


def published(
    target: Table,
    decisions: DataFrame,
    parts: DataFrame,
    population: DataFrame,
    code: DataFrame,
    web: DataFrame,
    held_out: float,
) -> DataFrame:
    """Every column but text and run_id: held out is what a held-out repository or domain gave the seed of."""
    return standing(of_target(target, decisions), homes(parts, population, code, web), held_out)


def standing(rows: DataFrame, places: DataFrame, held_out: float) -> DataFrame:
    """Kept rows with what the places of their seeds say: whether one is held out, and the licences."""
    asked = rows.select("seed_id", "recipe").distinct()
    marked = held_out_rows(places.join(asked, ["seed_id", "recipe"], "left_semi"), held_out)
    said = F.array_distinct(F.flatten(F.collect_list("licences")))
    by = marked.groupBy("seed_id", "recipe").agg(F.max("held_out").alias("held_out"), F.array_sort(said).alias("said"))
    rows = rows.join(by, ["seed_id", "recipe"], "left")
    licence = F.coalesce("licence", F.when(F.size("said") > 0, F.array_join("said", ", ")))
    size = (F.col("question_bytes") + F.col("answer_bytes")).alias("text_bytes")
    rows = rows.withColumn("licence", licence).withColumn("held_out", F.coalesce("held_out", F.lit(False)))
    return rows.select(*_COLUMNS, "held_out", size)


def with_text(rows: DataFrame, threads: DataFrame, *_: object) -> DataFrame:
    """The rows with the text that their threads made."""
    return with_texts(rows, threads).drop("messages", "parts")


def with_texts(rows: DataFrame, threads: DataFrame) -> DataFrame:
    """The rows with `text`, `messages` and `parts` of their threads."""
    key = ["seed_id", "recipe", "row_id"]
    texts = threads.select("seed_id", "recipe", F.explode("texts").alias("t")).select("seed_id", "recipe", "t.*")
    return rows.join(texts.dropDuplicates(key), key)


def everyone(target: Table) -> Callable[..., DataFrame]:
    """Every row of a table, as its stage has to give it."""
    return lambda decisions, *_: of_target(target, decisions)
