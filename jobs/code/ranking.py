"""Which copy stands for a group: most stars, then latest commit, then smallest file_id; unknown ranks last."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

RANK = ("stars", "rank_time", "file_id")


def ranked(files: DataFrame, raw_files: DataFrame, repositories: DataFrame) -> DataFrame:
    """`files` (with file_id) and the columns that rank them."""
    repos = repositories.select("repo_id", "stars", F.col("commit_time").alias("repo_time"))
    facts = raw_files.select("file_id", "repo_id", "commit_time").join(repos, "repo_id", "left")
    rank = facts.select("file_id", "stars", F.coalesce("commit_time", "repo_time").alias("rank_time"))
    return files.join(rank, "file_id", "left")


def by_rank(group: str, *more: str) -> WindowSpec:
    """Each row's group in the order of the ranking, `more` columns last."""
    order = [F.col("stars").desc_nulls_last(), F.col("rank_time").desc_nulls_last(), F.col("file_id").asc()]
    return Window.partitionBy(group).orderBy(*order, *more)


def first_of(group: str) -> tuple[Column, Column]:
    """(representative, group_size) of each row's group, by the ranking."""
    return F.first("file_id").over(by_rank(group)), F.count(F.lit(1)).over(Window.partitionBy(group))


def copies(files: DataFrame, text: str, rule: str, raw_files: DataFrame, repositories: DataFrame) -> DataFrame:
    """A decision on each kept file: of those with the same `text` (a hash column) the best-ranked one is kept."""
    rows = ranked(files.where("keep").select("file_id", text), raw_files, repositories)
    representative, size = first_of(text)
    rows = rows.select("file_id", text, representative.alias("representative"), size.alias("group_size"))
    copy = F.col("file_id") != F.col("representative")
    return decided(rows.withColumn("reasons", reasons((copy, reason(rule, detail=F.col("representative"))))))


def reason(
    rule: str, value: Column | None = None, threshold: Column | None = None, detail: Column | None = None
) -> Column:
    """One element of a `reasons` column."""
    return F.struct(
        F.lit(rule).alias("rule"),
        (F.lit(None) if value is None else value).cast("double").alias("value"),
        (F.lit(None) if threshold is None else threshold).cast("double").alias("threshold"),
        (F.lit(None) if detail is None else detail).cast("string").alias("detail"),
    )


def reasons(*when: tuple[Column, Column]) -> Column:
    """The reasons whose condition holds (null counts as not), in the order given."""
    found = F.array(*(F.when(condition, why) for condition, why in when))
    return F.array_compact(found)


def decided(rows: DataFrame) -> DataFrame:
    """Rows with `keep`: no reason against."""
    return rows.withColumn("keep", F.size("reasons") == 0)
