"""Rows of an index of crawl files, and the one record that each points at: read by byte range, not by the file."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from udfs.reading import columns
from udfs.reading.units import file_system
from udfs.web.captures import MAX_PAGE, Capture, captures, host_of
from udfs.web.frames import HEADERS
from udfs.web.pages import UNREACHABLE, PageRow, page_row

_BATCH = 8192


@dataclass(frozen=True)
class Place:
    """Where the capture of a URL stands: `length` bytes from `offset` on in the crawl file `filename`."""

    url: str
    host: str | None
    filename: str
    offset: int
    length: int
    status: int | None = None
    content_type: str | None = None


@cache
def known_indexes() -> list[dict[str, str]]:
    """Layouts of udfs/data/web_sets.json."""
    file = resources.files("udfs").joinpath("data/web_sets.json")
    return list(json.loads(file.read_text(encoding="utf-8"))["index"])


def index_layout(names: list[str], location: str) -> dict[str, str]:
    """Which column holds what. Raises ValueError, naming the file, when the columns belong to no index."""
    needed = ("url", "filename", "offset", "length")
    for layout in known_indexes():
        if all(layout[fact] in names for fact in needed):
            return layout
    expected = "; ".join(", ".join(layout[fact] for fact in needed) for layout in known_indexes())
    raise ValueError(f"{location}: expected the columns of one of {expected}, found {', '.join(names)}")


def places(location: str) -> Iterator[Place]:
    """The rows of an index in parquet. A row without a URL or a place is passed over: it points at nothing."""
    files, path = file_system(location)
    with files.open(path, "rb") as file, pq.ParquetFile(file) as parquet:
        layout = index_layout(parquet.schema_arrow.names, location)
        facts = {fact: name for fact, name in layout.items() if name in parquet.schema_arrow.names}
        for batch in parquet.iter_batches(_BATCH, columns=list(facts.values()), use_threads=False):
            values = {fact: _values(batch[name], fact) for fact, name in facts.items()}
            for row in zip(*values.values(), strict=True):
                said = dict(zip(values, row, strict=True))
                if said["url"] and said["filename"] and said["offset"] is not None and (said["length"] or 0) > 0:
                    yield Place(**said | {"host": said.get("host")})


def _values(array: Any, fact: str) -> list[Any]:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return columns.counts(array) if fact in ("offset", "length", "status") else columns.texts(array)


def page_at(place: Place, root: str, limit: int = MAX_PAGE) -> PageRow:
    """The page at a place; its crawl file lies below `root` (a folder, a bucket, an HTTP address), unless its name is a
    location of its own. A place that holds something else is a row with a reason: corrupt_record, wrong_url, too_large
    or one of `PageRow`; one that cannot be reached is unreachable, so that it is tried again.
    """
    location = place.filename if "://" in place.filename else f"{root.rstrip('/')}/{place.filename}"
    if place.length > limit + HEADERS:
        return _without(place, location, "too_large", f"expected at most {limit + HEADERS} bytes, found {place.length}")
    try:
        data = read_range(location, place.offset, place.length)
    except Exception as error:  # a driver has errors of its own
        return _without(place, location, UNREACHABLE, f"{type(error).__name__}: {error}")
    found = next(iter(captures(io.BytesIO(data), limit)), None)
    if found is None:
        return _without(place, location, "corrupt_record", f"expected a capture in {len(data)} bytes, found none")
    row = page_row(location, _moved(found, place))
    if row.url != place.url and row.reason is None:
        return _without(place, location, "wrong_url", f"expected this page, found {row.url}")
    row.url, row.host = place.url, row.host or place.host or host_of(place.url)
    return row


def read_range(location: str, offset: int, length: int) -> bytes:
    """`length` bytes of a file from `offset` on, no more of it. Raises OSError or the driver's own error."""
    files, path = file_system(location)
    data: bytes = files.cat_file(path, start=offset, end=offset + length)
    if len(data) > length:  # a server that knows no ranges sends the whole file
        data = data[offset : offset + length]
    return data


def _moved(capture: Capture, place: Place) -> Capture:
    """The offset is of the crawl file, as it is where the whole file is read."""
    return replace(capture, offset=place.offset + capture.offset)


def _without(place: Place, location: str, reason: str, detail: str) -> PageRow:
    detail = f"{location} at byte {place.offset}: {detail}"[:500]
    return PageRow(
        location, place.offset, 0, url=place.url, host=place.host or host_of(place.url), reason=reason, detail=detail
    )
