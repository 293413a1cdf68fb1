"""Ingest: archives, repositories, folders and parquet sets to raw_files, contents, repositories and rejects.

    refinelake run --sources sources.jsonl --warehouse DIR --only ingest

Probe every source, read only those whose state moved, on the executors; then bring each table to the state that the
manifest describes. A source is the unit of change, an archive, repository or parquet file the unit of work.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.code.parameters import Ingest
from jobs.code.snapshots import Snapshot, take_snapshot
from jobs.runtime.accounting import StageResult
from jobs.runtime.manifest import Source
from jobs.runtime.runner import Run, write_changes
from schemas.code import CONTENTS, RAW_FILES, REPOSITORIES
from schemas.ops import REJECTS, SOURCE_FACTS, SOURCES
from udfs.reading.archives import Limits
from udfs.spark.code import STAGED

_MINE = "stage = 'ingest'"
_WRITTEN = (SOURCES, SOURCE_FACTS, RAW_FILES, CONTENTS, REPOSITORIES)
"""What ingest alone writes; a record of their versions says that it came to its end."""


class DropError(ValueError):
    """The manifest would drop more of an existing warehouse than is allowed without being asked."""


def ingest(run: Run, sources: list[Source], p: Ingest, allow_drop: bool = False) -> tuple[StageResult, list[str]]:
    """Bring the tables to the manifest's state. Returns the result and one warning per source that is not fresh.

    Raises DropError before anything is written.
    """
    for table in (*_WRITTEN, REJECTS):
        run.lake.ensure(table)
    limits = Limits(p.max_total_bytes, p.max_ratio, max_files=p.max_files, max_file_bytes=p.max_file_bytes)
    snapshot = take_snapshot(run, sources, limits)
    metadata = {"run_id": run.run_id, "stage": "ingest"}
    written, read = _write_touched(run, snapshot, p, allow_drop, metadata) if snapshot.touched else (0, 0)
    state = run.lake.stage(snapshot.state(run), run.run_id, "ingest.sources")
    repos = repositories(run.lake.read(RAW_FILES), run.lake.read(SOURCE_FACTS), snapshot.manifest, state)
    written += write_changes(run, "ingest", REPOSITORIES, repos, metadata)
    # Last: a run killed before this line finds the sources still changed and does the rest again.
    written += write_changes(run, "ingest", SOURCES, state, metadata)
    return _result(run, written, read), snapshot.warnings()


def _write_touched(
    run: Run, snapshot: Snapshot, p: Ingest, allow_drop: bool, metadata: dict[str, str]
) -> tuple[int, int]:
    """Replace the rows of the sources that were read now or are gone. Returns (rows written, bytes of files read)."""

    def mine(rows: DataFrame) -> DataFrame:
        return rows.join(F.broadcast(touched), "source_id", "left_semi")

    touched = run.lake.spark.createDataFrame([(s,) for s in snapshot.touched], "source_id string")
    staged = snapshot.staged if snapshot.staged is not None else run.lake.spark.createDataFrame([], STAGED)
    readable, refused = _files(staged)
    files = run.lake.stage(readable, run.run_id, "ingest.files")
    _guard_drop(run, files, mine, p, allow_drop)
    written = _add_contents(run, files, staged, metadata)
    written += write_changes(run, "ingest", RAW_FILES, raw_files(files), metadata, mine)
    written += write_changes(
        run, "ingest", REJECTS, rejects_of(refused), metadata, lambda rows: mine(rows.where(_MINE))
    )
    written += write_changes(run, "ingest", SOURCE_FACTS, source_facts(staged), metadata, mine)
    written += _drop_contents(run, metadata)
    return written, files.agg(F.sum("size_bytes")).collect()[0][0] or 0


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


def _drop_contents(run: Run, metadata: dict[str, str]) -> int:
    """Delete the texts that no file has any more: removal is complete."""
    used = run.lake.read(RAW_FILES).select("content_id")
    gone = run.lake.read(CONTENTS).select("content_id").join(used, "content_id", "left_anti")
    gone = run.lake.stage(gone, run.run_id, "ingest.gone_contents")
    number = gone.count()
    if number:
        run.lake.delete(CONTENTS, gone, metadata)
    return number


def _guard_drop(
    run: Run, files: DataFrame, mine: Callable[[DataFrame], DataFrame], p: Ingest, allow_drop: bool
) -> None:
    """Raise DropError where more than the allowed share of the stored files would go."""
    if allow_drop or run.lake.version(RAW_FILES.name) == 0:
        return
    stored = run.lake.read(RAW_FILES)
    gone = mine(stored).join(files.select("file_id"), "file_id", "left_anti")
    by_source = {r["source_id"]: r["count"] for r in gone.groupBy("source_id").count().collect()}
    dropped, before = sum(by_source.values()), stored.count()
    if dropped <= p.max_drop * before:
        return
    largest = sorted(by_source.items(), key=lambda item: (-item[1], item[0]))[:5]
    raise DropError(
        f"raw_files: expected to keep at least {1 - p.max_drop:.0%} of {before} files, found that this manifest drops "
        f"{dropped} ({dropped / before:.1%}): {', '.join(f'{n} of {s}' for s, n in largest)}. Nothing was written. "
        "Mend the manifest, or say --allow-drop if they are to go."
    )


def _sha(source_id: str, other: Column) -> Column:
    return F.sha2(F.concat(F.col(source_id), F.lit("\0"), other), 256)


def _result(run: Run, written: int, read: int) -> StageResult:
    """Files kept and refused as the tables now hold them; `skipped` where nothing was written and
    the last record says so."""
    refused = run.lake.read(REJECTS).where(_MINE).groupBy("reason").count().collect()
    reasons = {r["reason"]: r["count"] for r in refused}
    result = StageResult("ingest", RAW_FILES.name, rows_kept=run.lake.read(RAW_FILES).count(), reasons=reasons)
    result.rows_read = result.rows_kept + sum(reasons.values())
    result.rows_written, result.bytes_read = written, read
    result.inputs = {t.name: run.lake.rows_version(t.name) or 0 for t in _WRITTEN}
    result.table_version = result.inputs[RAW_FILES.name]
    last = run.done.get("ingest")
    result.skipped = written == 0 and last is not None and last.inputs == result.inputs
    return result
