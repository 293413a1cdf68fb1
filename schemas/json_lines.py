"""Lines that hold one JSON object each, as manifests and labels are given: what is wrong is told with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_SHOWN = 80


def objects(
    place: str, text: str, example: str, error: type[ValueError] = ValueError
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(PLACE: line N, the object) of every line that is not blank. Raises `error`, naming the line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            where = f"{place}: line {number}"
            yield where, object_of(where, line, example, error)


def object_of(where: str, line: str, example: str, error: type[ValueError] = ValueError) -> dict[str, Any]:
    """The object of a line. Raises `error` for anything else, JSON that is nested without end included."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as wrong:
        raise error(f"{where}: expected one JSON object, found an error: {wrong}; as in {example}") from None
    if not isinstance(row, dict):
        raise error(f"{where}: expected one JSON object, found {line.strip()[:_SHOWN]}; as in {example}")
    return row
