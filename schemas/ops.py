"""Operations tables: what ran, what was checked, what was refused, and what readers see."""

from __future__ import annotations

from schemas.contract import Column, Table

RUNS = Table(
    "runs",
    "One row per stage that a run carried out. A stage that had nothing to do leaves no row.",
    (
        Column("run_id", "string", "Run that carried the stage out.", nullable=False),
        Column("stage", "string", "Stage name.", nullable=False),
        Column("table_name", "string", "Table that the stage writes."),
        Column("table_version", "bigint", "Version at which the rows of that table were last moved, after the stage."),
        Column("signature", "string", "SHA-256 of stage, code version, parameters and inputs.", nullable=False),
        Column("inputs", "map<string,bigint>", "Version at which the rows of each table read were last moved."),
        Column("params", "string", "Parameters in force, as JSON."),
        Column("code_version", "string", "Hash of all code that the stage reaches, and of its kernel or rules."),
        Column("kernel_version", "string", "Of a measure stage, the kernel in force; null of others."),
        Column("rows_read", "bigint", "Rows the stage decided about or measured."),
        Column("rows_kept", "bigint", "Of these, rows kept (measured, for a measure stage)."),
        Column("rows_dropped", "bigint", "rows_read minus rows_kept."),
        Column("reasons", "map<string,bigint>", "Rows dropped by reason; a row with two reasons counts in both."),
        Column("rows_written", "bigint", "Rows inserted, updated or deleted in the table."),
        Column("bytes_read", "bigint", "Bytes of text the stage read, 0 for a decide stage."),
        Column("seconds", "double", "Wall-clock seconds."),
        Column(
            "cpu_seconds",
            "double",
            "CPU seconds of driver, JVM and Python workers on the driver's machine and of tasks in a cluster's JVMs, "
            "not of its Python workers; null where none can be seen.",
        ),
        Column("finished_at", "timestamp", "When the stage ended."),
    ),
    key=("run_id", "stage"),
    deletion_vectors=False,
)

CHECKS = Table(
    "checks",
    "One row per check of a candidate version, passed or not.",
    (
        Column("run_id", "string", "Run that checked.", nullable=False),
        Column("stage", "string", "Stage whose candidate was checked.", nullable=False),
        Column("table_name", "string", "Table the candidate was for."),
        Column("check_name", "string", "Check with its arguments.", nullable=False),
        Column("severity", "string", "critical stops the publication, warning and info do not."),
        Column("passed", "boolean", "Whether the candidate met it.", nullable=False),
        Column("found", "string", "What was found, with rows where it failed."),
        Column("checked_at", "timestamp", "When."),
    ),
    key=("run_id", "stage", "check_name"),
    deletion_vectors=False,
)

REJECTS = Table(
    "rejects",
    "Input that could not be used, one row per refusal with its reason. Nothing vanishes.",
    (
        Column("reject_id", "string", "SHA-256 of stage, source, unit, path and reason.", nullable=False),
        Column("stage", "string", "Stage that refused it.", nullable=False),
        Column("source_id", "string", "Source it came from.", nullable=False),
        Column("path", "string", "Path inside the source; null when the source as a whole was refused."),
        Column("content_id", "string", "SHA-256 of the text where there was one."),
        Column("reason", "string", "Machine-readable reason.", nullable=False),
        Column("detail", "string", "What was found, for a person."),
        Column("size_bytes", "bigint", "Size where known."),
        Column("unit", "string", "Unit of the source that it was read from; null where a text was refused later."),
    ),
    key=("reject_id",),
    cluster_by=("stage", "reason"),
    made_from=("sources", "cleaned_texts", "fingerprints", "signals"),
)

RELEASES = Table(
    "releases",
    "What readers see: a release names a version of every table. The newest row is in force.",
    (
        Column("release_id", "bigint", "Grows by one.", nullable=False),
        Column("run_id", "string", "Run that made it.", nullable=False),
        Column("tables", "map<string,bigint>", "Version of every table, published or behind a published one."),
        Column("note", "string", "Why, when it was made by hand (a rollback)."),
        Column("created_at", "timestamp", "When."),
    ),
    key=("release_id",),
    deletion_vectors=False,
)

SOURCES = Table(
    "sources",
    "State of ingest: one row per unit (archive, repository, parquet file) with the fingerprint of its snapshot.",
    (
        Column("source_id", "string", "Source of the manifest.", nullable=False),
        Column("unit", "string", "Location of the unit.", nullable=False),
        Column("fingerprint", "string", "Identity of the unit's state that was read; null if it was never reached."),
        Column("reader_version", "string", "Version of the reading kernels."),
        Column(
            "status", "string", "fresh, stale (unreachable: last snapshot kept) or unreachable (never read).", False
        ),
        Column("error", "string", "Why it is not fresh."),
    ),
    key=("source_id", "unit"),
)

UNIT_FACTS = Table(
    "unit_facts",
    "What sources say of their repositories themselves; `repositories` fills the gaps from the manifest.",
    (
        Column("source_id", "string", "Source of the manifest.", nullable=False),
        Column("unit", "string", "Unit of the source that says it, as in `sources`.", nullable=False),
        Column("said_repo", "string", "Repository as the source names its files; empty where it does not.", False),
        Column("declared_repo", "string", "Repository that the package's own metadata declares."),
        Column("revision", "string", "Commit or version read."),
        Column("stars", "bigint", "Stars by the source's own record."),
        Column("licences", "array<string>", "Licences that the package's own metadata declares; sorted."),
    ),
    key=("source_id", "unit", "said_repo"),
    made_from=("sources",),
)

LEASES = Table(
    "leases",
    "Who may write: one row, taken by a MERGE, renewed while its run works, given back at its end.",
    (
        Column("name", "string", "Always warehouse.", nullable=False),
        Column("holder", "string", "Run that holds it; null where none does."),
        Column("place", "string", "Machine and process of the driver."),
        Column("fence", "bigint", "Grows by one with every taking; stands in every commit of its run.", nullable=False),
        Column("taken_at", "timestamp", "When it was taken."),
        Column("heartbeat_at", "timestamp", "When the holder was last heard of."),
    ),
    key=("name",),
    deletion_vectors=False,
)

TABLES = (RUNS, CHECKS, REJECTS, RELEASES, SOURCES, UNIT_FACTS, LEASES)
