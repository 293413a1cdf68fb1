"""Code of pretrain_docs under the names that The Stack v2 gives its columns, as far as we have what they mean."""

from __future__ import annotations

from pyspark.sql import Column as Value
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from schemas.contract import Column

COLUMNS = (
    Column("blob_id", "string", "Git's id of `content` as a blob (SHA-1), as Software Heritage names contents.", False),
    Column("repo_name", "string", "Repository."),
    Column("path", "string", "Path inside the repository, without a slash before it."),
    Column("language", "string", "Language, by refinelake's names, which are in lower case.", False),
    Column(
        "detected_licenses", "array<string>", "Licences of the file, else of its repository; empty if unknown.", False
    ),
    Column("length_bytes", "bigint", "Bytes of `content`.", False),
    Column(
        "extension", "string", "What follows the last full stop of the file's name; empty where there is none.", False
    ),
    Column("content", "string", "The text, in UTF-8, cleaned of licence headers and personal data.", False),
)
MISSING = (
    "`blob_id` is the id of the cleaned text: it finds the file in Software Heritage only where cleaning changed "
    "nothing. Not there, since the tables do not hold it: directory_id, content_id (of Software Heritage), "
    "license_type, snapshot_id, revision_id, branch_name, dates, github_id, counts of stars and forks, gha_*, "
    "src_encoding, is_vendor, is_generated. Pages are no files of a repository and are left out."
)


def files_of_code(documents: DataFrame) -> DataFrame:
    """Documents that are files of repositories, in these columns and `content_id`."""
    values: dict[str, Value] = {
        "blob_id": blob_id(F.col("text")),
        "repo_name": F.col("repo"),
        "detected_licenses": F.coalesce("licences", F.array().cast("array<string>")),
        "length_bytes": F.col("text_bytes"),
        "extension": F.regexp_extract("path", r"[^/]\.([^./]+)$", 1),
        "content": F.col("text"),
    }
    named = [values.get(c.name, F.col(c.name)).alias(c.name) for c in COLUMNS]
    return documents.select("content_id", *named)


def blob_id(text: Value) -> Value:
    """Git's id of a text as a blob."""
    data = F.encode(text, "UTF-8")
    head = F.encode(F.concat(F.lit("blob "), F.octet_length(data).cast("string"), F.lit("\0")), "UTF-8")
    return F.sha1(F.concat(head, data))
