"""A few texts of code by a draw, raw ones with the rules that they break: for pictures of the corpus before and after.

Nothing here writes; what comes back to the driver is as many texts as were asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.draws import draw
from schemas.code import (
    CODE_CORPUS,
    CONTENTS,
    FILE_DECISIONS,
    FILTER_DECISIONS,
    NEAR_DUPLICATES,
    RAW_FILES,
    REPOSITORIES,
)
from schemas.contract import Table

SALT = "drawn texts:"
CHARACTERS = 20_000
"""Of a text that are read: an encoder reads far less."""

Read = Callable[[Table], DataFrame]


@dataclass(frozen=True)
class Drawn:
    """A text under one of its paths; `rules` are those that drop files of it, none of a refined text."""

    path: str
    language: str
    text: str
    rules: tuple[str, ...] = ()


def raw(read: Read, most: int, min_stars: int = 0) -> list[Drawn]:
    """`most` distinct texts of the files of code that enter by size and type, as they were found; with `min_stars` of
    files of repositories that are known to have as many.
    """
    files = read(RAW_FILES).where("kind = 'code'").join(read(FILE_DECISIONS).where("keep").select("file_id"), "file_id")
    if min_stars:
        starred = read(REPOSITORIES).where(F.col("stars") >= min_stars)
        files = files.join(starred.select("repo_id"), "repo_id")
    texts = _some(files.groupBy("content_id").agg(F.min(F.struct("path", "language")).alias("of")), "content_id", most)
    rows = texts.join(_broken(read, texts), "content_id", "left").select("content_id", "of.*", "rules")
    return _read(rows.join(read(CONTENTS).select("content_id", "text"), "content_id").orderBy("content_id"))


def refined(read: Read, most: int) -> list[Drawn]:
    """`most` texts of code of the corpus."""
    rows = _some(read(CODE_CORPUS).where("kind = 'code'"), "clean_id", most).orderBy("clean_id")
    return _read(rows.withColumn("rules", F.lit(None).cast("array<string>")))


def _some(rows: DataFrame, key: str, most: int) -> DataFrame:
    return rows.orderBy(draw(F.col(key), SALT), key).limit(most)


def _broken(read: Read, texts: DataFrame) -> DataFrame:
    """(content_id, rules) of the texts whose files near deduplication or the filter drops."""
    near = (
        read(NEAR_DUPLICATES).select("file_id", "content_id", "reasons").join(texts.select("content_id"), "content_id")
    )
    judged = near.select("file_id", "content_id").join(read(FILTER_DECISIONS).select("file_id", "reasons"), "file_id")
    both = near.select("content_id", "reasons").unionByName(judged.select("content_id", "reasons"))
    rules = both.select("content_id", F.explode("reasons.rule").alias("rule")).groupBy("content_id")
    return rules.agg(F.array_sort(F.collect_set("rule")).alias("rules"))


def _read(rows: DataFrame) -> list[Drawn]:
    rows = rows.select("path", "language", F.substring("text", 1, CHARACTERS).alias("text"), "rules")
    return [Drawn(r["path"], r["language"], r["text"], tuple(r["rules"] or ())) for r in rows.toLocalIterator()]


def breaking(texts: Iterable[Drawn]) -> tuple[float, Counter[str]]:
    """(share of the texts that some rule drops, by each rule how many it drops)."""
    texts = list(texts)
    counts = Counter(rule for text in texts for rule in text.rules)
    return sum(bool(text.rules) for text in texts) / max(len(texts), 1), counts
