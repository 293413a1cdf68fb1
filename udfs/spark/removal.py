"""The names of repositories and hosts as salted hashes, on the workers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame

from udfs.spark.batches import mapped

_PLACE = ("source_id", "unit", "repo_id")


def hashed_names(rows: DataFrame, salt: str) -> DataFrame:
    """(source_id, unit, repo_id, name_hash): every name by which the repository or the owner of rows (source_id, unit,
    repo_id, name, is_location) may be asked for. A location counts only where it is a repository's address on a host.
    """
    made = ", ".join(f"{name} string" for name in (*_PLACE, "name_hash"))
    return mapped(rows.select(*_PLACE, "name", "is_location"), partial(_hashed, salt), made)


def _hashed(salt: str, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.removal.names import hashes_of

    rows = [
        {**{name: row[name] for name in _PLACE}, "name_hash": found}
        for row in batch.to_pylist()
        for found in hashes_of(row["name"], salt, row["is_location"])
    ]
    schema = pa.schema([(name, pa.string()) for name in (*_PLACE, "name_hash")])
    yield pa.RecordBatch.from_pylist(rows, schema)


def hashed_hosts(rows: DataFrame, salt: str) -> DataFrame:
    """(host, name_hash): every name by which the pages of a host of rows (host) may be asked for."""
    return mapped(rows.select("host"), partial(_hashed_hosts, salt), "host string, name_hash string")


def _hashed_hosts(salt: str, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    from udfs.removal.names import host_names, salted

    hosts = [host for host in batch.column("host").to_pylist() if host]
    rows = [{"host": host, "name_hash": salted("domain", n, salt)} for host in hosts for n in host_names(host)]
    yield pa.RecordBatch.from_pylist(rows, pa.schema([("host", pa.string()), ("name_hash", pa.string())]))
