"""Sources of kind ids as a user has them: lists in files, read through the same door as every other kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from udfs.reading.archives import Limits
from udfs.reading.kinds import Record, Unit, probe, read


def parquet(place: Path, rows: list[dict[str, Any]], group: int | None = None) -> Path:
    """A parquet file of rows."""
    place.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), place, row_group_size=group)
    return place


def lines(place: Path, rows: list[Any]) -> Path:
    """A JSON-lines file; a text is a line as it is."""
    place.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return place


def source(ids: Path, kind: str, texts: Path | str, revision: str | None = None, **columns: str) -> Unit:
    """A source of ids, as the manifest gives it."""
    said = json.dumps(columns, sort_keys=True) if columns else None
    return Unit("s", "ids", str(ids), revision, None, str(texts), kind, said)


def records(unit: Unit, limits: Limits | None = None) -> list[Record]:
    """The records of all units of a source."""
    state = probe(unit)
    assert state.reachable, state.error
    return [record for location in state.units for record in read(unit, location, limits or Limits())]


def outcomes(unit: Unit) -> dict[tuple[str | None, str | None], str | None]:
    """Text, or reason, by repository and path."""
    return {(r.repo, r.path): r.text if r.reason is None else r.reason for r in records(unit)}
