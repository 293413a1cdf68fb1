"""Files of an export, written by Spark beside their place, looked at on the workers, and then given their names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from jobs.runtime import places
from jobs.runtime.session import shuffle_tasks
from udfs.spark.exports import described_files

FILE_BYTES = 256 * 10**6
"""Text of a file: a quarter of it when packed, which a reader fetches as one."""
_SUFFIX = {"jsonl": "jsonl.gz"}
"""Packed as gzip, which every reader of JSON lines unpacks; Hadoop's zstd needs a library that machines often lack."""


@dataclass(frozen=True)
class Part:
    """A file as Spark named it."""

    place: str
    bytes: int
    sha256: str
    rows: int | None


def number_of_files(text_bytes: int) -> int:
    """How many files a table is dealt to."""
    return max(1, math.ceil(text_bytes / FILE_BYTES))


def write(rows: DataFrame, layout: str, to: str) -> None:
    """Rows, one file for each of their partitions."""
    writer = rows.write.mode("overwrite")
    if layout == "jsonl":
        # Else a field that is null in a row is missing there, and a reader takes its type from the next file.
        writer.option("ignoreNullFields", "false").option("compression", "gzip").json(to)
    else:
        writer.option("compression", "zstd").parquet(to)


def parts_of(spark: SparkSession, folders: Mapping[str, str]) -> dict[str, list[Part]]:
    """The files of each table's folder in their order, read once from beginning to end by the workers.

    The list is as long as the manifest, which is what it is for.
    """
    found = {
        table: [f"{to}/{name}" for name in places.names(to) if name.startswith("part-")]
        for table, to in folders.items()
    }
    paths = [path for each in found.values() for path in each]
    if not paths:
        return {table: [] for table in found}
    given = spark.createDataFrame(pa.table({"path": pa.array(paths, pa.string())}))
    rows = described_files(given.repartition(min(len(paths), shuffle_tasks(spark)), "path")).collect()
    by = {r["path"]: Part(r["path"], r["bytes"], r["sha256"], r["rows"]) for r in rows}
    return {table: [by[path] for path in each] for table, each in found.items()}


def named(parts: Mapping[str, list[Part]], layout: str, split: str) -> dict[str, dict[str, Part]]:
    """The files of each table by the names that a reader of the hub's layout expects."""
    suffix = _SUFFIX.get(layout, "parquet")
    return {
        table: {f"data/{table}/{split}-{n:05}-of-{len(each):05}.{suffix}": part for n, part in enumerate(each)}
        for table, each in parts.items()
    }


def pattern_of(table: str, layout: str, split: str) -> str:
    """Which files of the export are those of a table."""
    return f"data/{table}/{split}-*.{_SUFFIX.get(layout, 'parquet')}"


def listed(files: Mapping[str, Part]) -> list[dict[str, Any]]:
    """Files as the manifest has them."""
    rows = {name: {"rows": part.rows} if part.rows is not None else {} for name, part in files.items()}
    return [{"path": n, "bytes": p.bytes, "sha256": p.sha256, **rows[n]} for n, p in files.items()]
