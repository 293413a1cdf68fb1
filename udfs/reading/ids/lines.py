"""Rows of text files: JSON lines, or CSV with a header; each as an object, or what is wrong with it."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pyarrow as pa

_LONGEST_LINE = 1024**2


@contextmanager
def opened(files: Any, path: str) -> Iterator[IO[bytes]]:
    """A file's bytes, unpacked where its name says that it is packed."""
    with files.open(path, "rb") as file:
        if not path.endswith(".gz"):
            yield file
            return
        with gzip.open(file, "rb") as stream:
            yield stream


def column(values: list[Any], is_list: bool) -> Any:
    """Values of rows as a column of texts, or of lists of them."""
    if not is_list:
        return pa.array([_scalar(value) for value in values], pa.string())
    lists = [value if isinstance(value, list) or value is None else [value] for value in values]
    return pa.array([None if v is None else [_scalar(x) for x in v] for v in lists], pa.list_(pa.string()))


def _scalar(value: Any) -> str | None:
    if value is None or isinstance(value, (list, dict)):
        return None
    return str(value).encode("utf-8", "replace").decode()


def rows(stream: IO[bytes], path: str) -> Iterator[dict[str, Any] | str]:
    """Each row, or what is wrong with it."""
    bare = path.removesuffix(".gz")
    if bare.endswith((".csv", ".tsv")):
        yield from _records(_lines(stream), "\t" if bare.endswith(".tsv") else ",")
        return
    for line in _lines(stream):
        if line is None:
            yield f"expected a line of at most {_LONGEST_LINE} bytes, found a longer one"
        elif line.strip():
            yield _object(line)


def _object(line: str) -> dict[str, Any] | str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"expected a JSON object, found an error: {error}"[:300]
    return row if isinstance(row, dict) else f"expected a JSON object, found {line.strip()[:80]}"


def _records(lines: Iterator[str | None], delimiter: str) -> Iterator[dict[str, Any] | str]:
    reader = csv.reader((line or "" for line in lines), delimiter=delimiter)
    header: list[str] | None = None
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:  # one record's own: the next one starts anew
            yield f"expected a record of a table, found an error: {error}"
            continue
        if record is None:
            return
        if header is None:
            header = record
        elif record:
            yield dict(zip(header, record, strict=False))


def _lines(stream: IO[bytes]) -> Iterator[str | None]:
    """Lines as text, without a byte order mark; None for one that is too long to be an id."""
    start = True
    while line := stream.readline(_LONGEST_LINE):
        is_long = len(line) == _LONGEST_LINE and not line.endswith(b"\n")
        rest = line
        while is_long and rest and not rest.endswith(b"\n"):
            rest = stream.readline(_LONGEST_LINE)
        yield None if is_long else line.decode("utf-8-sig" if start else "utf-8", "backslashreplace")
        start = False
