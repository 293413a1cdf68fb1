"""The kinds of web sources: which files one stands for, how to tell whether one has moved, and how to read one."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from schemas.identity import code_identity
from udfs.reading.listing import stamped
from udfs.reading.units import file_system
from udfs.web.captures import MAX_PAGE, host_of
from udfs.web.domains import domain_of, snapshot
from udfs.web.index import Place, page_at, places
from udfs.web.page_sets import set_batches
from udfs.web.pages import PAGES, UNREACHABLE, PageRow, batches, page_batches
from udfs.web.patterns import Pattern, Patterns

_CRAWL_FILES = (".warc", ".warc.gz", ".wet", ".wet.gz")
_SETS = (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".ndjson", ".json", ".json.gz")
LISTED = "listed"
"""Fingerprint of a crawl file that a list names: whoever publishes such lists does not change what they name."""

STAGED = pa.schema(
    [(name, pa.string()) for name in ("source_id", "unit", "page_id", "domain")]
    + [(field.name, field.type) for field in PAGES]
    + [("length", pa.int64())]
)
"""A row of `page_batches` with its unit, identity and domain; or, of an index, a place without a page (`length`)."""

_CODE = code_identity(__name__, data=("web_code.json", "web_sets.json"))
_PLACES = 4096


@dataclass(frozen=True)
class WebUnit:
    """A source as the manifest names it; `root` is what the paths of a list, or of an index, lie below."""

    source_id: str
    kind: str
    location: str
    root: str | None = None


@dataclass(frozen=True)
class Reading:
    """With what units are read: the largest page, in bytes, and the patterns whose pages an index leads to."""

    limit: int = MAX_PAGE
    patterns: tuple[Pattern, ...] = ()

    def version(self) -> str:
        """Part of what a unit was read with: when it moves, every unit is read again. Patterns are no part of it: they
        are of the units of an index alone.
        """
        return hashlib.sha256(f"{_CODE} {self.limit} {snapshot()}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Kind:
    """`state` is {location: fingerprint} and may raise anything when the source cannot be reached."""

    state: Callable[[WebUnit, Reading], dict[str, str]]
    read: Callable[[WebUnit, str, Reading], Iterator[pa.RecordBatch]]


def unit_of(row: dict[str, Any]) -> WebUnit:
    return WebUnit(row["source_id"], row["kind"], row["location"], row["root"])


def probed(unit: WebUnit, reading: Reading) -> Iterator[dict[str, Any]]:
    """Rows (source_id, unit, fingerprint, error): one per file to read, or one with an error."""
    about = {"source_id": unit.source_id}
    try:
        state = WEB_KINDS[unit.kind].state(unit, reading)
    # Every driver has errors of its own, and whatever it is, the source cannot be reached now.
    except Exception as error:
        said, _, _ = (str(error) or type(error).__name__).partition("\n")
        if unit.location not in said:
            said = f"{unit.location}: expected a {unit.kind} that can be read, found {type(error).__name__}: {said}"
        yield about | {"unit": None, "fingerprint": None, "error": said}
        return
    for location, fingerprint in state.items():
        yield about | {"unit": location, "fingerprint": fingerprint, "error": None}


def size(location: str) -> int:
    """Bytes of a file that `probed` gave; 0 where it cannot be told."""
    try:
        files, path = file_system(location)
        return int(files.size(path) or 0)
    except Exception:  # every driver has errors of its own, and reading will say what is wrong
        return 0


def staged_batches(unit: WebUnit, location: str, reading: Reading) -> Iterator[pa.RecordBatch]:
    """Rows of STAGED for every capture of a unit, or place of an index. One that cannot be reached gives a row that
    says so.
    """
    for batch in WEB_KINDS[unit.kind].read(unit, location, reading):
        yield staged(unit.source_id, location, batch)


def staged(source_id: str, location: str, batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of PAGES, with or without `length`, in the columns of STAGED."""
    columns = {name: batch[name] for name in batch.schema.names}
    rows = zip(columns["file"].to_pylist(), columns["offset"].to_pylist(), columns["part"].to_pylist(), strict=True)
    columns["page_id"] = pa.array([page_id(source_id, location, *row) for row in rows], pa.string())
    columns["domain"] = pa.array([domain_of(host) for host in columns["host"].to_pylist()], pa.string())
    for name, value in (("source_id", source_id), ("unit", location)):
        columns[name] = pa.array([value] * len(batch), pa.string())
    columns.setdefault("length", pa.nulls(len(batch), pa.int64()))
    return pa.RecordBatch.from_arrays([columns[name] for name in STAGED.names], schema=STAGED)


