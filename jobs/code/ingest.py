"""Ingest: archives, repositories, folders and parquet sets to raw_files, contents, repositories and rejects.

    refinelake run --sources sources.jsonl --warehouse DIR --only ingest

Probe every source, read only those whose state moved, on the executors; then bring each table to the state that the
manifest describes. A source is the unit of change, an archive, repository or parquet file the unit of work.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.code.parameters import Ingest
from jobs.runtime.accounting import StageResult
from jobs.runtime.manifest import Source
from jobs.runtime.runner import Run, write_changes
from schemas.code import CONTENTS, RAW_FILES, REPOSITORIES
from schemas.contract import Table
from schemas.ops import REJECTS, SOURCE_FACTS, SOURCES
from udfs import records
from udfs.archives import Limits
from udfs.spark import probe_rows, staged_rows

SCOPE = "stage = 'ingest'"
_MANIFEST = pa.schema(
    [(n, pa.string()) for n in ("source_id", "kind", "location", "repo", "revision")]
    + [("stars", pa.int64()), ("licences", pa.list_(pa.string())), ("commit_time", pa.timestamp("us", tz="UTC"))]
)


class DropError(ValueError):
    """The manifest would drop more of an existing warehouse than is allowed without being asked."""


@dataclass(frozen=True)
class Snapshot:
    """What one run found: `staged` rows of the sources read now, and the sources whose stored rows stay."""

    manifest: DataFrame
    staged: DataFrame
    kept: DataFrame
    sources: DataFrame


def ingest(run: Run, sources: list[Source], p: Ingest, allow_drop: bool = False) -> tuple[StageResult, list[str]]:
    """Bring the four tables to the manifest's state. Returns the result and one warning per source that is not fresh.

    Raises DropError before anything is written.
    """
    for table in (SOURCES, SOURCE_FACTS, RAW_FILES, CONTENTS, REPOSITORIES, REJECTS):
        run.lake.ensure(table)
    limits = Limits(
        max_total_bytes=p.max_total_bytes,
        max_ratio=p.max_ratio,
        max_files=p.max_files,
        max_file_bytes=p.max_file_bytes,
    )
    snapshot = _read(run, sources, limits)
    files, refused = _files(snapshot.staged)
    files = run.lake.stage(files, run.run_id, "ingest.files")
    raw = _carried(run, RAW_FILES, snapshot).unionByName(raw_files(files))
    raw = run.lake.stage(raw, run.run_id, "ingest.raw_files")
    _guard_drop(run, raw, p, allow_drop)
    facts = _carried(run, SOURCE_FACTS, snapshot).unionByName(source_facts(snapshot.staged))
    facts = run.lake.stage(facts, run.run_id, "ingest.facts")
    rejects = _carried(run, REJECTS, snapshot, SCOPE).unionByName(rejects_of(refused))

    metadata = {"run_id": run.run_id, "stage": "ingest"}
    written = _add_contents(run, files, snapshot.staged, metadata)
    written += write_changes(run, RAW_FILES, raw, metadata)
    written += write_changes(run, REJECTS, run.lake.stage(rejects, run.run_id, "rejects"), metadata, scope=SCOPE)
    written += write_changes(run, SOURCE_FACTS, facts, metadata)
    repos = repositories(raw, facts, snapshot.manifest, snapshot.sources)
    written += write_changes(run, REPOSITORIES, run.lake.stage(repos, run.run_id, "repositories"), metadata)
    written += _drop_contents(run, raw, metadata)
    # Last: a run killed before this line finds the sources still changed and does the rest again.
    written += write_changes(run, SOURCES, snapshot.sources, metadata)
    return _result(run, snapshot, files, written), _warnings(snapshot.sources)


def _read(run: Run, sources: list[Source], limits: Limits) -> Snapshot:
    """Probe all, read what moved. A source that cannot be reached keeps its last snapshot, if it has one."""
    version = records.version(limits)
    rows = [dict(zip(Source.__dataclass_fields__, astuple(s), strict=True)) for s in sources]
    frame = run.lake.spark.createDataFrame(pa.Table.from_pylist(rows, _MANIFEST))
    manifest = run.lake.stage(frame, run.run_id, "ingest.manifest")
    tasks = int(run.lake.spark.conf.get("spark.sql.shuffle.partitions") or 200)
    spread = manifest.repartition(min(len(sources), tasks), "source_id")
    probed = run.lake.stage(probe_rows(spread), run.run_id, "ingest.probed")
    stored = run.lake.read(SOURCES).join(manifest.select("source_id"), "source_id", "left_semi")
    moved = _moved(probed, stored, version)
    units = moved.join(manifest, "source_id")
    staged = staged_rows(units.repartition(min(len(sources), 4) * tasks, "unit"), limits)
    staged = run.lake.stage(staged, run.run_id, "ingest.staged")
    lost = staged.where(F.col("reason") == records.UNREACHABLE).select("source_id", F.col("detail").alias("error"))
    lost = probed.where("error is not null").select("source_id", "error").union(lost)
    lost = lost.groupBy("source_id").agg(F.min("error").alias("error"))
    read = moved.select("source_id").distinct().join(lost, "source_id", "left_anti")
    kept = stored.where("status <> 'unreachable'").select("source_id").distinct().join(read, "source_id", "left_anti")
    state = run.lake.stage(_state(moved, stored, read, kept, lost, version), run.run_id, "ingest.sources")
    return Snapshot(manifest, staged.join(read, "source_id", "left_semi"), kept, state)


def _moved(probed: DataFrame, stored: DataFrame, version: str) -> DataFrame:
    """(source_id, unit, fingerprint) of every unit of each source of which any unit is new, gone or different."""
    now = probed.where("error is null").select("source_id", "unit", "fingerprint")
    fresh = stored.where((F.col("status") == "fresh") & (F.col("reader_version") == version))
    before = fresh.select("source_id", "unit", "fingerprint")
    reached = now.select("source_id").distinct()
    different = now.exceptAll(before).union(before.join(reached, "source_id", "left_semi").exceptAll(now))
    return now.join(different.select("source_id").distinct(), "source_id", "left_semi")


def _state(
    moved: DataFrame, stored: DataFrame, read: DataFrame, kept: DataFrame, lost: DataFrame, version: str
) -> DataFrame:
    """Rows of `sources` after this run."""
    none = F.lit(None).cast("string")
    fresh = moved.join(read, "source_id", "left_semi").select(
        "source_id", "unit", "fingerprint", F.lit(version).alias("reader_version"), F.lit("fresh").alias("status"), none
    )
    now = lost.select("source_id", F.col("error").alias("now"))
    held = stored.join(kept, "source_id", "left_semi").join(now, "source_id", "left")
    held = held.select(
        "source_id",
        "unit",
        "fingerprint",
        "reader_version",
        F.when(F.col("now").isNotNull(), "stale").otherwise("fresh"),
        "now",
    )
    never = lost.join(kept, "source_id", "left_anti").select(
        "source_id", F.col("source_id").alias("unit"), none, none, F.lit("unreachable"), "error"
    )
    return fresh.union(held).union(never).toDF(*SOURCES.names)


def _files(staged: DataFrame) -> tuple[DataFrame, DataFrame]:
    """(readable files, refusals). A unit that failed as a whole has only its refusal; of a repeated path the file with
    the smallest content_id is read, whatever order the units came in."""
    failed = staged.where("path is null and reason is not null").select("source_id", "unit")
    sound = staged.join(failed, ["source_id", "unit"], "left_anti").where("path is not null")
    in_source = F.when(F.col("said_repo").isNotNull(), F.concat_ws("/", "said_repo", "path")).otherwise(F.col("path"))
    texts = sound.where("reason is null").drop("text").withColumn("file_id", _sha("source_id", in_source))
    first = F.min(F.struct("content_id", "unit", "ordinal")).over(Window.partitionBy("file_id"))
    texts = texts.withColumn("first", first == F.struct("content_id", "unit", "ordinal"))
    repeats = texts.where("not first").withColumn("reason", F.lit("repeated_path"))
    columns = ["source_id", "path", "content_id", "reason", "detail", "size_bytes"]
    refusals = staged.where("path is null and reason is not null").select(*columns)
    refusals = refusals.union(sound.where("reason is not null").select(*columns)).union(repeats.select(*columns))
    return texts.where("first").drop("first"), refusals


def raw_files(files: DataFrame) -> DataFrame:
    """Rows of raw_files of the sources read now."""
    said = F.coalesce("said_repo", F.lit(""))
    return files.withColumn("repo_id", _sha("source_id", said)).select(*RAW_FILES.names)


def rejects_of(refused: DataFrame) -> DataFrame:
    """Rows of rejects: one per source, path and reason."""
    place = F.concat_ws("\0", F.coalesce("path", F.lit("")), "reason")
    rows = refused.withColumn("reject_id", F.sha2(F.concat_ws("\0", F.lit("ingest"), "source_id", place), 256))
    rest = [n for n in REJECTS.names if n not in ("reject_id", "stage")]
    one = rows.groupBy("reject_id").agg(F.min(F.struct(*rest)).alias("r")).select("reject_id", "r.*")
    return one.withColumn("stage", F.lit("ingest")).select(*REJECTS.names)


def source_facts(staged: DataFrame) -> DataFrame:
    """Rows of source_facts of the sources read now."""
    about_unit = F.col("path").isNull() & F.col("reason").isNull()
    facts = staged.where(F.col("reason").isNull()).select(
        "source_id",
        F.when(about_unit, F.lit("")).otherwise(F.coalesce("said_repo", F.lit(""))).alias("said_repo"),
        F.when(about_unit, F.col("said_repo")).alias("declared_repo"),
        "revision",
        "stars",
        F.when(about_unit, F.col("licences")).alias("licences"),
    )
    most = [F.max(c).alias(c) for c in ("declared_repo", "revision", "stars", "licences")]
    return facts.groupBy("source_id", "said_repo").agg(*most)


def repositories(raw: DataFrame, facts: DataFrame, manifest: DataFrame, sources: DataFrame) -> DataFrame:
    """One row per repository with files: what the source says, else what the manifest says."""
    used = raw.select("source_id", "repo_id").distinct()
    said = facts.withColumn("repo_id", _sha("source_id", F.col("said_repo"))).drop("source_id")
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


def _carried(run: Run, table: Table, snapshot: Snapshot, scope: str = "true") -> DataFrame:
    """Stored rows of the sources that were not read now and are still in the manifest."""
    return run.lake.read(table).where(scope).join(snapshot.kept, "source_id", "left_semi").select(*table.names)


def _add_contents(run: Run, files: DataFrame, staged: DataFrame, metadata: dict[str, str]) -> int:
    """Append the texts that are new. Of equal texts one row of the staged ones is read, chosen by name."""
    known = run.lake.read(CONTENTS).select("content_id")
    at = ("source_id", "unit", "ordinal")
    new = files.join(known, "content_id", "left_anti").groupBy("content_id")
    chosen = new.agg(F.min(F.struct(*at)).alias("at")).select("content_id", "at.*")
    chosen = run.lake.stage(chosen, run.run_id, "ingest.new_contents")
    number = chosen.count()
    if number:
        texts = staged.select(*at, "text_bytes", "text").join(chosen, list(at))
        run.lake.append(CONTENTS, texts.select(*CONTENTS.names), metadata)
    return number


def _drop_contents(run: Run, raw: DataFrame, metadata: dict[str, str]) -> int:
    """Delete the texts that no file has any more: removal is complete."""
    gone = run.lake.read(CONTENTS).select("content_id").join(raw.select("content_id"), "content_id", "left_anti")
    gone = run.lake.stage(gone, run.run_id, "ingest.gone_contents")
    number = gone.count()
    if number:
        run.lake.delete(CONTENTS, gone, metadata)
    return number


def _guard_drop(run: Run, raw: DataFrame, p: Ingest, allow_drop: bool) -> None:
    stored = run.lake.read(RAW_FILES)
    before = stored.count()
    gone = stored.join(raw.select("file_id"), "file_id", "left_anti")
    by_source = {r["source_id"]: r["count"] for r in gone.groupBy("source_id").count().collect()}
    dropped = sum(by_source.values())
    if before == 0 or dropped <= p.max_drop * before or allow_drop:
        return
    largest = sorted(by_source.items(), key=lambda item: -item[1])[:5]
    raise DropError(
        f"raw_files: expected to keep at least {1 - p.max_drop:.0%} of {before} files, found that this manifest drops "
        f"{dropped} ({dropped / before:.1%}): {', '.join(f'{n} of {s}' for s, n in largest)}. Nothing was written. "
        "Mend the manifest, or say --allow-drop if they are to go."
    )


def _sha(source_id: str, other: Column) -> Column:
    return F.sha2(F.concat(F.col(source_id), F.lit("\0"), other), 256)


def _result(run: Run, snapshot: Snapshot, files: DataFrame, written: int) -> StageResult:
    refused = run.lake.read(REJECTS).where(SCOPE).groupBy("reason").count().collect()
    kept = run.lake.read(RAW_FILES).count()
    reasons = {r["reason"]: r["count"] for r in refused}
    result = StageResult("ingest", RAW_FILES.name, rows_kept=kept, rows_read=kept + sum(reasons.values()))
    result.reasons, result.rows_written = reasons, written
    result.bytes_read = files.agg(F.sum("size_bytes")).collect()[0][0] or 0
    result.skipped = written == 0
    return result


def _warnings(sources: DataFrame) -> list[str]:
    rows = sources.where("status <> 'fresh'").orderBy("source_id").limit(20).collect()
    said = {"stale": "its last snapshot is kept", "unreachable": "it has no snapshot, so it adds nothing"}
    return [f"{r['source_id']}: could not be reached, {said[r['status']]}: {r['error']}" for r in rows]
