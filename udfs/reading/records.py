"""From the records of one unit to Arrow batches of staged rows: text hashed, language found, flags set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from schemas.identity import code_identity
from udfs.languages import detect
from udfs.reading import kinds
from udfs.reading.archives import Limits
from udfs.reading.kinds import Record, Unit

BATCH_BYTES = 16 * 1024**2
BATCH_ROWS = 1024

STAGED = pa.schema(
    [
        ("source_id", pa.string()),
        ("unit", pa.string()),
        ("ordinal", pa.int64()),
        ("said_repo", pa.string()),
        ("path", pa.string()),
        ("content_id", pa.string()),
        ("size_bytes", pa.int64()),
        ("text_bytes", pa.int64()),
        ("encoding", pa.string()),
        ("converted", pa.bool_()),
        ("language", pa.string()),
        ("kind", pa.string()),
        ("language_by", pa.string()),
        ("vendored", pa.bool_()),
        ("generated", pa.bool_()),
        ("commit_time", pa.timestamp("us", tz="UTC")),
        ("licences", pa.list_(pa.string())),
        ("revision", pa.string()),
        ("stars", pa.int64()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("text", pa.string()),
    ]
)

# Read once: what runs is what was imported, whatever happens to the file meanwhile.
_CODE = code_identity(__name__, data=("languages.json",))
UNREACHABLE = "unreachable"


def version(limits: Limits) -> str:
    """Part of what a snapshot was read with: when it moves, every source is read again."""
    return hashlib.sha256(f"{_CODE} {limits!r}".encode()).hexdigest()[:16]


def staged_batches(unit: Unit, location: str, limits: Limits) -> Iterator[pa.RecordBatch]:
    """Rows of STAGED for every record of a unit. A unit that cannot be reached gives one row that says so."""
    rows: list[dict[str, object]] = []
    size = 0
    for ordinal, record in enumerate(_records(unit, location, limits)):
        rows.append({"source_id": unit.source_id, "unit": location, "ordinal": ordinal, **_row(record)})
        size += len(record.text or "")
        if size >= BATCH_BYTES or len(rows) >= BATCH_ROWS:
            yield pa.RecordBatch.from_pylist(rows, STAGED)
            rows, size = [], 0
    if rows:
        yield pa.RecordBatch.from_pylist(rows, STAGED)


def _records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    try:
        yield from kinds.read(unit, location, limits)
    # A driver has errors of its own; whatever it is, this unit's last snapshot stays in force.
    except Exception as error:
        yield Record(reason=UNREACHABLE, detail=f"{location}: {type(error).__name__}: {error}"[:500])


def _stored(text: str | None) -> str | None:
    """Without half characters, which JSON can write (`\\ud800` in a package.json) and no table can hold."""
    return text if text is None or text.isascii() else text.encode("utf-8", "replace").decode()


def _row(record: Record) -> dict[str, object]:
    row: dict[str, object] = {
        "said_repo": _stored(record.repo),
        "path": _stored(record.path),
        "size_bytes": record.size_bytes,
        "encoding": record.encoding,
        "converted": record.converted,
        "commit_time": record.commit_time,
        "licences": None if record.licences is None else sorted(str(_stored(name)) for name in record.licences),
        "revision": _stored(record.revision),
        "stars": record.stars,
        "reason": record.reason,
        "detail": _stored(record.detail),
        "text": record.text,
    }
    if record.path is None or record.text is None:
        return row
    raw = record.text.encode()
    found = detect.detect(record.path, record.text)
    return row | {
        "content_id": hashlib.sha256(raw).hexdigest(),
        "text_bytes": len(raw),
        "language": found.language,
        "kind": found.kind,
        "language_by": found.by,
        "vendored": detect.is_vendored(record.path),
        "generated": detect.is_generated(record.path, record.text),
    }


def probed(unit: Unit) -> Iterator[dict[str, object]]:
    """Rows (source_id, unit, fingerprint, error): one per location to read, or one with an error."""
    state = kinds.probe(unit)
    if not state.reachable:
        yield {"source_id": unit.source_id, "unit": None, "fingerprint": None, "error": state.error}
    for location, fingerprint in state.units.items():
        yield {"source_id": unit.source_id, "unit": location, "fingerprint": fingerprint, "error": None}


def unit_of(row: dict[str, str | None]) -> Unit:
    """The unit that a row of the manifest's frame describes."""
    known = {k: row[k] for k in ("source_id", "kind", "location", "revision")}
    return replace(Unit("", "", ""), **known)  # type: ignore[arg-type]