def fetched(wanted: list[dict[str, Any]], limit: int) -> Iterator[pa.RecordBatch]:
    """Rows of STAGED for places as `web_places` has them: the page of each, or why there is none."""
    for row in wanted:
        place = Place(row["url"], row["host"], row["file"], row["offset"], row["length"])
        for batch in batches(iter([page_at(place, "", limit)])):
            found = staged(row["source_id"], row["unit"], batch)
            ids = pa.array([row["page_id"]], pa.string())
            yield found.set_column(STAGED.get_field_index("page_id"), "page_id", ids)


def page_id(source_id: str, unit: str, file: str, offset: int, part: int) -> str:
    """The name of a capture."""
    return hashlib.sha256("\0".join((source_id, unit, file, str(offset), str(part))).encode()).hexdigest()


def _files(unit: WebUnit, endings: tuple[str, ...]) -> dict[str, str]:
    return stamped(unit.location, endings, f"files that end in {', '.join(endings)}")


def _crawl_state(unit: WebUnit, reading: Reading) -> dict[str, str]:
    return _files(unit, _CRAWL_FILES)


def _set_state(unit: WebUnit, reading: Reading) -> dict[str, str]:
    return _files(unit, _SETS)


def _list_state(unit: WebUnit, reading: Reading) -> dict[str, str]:
    """A path a line, below `root` unless it is a location of its own; the list may be gzipped, as Common Crawl's."""
    files, path = file_system(unit.location)
    data: bytes = files.cat_file(path)
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        raise FileNotFoundError(f"{unit.location}: expected a path a line, found none")
    root = (unit.root or unit.location.rpartition("/")[0]).rstrip("/")
    return {name if "://" in name or name.startswith("/") else f"{root}/{name}": LISTED for name in names}


def _index_state(unit: WebUnit, reading: Reading) -> dict[str, str]:
    """Other patterns lead to other places."""
    asked = hashlib.sha256(repr(sorted(reading.patterns)).encode()).hexdigest()[:16]
    return {name: f"{fingerprint} {asked}" for name, fingerprint in _files(unit, (".parquet",)).items()}


def _crawl(unit: WebUnit, location: str, reading: Reading) -> Iterator[pa.RecordBatch]:
    return page_batches(location, reading.limit)


def _set(unit: WebUnit, location: str, reading: Reading) -> Iterator[pa.RecordBatch]:
    return set_batches(location)


def _index(unit: WebUnit, location: str, reading: Reading) -> Iterator[pa.RecordBatch]:
    """The places of URLs that a pattern labels; one that cannot be read to its end is void."""
    held: list[Place] = []
    patterns = Patterns(p for p in reading.patterns if p.label)
    try:
        for place in places(location):
            if patterns.matching(place.url):
                held.append(_rooted(place, unit.root))
            if len(held) >= _PLACES:
                yield _place_batch(held)
                held = []
    except (pa.ArrowException, ValueError) as error:
        reason = "unknown_layout" if isinstance(error, ValueError) and "expected the columns" in str(error) else None
        row = PageRow(location, 0, 0, reason=reason or "corrupt_set", detail=str(error)[:500])
        yield from batches(iter([row]))
    except Exception as error:  # a driver has errors of its own
        row = PageRow(location, 0, 0, reason=UNREACHABLE, detail=f"{location}: {type(error).__name__}: {error}"[:500])
        yield from batches(iter([row]))
    if held:
        yield _place_batch(held)


def _rooted(place: Place, root: str | None) -> Place:
    file = place.filename if "://" in place.filename or not root else f"{root.rstrip('/')}/{place.filename}"
    return replace(place, filename=file)


def _place_batch(found: list[Place]) -> pa.RecordBatch:
    rows = [
        vars(PageRow(p.filename, p.offset, 0, kind="place", url=p.url, host=p.host or host_of(p.url))) for p in found
    ]
    batch = pa.RecordBatch.from_pylist(rows, PAGES)
    return batch.append_column("length", pa.array([p.length for p in found], pa.int64()))


WEB_KINDS = {
    "warc": Kind(_crawl_state, _crawl),
    "wet": Kind(_crawl_state, _crawl),
    "paths": Kind(_list_state, _crawl),
    "set": Kind(_set_state, _set),
    "index": Kind(_index_state, _index),
}
