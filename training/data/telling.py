"""A warehouse is told which runs read its tables: a removal must name the models that were trained on what it takes."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import write_deltalake
from deltalake.exceptions import DeltaError

from schemas.ops import RELEASES, TRAININGS
from udfs.reading.delta import matching_rows, opened, storage_options


def tell(folder: Path, phase: str, tables: Iterable[tuple[str, int | None]]) -> None:
    """Note in the warehouse of each table (location, version) that the run of `folder` reads it; once each.

    A warehouse that may not be written is a warning: the run is told by nobody then.
    """
    for place, version in sorted({(p, v) for p, v in tables if v is not None}):
        warehouse, _, name = place.rstrip("/").rpartition("/")
        try:
            if _there(f"{warehouse}/{RELEASES.name}"):
                _note(f"{warehouse}/{TRAININGS.name}", str(folder), phase, name, version)
        except (DeltaError, OSError) as error:
            why = str(error).splitlines()[0][:200]
            print(
                f"{warehouse}: expected to note that this run reads {name}, found {why}; a removal cannot name the run",
                file=sys.stderr,
            )


def _there(place: str) -> bool:
    try:
        opened(place, without_files=True)
    except DeltaError:
        return False
    return True


def _note(place: str, folder: str, phase: str, table: str, version: int) -> None:
    row = {"folder": folder, "phase": phase, "table_name": table, "version": version}
    mine = (pc.field("folder") == folder) & (pc.field("table_name") == table) & (pc.field("version") == version)
    if _there(place) and matching_rows(opened(place), place, ["folder"], mine).num_rows:
        return
    rows = pa.Table.from_pylist([row | {"started_at": datetime.now(UTC)}], TRAININGS.arrow_schema())
    options = storage_options(place)
    write_deltalake(
        place,
        rows,
        mode="append",
        storage_options=options,
        configuration=dict(TRAININGS.properties()) if not _there(place) else None,
    )
