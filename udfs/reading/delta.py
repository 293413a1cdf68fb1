"""Rows of a Delta table's files without Spark: which of them are left where deletion vectors mark others as gone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable, QueryBuilder

_GROUP_BYTES = 16_000_000


def opened(place: str, version: int | None = None, without_files: bool = False) -> DeltaTable:
    """The table at a folder or URL, at `version` or the newest; deltalake finds endpoint and keys in AWS_* itself."""
    return DeltaTable(place, version=version, storage_options=storage_options(place), without_files=without_files)


def storage_options(place: str) -> dict[str, str] | None:
    """What deltalake must be told beside the environment: it refuses an endpoint without TLS, as a store in one's own
    network has it, where Hadoop and boto take it.
    """
    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    return {"allow_http": "true"} if plain and place.startswith(("s3://", "s3a://")) else None


def filesystem(table: DeltaTable, place: str) -> Any:
    """The table's folder as a pyarrow file system: the local one, or deltalake's for object stores."""
    if "://" not in place:
        return pafs.SubTreeFileSystem(str(Path(place).absolute()), pafs.LocalFileSystem())
    from deltalake.fs import DeltaStorageHandler

    return pafs.PyFileSystem(DeltaStorageHandler.from_table(table._table))


def rows_left(table: DeltaTable) -> dict[str, npt.NDArray[np.bool_]]:
    """Mask of the rows that are left, by the name (not the path) of each file that has a deletion vector.

    Delta names files by a UUID, so the name alone tells them apart.
    """
    if "deletionVectors" not in (table.protocol().reader_features or ()):
        return {}
    listed = pa.table(table.deletion_vectors()).to_pylist()
    return {file_name(row["filepath"]): np.array(row["selection_vector"], dtype=bool) for row in listed}


def rows_by_log(table: DeltaTable) -> int | None:
    """How many rows the table has by what its log says; None where it does not say it of every file."""
    counts = pa.table(table.get_add_actions(flatten=True))["num_records"]
    gone = sum(int((~mask).sum()) for mask in rows_left(table).values())
    return None if counts.null_count else int(pc.sum(counts).as_py() or 0) - gone


def file_name(path: str) -> str:
    """Last part of a path or address as the log writes it."""
    return unquote(path).rsplit("/", 1)[-1]


def matching_rows(table: DeltaTable, place: str, columns: list[str] | None, where: pc.Expression) -> pa.Table:
    """Rows that meet a condition, deletion vectors applied. Tables without partition columns only, as all of ours are.

    One thread: a thread that still holds a file when the interpreter ends aborts the process.
    """
    left = rows_left(table)
    schema = pa.schema(table.schema().to_arrow())
    paths = [unquote(add["path"]) for add in pa.table(table.get_add_actions()).to_pylist()]
    root = filesystem(table, place)
    whole = [path for path in paths if file_name(path) not in left]
    found = [_dataset(whole, root, schema).to_table(columns=columns, filter=where, use_threads=False)] if whole else []
    for path in paths:
        mask = left.get(file_name(path))
        if mask is not None:
            held = _dataset([path], root, schema).to_table(use_threads=False)
            # A vector ends at its last deleted row; what comes after it is left.
            kept = np.concatenate([mask, np.ones(held.num_rows - len(mask), dtype=bool)])
            rows = held.filter(pa.array(kept)).filter(where)
            found.append(rows if columns is None else rows.select(columns))
    return pa.concat_tables(found) if found else schema.empty_table().select(columns or schema.names)


def rows_of(table: DeltaTable, place: str, schema: pa.Schema) -> pa.Table:
    """All rows of a small table, with the columns and types of `schema`; null where an older one lacks one."""
    stored = pa.schema(table.schema().to_arrow()).names
    found = matching_rows(table, place, [name for name in schema.names if name in stored], pc.scalar(True))
    columns = [found[f.name].cast(f.type) if f.name in stored else pa.nulls(len(found), f.type) for f in schema]
    return pa.Table.from_arrays(columns, names=schema.names)


def copied(table: DeltaTable, schema: pa.Schema, to: Path, where: str = "true") -> None:
    """Write the columns of `schema` of the rows that are left and meet a condition in SQL to a parquet file.

    Rows pass through as they come: memory holds a group of them.
    """
    named = ", ".join(f'"{name}"' for name in schema.names)
    found = QueryBuilder().register("t", table).execute(f"SELECT {named} FROM t WHERE {where}")
    # Not LZ4: the JVM's reader fails on some pages of what Arrow writes.
    with pq.ParquetWriter(to, schema, compression="snappy") as out:
        # Cast first: pyarrow before 22 does not know the size of the texts as they come (string_view).
        for group in _groups(batch.cast(schema) for batch in pa.RecordBatchReader.from_stream(found)):
            out.write_table(group)


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The batches, put together to groups that a task is worth reading for."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(b.nbytes for b in held) >= _GROUP_BYTES:
            yield pa.Table.from_batches(held)
            held.clear()
    if held:
        yield pa.Table.from_batches(held)


def _dataset(paths: list[str], root: Any, schema: pa.Schema) -> ds.Dataset:
    return ds.dataset(paths, schema=schema, format="parquet", filesystem=root)
