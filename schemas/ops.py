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
        Column("reject_id", "string", "SHA-256 of stage, source, unit, repository, path and reason.", nullable=False),
        Column("stage", "string", "Stage that refused it.", nullable=False),
        Column("source_id", "string", "Source it came from.", nullable=False),
        Column("path", "string", "Path inside the source; null when the source as a whole was refused."),
        Column("content_id", "string", "SHA-256 of the text where there was one."),
        Column("reason", "string", "Machine-readable reason.", nullable=False),
        Column("detail", "string", "What was found, for a person."),
        Column("size_bytes", "bigint", "Size where known."),
        Column("unit", "string", "Unit of the source that it was read from; null where a text was refused later."),
        Column("repo_id", "string", "Repository, see `repositories`; null where a unit or a text was refused."),
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
        Column("withdrawn", "string", "The removal for which nobody may read it any more; null where everybody may."),
        Column("created_at", "timestamp", "When."),
    ),
    key=("release_id",),
    deletion_vectors=False,
)

CANARIES = "refinelake-canaries"
"""The source_id of files that `run --canaries` plants and takes out again: no other source may be called so."""

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

REMOVALS = Table(
    "removals",
    "What must stay out, one row a name asked for: an input of every rebuild. Names are salted hashes.",
    (
        Column("removal_id", "bigint", "Request; one may have many names.", nullable=False),
        Column("asked_id", "string", "SHA-256 of what was asked for.", nullable=False),
        Column("kind", "string", "repo, owner, author, path, content, domain or issues (there are none).", False),
        Column("name_hash", "string", "Salted hash of the name; null where every file of a path is meant."),
        Column("path_hash", "string", "Salted hash of the only path that is meant; null where it is not one."),
        Column("path_pattern", "string", "Regular expression of the paths that are meant: a rule, and no name."),
        Column("reach", "string", "repository, text or near: what goes beside the files of that name.", nullable=False),
        Column("reason", "string", "Why, as the one who asked said it."),
        Column("salt_hash", "string", "Hash of the salt: another one would find nothing.", nullable=False),
        Column("run_id", "string", "Run that took the request.", nullable=False),
        Column("asked_at", "timestamp", "When.", nullable=False),
    ),
    key=("removal_id", "asked_id"),
    deletion_vectors=False,
)

REMOVED_CONTENTS = Table(
    "removed_contents",
    "Texts that must stay out wherever they stand: asked for by their hash, or reached by a request.",
    (
        Column("removal_id", "bigint", "Request.", nullable=False),
        Column("name_hash", "string", "Salted hash of the content_id.", nullable=False),
    ),
    key=("removal_id", "name_hash"),
)

RECEIPTS = Table(
    "removal_receipts",
    "What was done about a request to be removed, one row each.",
    (
        Column("removal_id", "bigint", "Request.", nullable=False),
        Column("names", "bigint", "Names asked for.", nullable=False),
        Column("asked_at", "timestamp", "When.", nullable=False),
        Column("files", "bigint", "Files and pages taken out; null until they are."),
        Column("texts", "bigint", "Texts that stand nowhere any more."),
        Column("holding", "array<bigint>", "Releases that held one of them: withdrawn."),
        Column(
            "tables",
            "array<struct<name:string,version:bigint,rows_before:bigint,rows_after:bigint>>",
            "Every table as the release without them names it, and its rows before and after.",
        ),
        Column(
            "exports",
            "array<string>",
            "Copies of releases that held them: destination, release, of exports what they held; what became of each.",
        ),
        Column("trainings", "array<string>", "Training runs that read a withdrawn version: folder, table, version."),
        Column("reports", "array<string>", "Reports that were not reached, and why."),
        Column("out_of_releases_at", "timestamp", "From when on readers see tables without them."),
        Column("storage_due_at", "timestamp", "When storage may let go of them: the end of retention, or at once."),
        Column("out_of_storage_at", "timestamp", "When files, old versions and logs were rid of them."),
    ),
    key=("removal_id",),
    deletion_vectors=False,
)

EXPORTS = Table(
    "exports",
    "Copies of releases that left the warehouse, whole (releases --pin) or as files for others (export-data): a "
    "removal says which hold what it took out, deletes those that it reaches, and names the others.",
    (
        Column("export_id", "string", "Run that made it; with -begun before its first byte is written.", False),
        Column("destination", "string", "Where it went.", nullable=False),
        Column("release_id", "bigint", "Release it was made from.", nullable=False),
        Column(
            "files", "map<string,string>", "Its files with the bytes of each, or its tables; empty while it is made."
        ),
        Column("exported_at", "timestamp", "When; of files for others, when they were begun."),
        Column("format", "string", "As export-data --format names it; null of a copy that is a warehouse."),
        Column("machine", "string", "Whose folder that is; empty of a URL, null of a copy that is a warehouse."),
        Column("tables", "map<string,bigint>", "Tables that are in it, with their versions; null of a copy."),
        Column("held_out", "string", "Held-out rows: leave-out, only, or all; null of a copy."),
        Column("rows", "bigint", "Rows of all its tables; null of a copy, and while it is made."),
        Column("exported_by", "string", "Account that made it; null of a copy."),
        Column("gone_at", "timestamp", "When it was found gone from its place, or deleted there; null of a copy."),
    ),
    key=("export_id", "destination"),
    deletion_vectors=False,
)

REPORTS = Table(
    "reports",
    "Files that show rows of this warehouse: a removal writes them anew where it reaches them, and names the others.",
    (
        Column("place", "string", "Where it was written.", nullable=False),
        Column("machine", "string", "Whose folder that is; empty of a URL.", nullable=False),
        Column("kind", "string", "report, web report, instruct report, or labels for people to fill in.", False),
        Column("written_at", "timestamp", "When it was first written."),
    ),
    key=("place", "machine", "kind"),
    deletion_vectors=False,
)

TRAININGS = Table(
    "trainings",
    "Training runs that have read tables of this warehouse, where they were allowed to say so.",
    (
        Column("folder", "string", "Run folder.", nullable=False),
        Column("phase", "string", "pretrain, anneal or sft.", nullable=False),
        Column("table_name", "string", "Table that it reads.", nullable=False),
        Column("version", "bigint", "Version of the table.", nullable=False),
        Column("started_at", "timestamp", "When it first read it."),
    ),
    key=("folder", "table_name", "version"),
    deletion_vectors=False,
)

TABLES = (
    RUNS,
    CHECKS,
    REJECTS,
    RELEASES,
    SOURCES,
    UNIT_FACTS,
    LEASES,
    REMOVALS,
    REMOVED_CONTENTS,
    RECEIPTS,
    EXPORTS,
    REPORTS,
    TRAININGS,
)
