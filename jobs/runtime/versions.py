"""What commits.py reads, asked of Spark: where a cluster gave the session, this process may not reach the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.runtime.commits import INFO, Commit, commit_of, metadata, rows_moved

_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
_NO_TABLE = (
    "TABLE_OR_VIEW_NOT_FOUND",
    "DELTA_TABLE_ONLY_OPERATION",
    "DELTA_MISSING_DELTA_TABLE",
    "DELTA_PATH_DOES_NOT_EXIST",
)
_LOG = r"/([^/]+)/_delta_log/(\d{20})\.json$"


def all_newest(spark: SparkSession, warehouse: str) -> dict[str, Commit]:
    """The newest commit of every table of a warehouse, in two small jobs however many tables there are.

    A table is left out whose newest commit is maintenance that somebody else did: its history must be asked (`newest`).
    """
    rows = _last_files(spark, warehouse)
    infos = _commit_infos(spark, [path for path, _ in rows.values()])
    found = {}
    for name, (_, version) in rows.items():
        info = infos.get((name, version))
        if info and (commit := commit_of(version, info)):
            found[name] = commit
    return found


@contextmanager
def commits_say(
    spark: SparkSession, metadata: Mapping[str, Any], more: Mapping[str, str] | None = None
) -> Iterator[None]:
    """What a statement's commit says of itself: a statement takes it from the session, and not from options."""
    with _set(spark, {_METADATA: json.dumps(metadata), **(more or {})}):
        yield


@contextmanager
def unchecked_retention(spark: SparkSession) -> Iterator[None]:
    """Within it a VACUUM may remove files younger than the table's retention."""
    with _set(spark, {"spark.databricks.delta.retentionDurationCheck.enabled": "false"}):
        yield


@contextmanager
def _set(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    for key, value in settings.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key in settings:
            spark.conf.unset(key)


def settable(spark: SparkSession) -> bool:
    """Whether the session takes the setting of what commits say; serverless compute does not."""
    try:
        with commits_say(spark, {}):
            return True
    except PySparkException:
        return False


def table_names(spark: SparkSession, warehouse: str) -> list[str]:
    """Every table of a warehouse."""
    return sorted(_last_files(spark, warehouse))


def _last_files(spark: SparkSession, warehouse: str) -> dict[str, tuple[str, int]]:
    """(newest file of the log, its version) of every table; empty where there is none."""
    pattern = f"{warehouse.rstrip('/')}/*/_delta_log/*.json"
    try:
        files = spark.read.format("binaryFile").load(pattern).select("path")  # without `content` no file is opened
        named = files.select("path", *(F.regexp_extract("path", _LOG, n).alias(c) for n, c in ((1, "name"), (2, "v"))))
        last = named.where("v <> ''").groupBy("name").agg(F.max_by("path", "v").alias("path"), F.max("v").alias("v"))
        return {r["name"]: (r["path"], int(r["v"])) for r in last.collect()}
    except AnalysisException:
        return {}


def _commit_infos(spark: SparkSession, paths: Iterable[str]) -> dict[tuple[str, int], dict[str, Any]]:
    """commitInfo of each log file, by table and version."""
    chosen = list(paths)
    if not chosen:
        return {}
    lines = spark.read.text(chosen).where(F.col("value").startswith(INFO))
    path = F.col("_metadata.file_path")
    rows = lines.select(*(F.regexp_extract(path, _LOG, n).alias(c) for n, c in ((1, "name"), (2, "v"))), "value")
    return {(r["name"], int(r["v"])): json.loads(r["value"])["commitInfo"] for r in rows.collect()}


def commit_at(spark: SparkSession, place: str, version: int) -> Commit | None:
    """One commit of the table at `place`, from its own file of the log: a tenth of what a history costs. None where the
    file is not there, or is of a commit that moved no row and does not say which one did.
    """
    try:
        infos = _commit_infos(spark, [f"{place}/_delta_log/{version:020d}.json"])
    except AnalysisException:
        return None
    return next((commit_of(version, info) for info in infos.values()), None)


def quoted(*parts: str) -> str:
    """A name of several parts as SQL writes it."""
    return ".".join(f"`{part}`" for part in parts)


def names_in(spark: SparkSession, schema: str) -> list[str]:
    """Every table of CATALOG.SCHEMA. Raises ValueError where there is no such schema."""
    named = quoted(*schema.split("."))
    try:
        rows = spark.sql(f"SHOW TABLES IN {named}").where("NOT isTemporary").collect()
    except AnalysisException as e:
        raise ValueError(
            f"catalog:{schema}: expected a schema, found {e.getCondition()}; CREATE SCHEMA {named}, or mend the name"
        ) from e
    return sorted(row["tableName"] for row in rows)


def newest_named(spark: SparkSession, schema: str) -> dict[str, Commit]:
    """The newest commit of every table of CATALOG.SCHEMA: of its history, since a catalog shows nobody its logs."""
    found = ((name, newest(spark, quoted(*schema.split("."), name))) for name in names_in(spark, schema))
    return {name: commit for name, commit in found if commit}


def commit_named(spark: SparkSession, table: str, version: int) -> Commit | None:
    """As `commit_at`, of a table that has a name, if it is one of the newest commits."""
    rows = spark.sql(f"DESCRIBE HISTORY {table} LIMIT 5").where(F.col("version") == version).collect()
    info = {"operation": rows[0]["operation"], "userMetadata": rows[0]["userMetadata"]} if rows else None
    return info and commit_of(version, info)


def newest(spark: SparkSession, table: str) -> Commit | None:
    """From a table's history, `table` as SQL names it; all of it only where the newest commits are all maintenance.

    None where there is no such table.
    """
    for limit in ("LIMIT 1", "LIMIT 20", ""):
        try:
            rows = spark.sql(f"DESCRIBE HISTORY {table} {limit}").collect()
        except AnalysisException as e:
            if e.getCondition() in _NO_TABLE:
                return None
            raise
        found = (rows_moved(r["version"], r["operation"], metadata(r["userMetadata"])) for r in rows)
        moved = next((version for version in found if version is not None), None)
        if moved is not None:
            break
    return Commit(
        rows[0]["version"], rows[-1]["version"] if moved is None else moved, metadata(rows[0]["userMetadata"])
    )
