"""What the staged rows of units say: files, refusals, and the facts of repositories. No text is read."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from schemas.code import RAW_FILES
from schemas.ops import REJECTS

REFUSED = ("source_id", "unit", "path", "content_id", "reason", "detail", "size_bytes")


def read_and_refused(staged: DataFrame) -> tuple[DataFrame, DataFrame]:
    """(readable files, refusals). A unit that failed as a whole has only its refusal; of a repeated path the file with
    the smallest content_id is read, whatever order the units came in."""
    failed = staged.where("path is null and reason is not null").select("source_id", "unit")
    sound = staged.join(failed, ["source_id", "unit"], "left_anti").where("path is not null")
    texts = with_file_id(sound.where("reason is null").drop("text"))
    first = F.min(F.struct("content_id", "unit", "ordinal")).over(Window.partitionBy("file_id"))
    texts = texts.withColumn("first", first == F.struct("content_id", "unit", "ordinal"))
    repeats = texts.where("not first").withColumn("reason", F.lit("repeated_path"))
    columns = [*REFUSED, repo_id().alias("repo_id")]
    refusals = staged.where("path is null and reason is not null").select(*columns)
    refusals = refusals.union(sound.where("reason is not null").select(*columns)).union(repeats.select(*columns))
    return texts.where("first").drop("first"), refusals


def with_file_id(rows: DataFrame) -> DataFrame:
    """Staged files with their id: of the source and the path in it."""
    in_source = F.when(F.col("said_repo").isNotNull(), F.concat_ws("/", "said_repo", "path")).otherwise(F.col("path"))
    return rows.withColumn("file_id", _sha("source_id", in_source))


def raw_files(files: DataFrame) -> DataFrame:
    """Rows of raw_files of the units read now."""
    return files.withColumn("repo_id", repo_id()).select(*RAW_FILES.names)


def repo_id() -> Column:
    """The repository that a staged row is of, or that a row of unit_facts is about."""
    return _sha("source_id", F.coalesce("said_repo", F.lit("")))


def rejects_of(refused: DataFrame) -> DataFrame:
    """Rows of rejects: one per unit, repository, path and reason."""
    rows = refused.withColumn("reject_id", F.sha2(F.concat_ws("\0", F.lit("ingest"), "source_id", refusal()), 256))
    rest = [n for n in REJECTS.names if n not in ("reject_id", "stage")]
    one = rows.groupBy("reject_id").agg(F.min(F.struct(*rest)).alias("r")).select("reject_id", "r.*")
    return one.withColumn("stage", F.lit("ingest")).select(*REJECTS.names)


def refusal() -> Column:
    """What tells the refusals of a source apart; a set has the same path in many repositories."""
    parts = (F.coalesce(F.col(name), F.lit("")) for name in ("unit", "repo_id", "path"))
    return F.concat_ws("\0", *parts, "reason")


def unit_facts(staged: DataFrame) -> DataFrame:
    """Rows of unit_facts of the units read now. A repository of which no file could be read is named too: its refusals
    may be asked out.
    """
    about_unit, read = F.col("path").isNull() & F.col("reason").isNull(), F.col("reason").isNull()
    facts = staged.where(read | (F.col("path").isNotNull() & F.col("said_repo").isNotNull())).select(
        "source_id",
        "unit",
        F.when(about_unit, F.lit("")).otherwise(F.coalesce("said_repo", F.lit(""))).alias("said_repo"),
        F.when(about_unit, F.col("said_repo")).alias("declared_repo"),
        *(F.when(read, F.col(name)).alias(name) for name in ("revision", "stars")),
        F.when(about_unit, F.col("licences")).alias("licences"),
    )
    return facts.groupBy("source_id", "unit", "said_repo").agg(*_most())


def _most() -> list[Column]:
    return [F.max(c).alias(c) for c in ("declared_repo", "revision", "stars", "licences")]


def repositories(raw: DataFrame, facts: DataFrame, manifest: DataFrame, sources: DataFrame) -> DataFrame:
    """One row per repository with files: what the source says, else what the manifest says."""
    used = raw.select("source_id", "repo_id").distinct()
    said = facts.groupBy("source_id", "said_repo").agg(*_most())
    said = said.withColumn("repo_id", _sha("source_id", F.col("said_repo"))).drop("source_id")
    given = manifest.select(*(F.col(c).alias(f"given_{c}" if c != "source_id" else c) for c in manifest.columns))
    status = sources.groupBy("source_id").agg(F.max("status").alias("status"))
    rows = used.join(said, "repo_id", "left").join(given, "source_id").join(status, "source_id")
    named = F.when(F.col("said_repo") != "", F.col("said_repo"))
    return rows.select(
        "repo_id",
        "source_id",
        F.coalesce(named, "declared_repo", "given_repo", "source_id").alias("repo"),
        F.col("given_kind").alias("source_kind"),
        F.col("given_location").alias("location"),
        F.coalesce("revision", "given_revision").alias("revision"),
        F.coalesce("stars", "given_stars").alias("stars"),
        F.coalesce("licences", "given_licences").alias("licences"),
        F.col("given_commit_time").alias("commit_time"),
        "status",
    )


def _sha(source_id: str, other: Column) -> Column:
    return F.sha2(F.concat(F.col(source_id), F.lit("\0"), other), 256)
