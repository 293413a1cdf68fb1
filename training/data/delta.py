"""All that training knows of Delta: opening a pinned version, what it refuses, and what the log says of its files."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from training.data.tables import File, HeldOut, TokenTable, schema_of
from udfs.reading.delta import file_name, filesystem, matching_rows, opened, rows_left

READ_RIGHT = {"deletionVectors", "timestampNtz", "v2Checkpoint", "vacuumProtocolCheck"}
"""Reader features under which our reading of the Parquet files gives the table's rows."""


def open_delta(place: str, version: int, held_out: HeldOut) -> TokenTable:
    """The token table at `version`. Deletion vectors are applied; column mapping and unknown features are refused.

    Raises ValueError.
    """
    _refuse_withdrawn(place, version)
    table = load(place, version)
    _check_protocol(table, place)
    schema = schema_of([field.name for field in pa.schema(table.schema().to_arrow())], place)
    return TokenTable(
        place, str(table.metadata().id), version, live_files(table, place), filesystem(table, place), held_out, schema
    )


def load(place: str, version: int | None = None) -> DeltaTable:
    """The Delta table as it was at `version`, None for the newest. Raises ValueError."""
    try:
        return opened(place, version)
    except TableNotFoundError:
        raise ValueError(f"{place}: expected a Delta table, found none; run the job that writes it") from None
    except DeltaError as error:
        if "olumn mapping" in str(error):
            raise ValueError(_no_mapping(place)) from error
        raise ValueError(
            f"{place}: expected version {version if version is not None else 'newest'} of a Delta table, found none "
            f"that can be read ({error}); name a version that its log still holds"
        ) from error


def _no_mapping(place: str) -> str:
    return (
        f"{place}: expected a table without column mapping, found delta.columnMapping.mode set; "
        "its files name the columns otherwise: write the token table with the mode none"
    )


def _check_protocol(table: DeltaTable, place: str) -> None:
    if table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
        raise ValueError(_no_mapping(place))
    # The feature without the mode renames nothing.
    unknown = sorted(set(table.protocol().reader_features or ()) - READ_RIGHT - {"columnMapping"})
    if unknown:
        raise ValueError(
            f"{place}: expected reader features among {', '.join(sorted(READ_RIGHT))}, found {', '.join(unknown)}; "
            "write the token table without them"
        )


def live_files(table: DeltaTable, place: str) -> tuple[File, ...]:
    """The files of the table's version, sorted by path. Raises ValueError for files that lie outside of the table."""
    vectors = rows_left(table)
    files = []
    for add in pa.table(table.get_add_actions(flatten=True)).to_pylist():
        path = unquote(add["path"])
        if "://" in path or path.startswith("/"):
            raise ValueError(
                f"{place}: expected files below the table, found {path}; a shallow clone's files belong to another "
                "table: make a deep one"
            )
        partition = {name[10:]: value for name, value in add.items() if name.startswith("partition.")}
        values = tuple((name, None if value is None else str(value)) for name, value in sorted(partition.items()))
        files.append(File(path, int(add["size_bytes"]), values, vectors.get(file_name(path))))
    found = sum(file.keep is not None for file in files)
    if found != len(vectors):
        raise ValueError(
            f"{place}: expected {len(vectors)} files with deletion vectors, found {found}; purge the table"
        )
    return tuple(sorted(files, key=lambda file: file.path))


def version_of(place: str, release: int | None) -> int:
    """The table's version in a release of its warehouse: the one named, or the newest that holds the table.

    A table outside of any release has its newest version. Raises ValueError.
    """
    rows = _releases(place)
    name = place.rstrip("/").rpartition("/")[2]
    withdrawn = {row["release_id"]: why for row in rows if (why := row.get("withdrawn"))}
    if release in withdrawn:
        raise ValueError(
            f"{place}: expected a release that may be read, found release {release} withdrawn: {withdrawn[release]}; "
            "name a later one"
        )
    holding = {row["release_id"]: row["tables"][name] for row in rows if name in row["tables"]}
    holding = {number: version for number, version in holding.items() if number not in withdrawn}
    if release is not None and release not in holding:
        known = ", ".join(str(number) for number in sorted(holding)) or "none"
        raise ValueError(f"{place}: expected release {release} to hold {name}, found it in releases {known}; name one")
    if not holding:
        return int(load(place).version())
    return int(holding[max(holding) if release is None else release])


def _releases(place: str) -> list[dict[str, Any]]:
    """The releases of the warehouse that a table is in; none where it is in no warehouse."""
    releases = f"{place.rstrip('/').rpartition('/')[0]}/releases"
    try:
        rows = matching_rows(opened(releases), releases, None, pc.scalar(True)).to_pylist()
    except TableNotFoundError:
        return []
    return [{**row, "tables": dict(row["tables"])} for row in rows]


def _refuse_withdrawn(place: str, version: int) -> None:
    """Raises ValueError for a version that only withdrawn releases name: what it holds was asked to be removed."""
    name = place.rstrip("/").rpartition("/")[2]
    naming = [row for row in _releases(place) if row["tables"].get(name) == version]
    if naming and all(row.get("withdrawn") for row in naming):
        raise ValueError(
            f"{place}: expected a version that may be read, found version {version} withdrawn: "
            f"{naming[-1]['withdrawn']}; train on a later release"
        )
