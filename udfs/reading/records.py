"""From the records of one unit to Arrow batches of staged rows: text hashed, language found, flags set."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pyarrow as pa

from schemas.identity import code_identity
from udfs.languages import detect
from udfs.reading import kinds
from udfs.reading.archives import Limits
from udfs.reading.kinds import Record, Unit
from udfs.removal.names import author_names, salt, salted

FACTS = ("source_id", "kind", "location", "revision", "texts", "texts_kind", "columns")
"""What a row of the manifest must say for its unit to be read."""
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
        ("authors", pa.list_(pa.string())),
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
    return hashlib.sha256(f"{_CODE} {limits!r} {salted('salt', '', salt())}".encode()).hexdigest()[:16]


def staged_batches(unit: Unit, location: str, limits: Limits, salt: str) -> Iterator[pa.RecordBatch]:
    """Rows of STAGED for every record of a unit. A unit that cannot be reached gives one row that says so."""
    rows: list[tuple[object, ...]] = []
    size = 0
    for ordinal, record in enumerate(_records(unit, location, limits)):
        rows.append((unit.source_id, location, ordinal, *_row(record, salt)))
        size += len(record.text or "")
        if size >= BATCH_BYTES or len(rows) >= BATCH_ROWS:
            yield _batch(rows)
            rows, size = [], 0
    if rows:
        yield _batch(rows)


def _batch(rows: list[tuple[object, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, STAGED, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=STAGED)


def _records(unit: Unit, location: str, limits: Limits) -> Iterator[Record]:
    try:
        yield from kinds.read(unit, location, limits)
    # A driver has errors of its own; whatever it is, this unit's last snapshot stays in force.
    except Exception as error:
        yield Record(reason=UNREACHABLE, detail=f"{location}: {type(error).__name__}: {error}"[:500])


def _stored(text: str | None) -> str | None:
    """Without half characters, which JSON can write (`\\ud800` in a package.json) and no table can hold."""
    return text if text is None or text.isascii() else text.encode("utf-8", "replace").decode()


def _row(record: Record, salt: str) -> tuple[object, ...]:
    """The columns of STAGED from `said_repo` on."""
    found = _facts(record.path, record.text)
    return (
        _stored(record.repo),
        _stored(record.path),
        found.content_id,
        record.size_bytes,
        found.text_bytes,
        record.encoding,
        record.converted,
        found.language,
        found.kind,
        found.language_by,
        found.vendored,
        found.generated,
        record.commit_time,
        None if record.author is None else [salted("author", name, salt) for name in author_names(record.author)],
        None if record.licences is None else sorted(str(_stored(name)) for name in record.licences),
        _stored(record.revision),
        record.stars,
        record.reason,
        _stored(record.detail),
        record.text,
    )


class _Facts(NamedTuple):
    """What is found out about a text."""

    content_id: str | None = None
    text_bytes: int | None = None
    language: str | None = None
    kind: str | None = None
    language_by: str | None = None
    vendored: bool | None = None
    generated: bool | None = None


_NONE = _Facts()


def _facts(path: str | None, text: str | None) -> _Facts:
    if path is None or text is None:
        return _NONE
    raw = text.encode()
    found = detect.detect(path, text)
    digest, flags = hashlib.sha256(raw).hexdigest(), (detect.is_vendored(path), detect.is_generated(path, text))
    return _Facts(digest, len(raw), found.language, found.kind, found.by, *flags)


def probed(unit: Unit) -> Iterator[dict[str, object]]:
    """Rows (source_id, unit, fingerprint, error): one per location to read, or one with an error."""
    state = kinds.probe(unit)
    if not state.reachable:
        yield {"source_id": unit.source_id, "unit": None, "fingerprint": None, "error": state.error}
    for location, fingerprint in state.units.items():
        yield {"source_id": unit.source_id, "unit": location, "fingerprint": fingerprint, "error": None}


def unit_of(row: dict[str, str | None]) -> Unit:
    """The unit that a row of the manifest's frame describes."""
    known = {k: row[k] for k in FACTS}
    return replace(Unit("", "", ""), **known)  # type: ignore[arg-type]
