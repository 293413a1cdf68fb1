"""Files of benchmarks: JSON lines or a JSON list, gzipped or not; mistakes name the file and the row."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def rows(file: str | Path) -> list[Row]:
    """Rows of .jsonl, .json or either gzipped. Raises ValueError that names the file."""
    file = Path(file)
    if not file.is_file():
        raise ValueError(f"{file}: expected a benchmark file, found none; name one with its path")
    try:
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        text = raw.decode("utf-8")
        found = json.loads(text) if text.lstrip().startswith("[") else json_lines(text)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{file}: expected JSON lines or a JSON list, found {error}; take the file anew") from None
    if not found or not all(isinstance(row, dict) for row in found):
        what = "no row" if not found else "a row that is no object"
        raise ValueError(f"{file}: expected rows that are JSON objects, found {what}; take the file anew")
    return list(found)


def json_lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.split("\n") if line.strip()]


def field(row: Row, name: str, file: str | Path, *others: str) -> Any:
    """What a row holds under a name, or under one of `others`. Raises ValueError that names the file and the names."""
    for each in (name, *others):
        if each in row:
            return row[each]
    names = ", ".join(list(row)[:8])
    raise ValueError(f"{file}: expected rows with {name}, found {names}; is it a file of this benchmark's form?")
