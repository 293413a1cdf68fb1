"""Published sets of pages as parquet or JSON lines: which columns they have, and what they mean to us."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import IO, Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from udfs.reading import columns
from udfs.reading.decoding import Refusal, decode_utf8
from udfs.reading.units import file_system
from udfs.web.captures import MAX_PAGE, host_of
from udfs.web.pages import PageRow, batches, or_unreachable, set_text

# Rows per batch: with the largest texts that are kept, a batch stays in the hundreds of megabytes.
_BATCH = 64
# A line of JSON holds more than its page: names, numbers, escapes of what is not ASCII.
_LONGEST_LINE = 4 * MAX_PAGE
_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)
_FACTS = ("url", "text", "dump", "captured_at", "title", "tag")


@cache
def known_sets() -> list[dict[str, Any]]:
    """Layouts of udfs/data/web_sets.json, in the order in which they are tried."""
    file = resources.files("udfs").joinpath("data/web_sets.json")
    return list(json.loads(file.read_text(encoding="utf-8"))["sets"])


def layout_of(names: list[str], location: str) -> dict[str, Any]:
    """The layout of a set with these columns. Raises ValueError, naming the file, when they belong to none."""
    for layout in known_sets():
        if set(layout["marks"]) <= set(names):
            return layout
    expected = "; ".join(f"{layout['name']} ({', '.join(layout['marks'])})" for layout in known_sets())
    raise ValueError(f"{location}: expected the columns of one of {expected}, found {', '.join(names)}: rename them")


def set_rows(location: str) -> Iterator[PageRow]:
    """The pages of a parquet file or a file of JSON lines (plain, .gz, .zst), each with its place as `offset`: the
    number of its row or line from 0.

    A row that is damaged is a row with a reason: corrupt_row, too_large, no_content, or one of decode_utf8. Raises
    ValueError where the columns belong to no set, pyarrow's errors for a damaged parquet file, and the driver's own.
    """
    files, path = file_system(location)
    if path.endswith(".parquet"):
        with files.open(path, "rb") as file:
            yield from _parquet_rows(file, location)
    else:
        with files.open(path, "rb", compression=fsspec.utils.infer_compression(path)) as file:
            yield from _json_rows(file, location)


def set_batches(location: str) -> Iterator[pa.RecordBatch]:
    """Rows of PAGES. A file that is damaged or of unknown columns, or that cannot be reached, ends with a row that says
    so (corrupt_set, unknown_layout, unreachable)."""
    yield from batches(or_unreachable(_or_refused(location), location))


def _or_refused(location: str) -> Iterator[PageRow]:
    try:
        yield from set_rows(location)
    except (pa.ArrowException, *_DAMAGE) as error:
        detail = f"{location}: expected a page set that can be read, found damage ({error})"
        yield PageRow(location, 0, 0, reason="corrupt_set", detail=detail[:500])
    except ValueError as error:
        yield PageRow(location, 0, 0, reason="unknown_layout", detail=str(error)[:500])


def _parquet_rows(file: IO[bytes], location: str) -> Iterator[PageRow]:
    with pq.ParquetFile(file) as parquet:
        names = parquet.schema_arrow.names
        layout = layout_of(names, location)
        wanted = [str(layout[fact]) for fact in _FACTS if layout.get(fact) in names]
        number = 0
        for batch in parquet.iter_batches(_BATCH, columns=wanted, use_threads=False):
            values = {name: _values(batch[name], name, layout) for name in wanted}
            for i in range(batch.num_rows):
                yield _row(location, number, layout, {name: column[i] for name, column in values.items()})
                number += 1


def _values(array: Any, name: str, layout: dict[str, Any]) -> list[Any]:
    """As Python values; the text as bytes, for a file may declare UTF-8 and hold something else."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if name == layout["text"] and (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        return list(array.cast(pa.large_binary()).to_pylist())
    if name == layout.get("captured_at"):
        return columns.times(array)
    return columns.texts(array)


def _json_rows(file: IO[bytes], location: str) -> Iterator[PageRow]:
    layout: dict[str, Any] | None = None
    for number, line in enumerate(_lines(file)):
        if line is None:
            detail = f"expected a line of at most {_LONGEST_LINE} bytes, found a longer one"
            yield PageRow(location, number, 0, reason="too_large", detail=detail)
            continue
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            values = error
        if not isinstance(values, dict):
            detail = f"expected a JSON object in line {number + 1}, found {type(values).__name__}: {values}"
            yield PageRow(location, number, 0, reason="corrupt_row", detail=detail[:300])
            continue
        layout = layout or layout_of(list(values), location)
        if (column := layout.get("captured_at")) in values:
            values[column] = columns.times(pa.array([str(values[column])]))[0]
        yield _row(location, number, layout, values)


def _lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Lines, and None for one that is too long, without holding it."""
    reader = file if isinstance(file, io.BufferedIOBase) else io.BufferedReader(file)  # type: ignore[type-var]
    while line := reader.readline(_LONGEST_LINE):
        if len(line) < _LONGEST_LINE or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = reader.readline(_LONGEST_LINE)
        yield None


def _row(location: str, number: int, layout: dict[str, Any], values: dict[str, Any]) -> PageRow:
    def fact(name: str) -> Any:
        return values.get(layout.get(name, ""))

    url, text, when = _said(fact("url")), fact("text"), fact("captured_at")
    row = PageRow(location, number, 0, kind="set", url=url, host=host_of(url or ""))
    row.dump, row.title, row.said_tag = _said(fact("dump")), _said(fact("title")), _said(fact("tag"))
    row.captured_at = when if hasattr(when, "tzinfo") else None
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    found = decode_utf8(data) if isinstance(data, bytes) else Refusal("no_content")
    if isinstance(found, Refusal):
        row.reason, row.detail = found.reason, found.detail
        return row
    row.size_bytes, row.charset, row.charset_by = len(data or b""), "utf-8", "content"
    set_text(row, found.text)
    return row


def _said(value: Any) -> str | None:
    return value.encode("utf-8", "replace").decode() or None if isinstance(value, str) else None
