"""Rows of token tables made of any table with texts, for comparisons of what training on each gives (docs/evidence.md).

Transforms of no flow: `refinelake tokens --of TABLE` calls them and writes what they return beside the warehouse.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.code.draws import draw
from jobs.code.texts import kept_files, with_text
from jobs.corpus.document_tokens import as_documents, with_tokens
from jobs.corpus.parameters import Tokens
from jobs.corpus.pretrain_docs import UNKNOWN
from schemas.corpus import TRAINED_COLUMNS
from udfs.spark.corpus import held_out_rows

SALT = "evidence:"
"""Of the draw of a share of the texts."""
DRAWN_BY = "text_id"
"""What a text is drawn by where rows have it, else by their id: copies of a text are drawn together."""
IDS = ("clean_id", "row_id", "content_id")
LANGUAGES, NAMES = ("language", "natural_language"), ("repo", "domain")
"""Columns that name a text, its language, and what it is held out by: the first that a table has."""


def raw_texts(
    contents: DataFrame, files: DataFrame, entered: DataFrame, repositories: DataFrame, near: DataFrame, p: Tokens
) -> DataFrame:
    """Distinct raw texts of the files that enter by size and type, as they were found: (content_id, language, held_out,
    text_bytes, text). What stands, itself or as a near copy, both in held-out repositories and in others is left out:
    else training on raw texts would read near copies of what it is scored on, which refined texts have not.
    """
    here = files.join(entered.where("keep").select("file_id"), "file_id")
    here = here.join(repositories.select("repo_id", "repo"), "repo_id").select("content_id", "language", "repo")
    groups = near.groupBy("content_id").agg(F.min("group_id").alias("group_id"))
    rows = held_out_rows(here, p.held_out).join(groups, "content_id", "left")
    rows = rows.withColumn("group_id", F.coalesce("group_id", "content_id"))
    held = F.col("held_out").cast("int")
    sides = rows.groupBy("group_id").agg(F.min(held).alias("least"), F.max(held).alias("most")).where("least = most")
    by_text = rows.groupBy("content_id", "group_id").agg(F.min("language").alias("language"))
    chosen = by_text.join(sides, "group_id").select("content_id", "language", (F.col("most") == 1).alias("held_out"))
    return contents.select("content_id", "text_bytes", "text").join(chosen, "content_id")


def kept_texts(
    near: DataFrame,
    files: DataFrame,
    repositories: DataFrame,
    cleaned: DataFrame,
    contents: DataFrame,
    p: Tokens,
) -> DataFrame:
    """A row for each file that deduplication left, copies too, cleaned and not filtered: (content_id, text_id,
    language, held_out, text_bytes, text), where content_id is the file's id. Texts on both sides are left out.
    """
    made = cleaned.where("failure IS NULL AND text_bytes > 0")
    made = made.select("content_id", "language", "kind", "clean_id", "text_bytes")
    rows = kept_files(near, files).select("file_id", "repo_id", "content_id", "language", "kind")
    rows = rows.join(made, ["content_id", "language", "kind"])
    rows = held_out_rows(rows.join(repositories.select("repo_id", "repo"), "repo_id"), p.held_out).drop("repo")
    held = F.col("held_out").cast("int")
    sides = rows.groupBy("clean_id").agg(F.min(held).alias("least"), F.max(held).alias("most")).where("least = most")
    texts = with_text(rows.join(sides.select("clean_id"), "clean_id"), contents, cleaned)
    own = (F.col("file_id").alias("content_id"), F.col("clean_id").alias(DRAWN_BY))
    return texts.select(*own, "language", "held_out", "text_bytes", "text")


def own_texts(rows: DataFrame, p: Tokens) -> DataFrame:
    """(content_id, language, held_out, text_bytes, text) of a table with a column `text`; others are read where they
    are there. Without a repository or domain nothing is held out.
    """
    rows = rows.select(
        _first(rows, IDS, F.sha2("text", 256)).alias("content_id"),
        _first(rows, LANGUAGES, F.lit(None).cast("string")).alias("language"),
        _first(rows, NAMES, F.lit(None).cast("string")).alias("repo"),
        F.octet_length("text").cast("bigint").alias("text_bytes"),
        "text",
    )
    return held_out_rows(rows.where("text_bytes > 0"), p.held_out).drop("repo")


def _first(rows: DataFrame, names: tuple[str, ...], otherwise: Column) -> Column:
    """The first of these columns that the table has."""
    return next((F.col(name) for name in names if name in rows.columns), otherwise)


def text_tokens(texts: DataFrame, source: str, share: float, p: Tokens) -> DataFrame:
    """Rows of a token table: of the texts that may be trained on a `share`, drawn by a hash; all held-out ones."""
    by = DRAWN_BY if DRAWN_BY in texts.columns else "content_id"
    drawn = texts.where(F.col("held_out") | (draw(F.col(by), SALT) < share))
    drawn = drawn.withColumn("source", F.lit(source)).withColumn("language", F.coalesce("language", F.lit(UNKNOWN)))
    return with_tokens(as_documents(drawn, p), drawn, p).select(*TRAINED_COLUMNS)
