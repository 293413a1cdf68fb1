"""Lines that label pages or URL patterns: one JSON object each, checked before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from schemas.json_lines import objects
from udfs.web.patterns import Pattern, Patterns

_FIELDS: dict[str, type] = {
    "url": str,
    "pattern": str,
    "tag": str,
    "label": bool,
    "by": str,
    "kind": str,
    "note": str,
    "held_out": bool,
}
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")
_EXAMPLE = '{"url": "https://docs.python.org/3/", "tag": "Code", "label": true, "by": "ann"}'


class LabelError(ValueError):
    """A label has an error: nothing was written."""


def read_labels(place: str, text: str, by: str | None) -> list[dict[str, Any]]:
    """The labels of a file of JSON lines; `by` says who, where a line does not. Raises LabelError, naming the line."""
    rows = [label_of(where, row, by) for where, row in objects(place, text, _EXAMPLE, LabelError)]
    if not rows:
        raise LabelError(f"{place}: expected at least one label, found none; write one object a line: {_EXAMPLE}")
    return rows


def label_of(where: str, row: dict[str, Any], by: str | None) -> dict[str, Any]:
    """A label with all of its fields. Raises LabelError."""
    for name, value in row.items():
        if name not in _FIELDS:
            raise LabelError(f"{where}: expected fields out of {', '.join(_FIELDS)}, found {name}; leave it out")
        if value is not None and not isinstance(value, _FIELDS[name]):
            wanted = "true or false" if _FIELDS[name] is bool else "a string"
            raise LabelError(f"{where}: {name}: expected {wanted}, found {value!r}; correct it")
    found = {"by": by, "held_out": False, "kind": None, "note": None} | {k: v for k, v in row.items() if v is not None}
    if bool(found.get("url")) == bool(found.get("pattern")):
        raise LabelError(f"{where}: expected a url or a pattern, found {'both' if found.get('url') else 'neither'}")
    for name in ("tag", "label", "by"):
        if found.get(name) in (None, ""):
            raise LabelError(f"{where}: {name}: expected a value, found none; add it, as in {_EXAMPLE}")
    if not _TAG.fullmatch(found["tag"]):
        raise LabelError(f"{where}: tag: expected a name as Code, of letters, digits, - and _, found {found['tag']!r}")
    if found["by"] == "paper":
        raise LabelError(f"{where}: by: expected who says so, found paper, whose patterns are laid in by the run")
    if pattern := found.get("pattern"):
        try:
            Patterns([Pattern(pattern, found["tag"])])
        except ValueError as error:
            raise LabelError(f"{where}: {error}") from None
    return found


def page_rows(labels: Iterable[dict[str, Any]], now: datetime | None = None) -> list[dict[str, Any]]:
    """Rows of page_labels; of several on one page by one person the last holds."""
    at = now or datetime.now(UTC)
    names = ("url", "tag", "by", "label", "kind", "held_out", "note")
    rows = {(r["url"], r["tag"], r["by"]): {n: r[n] for n in names} for r in labels if r.get("url")}
    return [{**row, "labelled_at": at} for row in rows.values()]


def pattern_rows(labels: Iterable[dict[str, Any]], now: datetime | None = None) -> list[dict[str, Any]]:
    """Rows of url_patterns."""
    at = now or datetime.now(UTC)
    names = ("pattern", "tag", "by", "label")
    rows = {(r["pattern"], r["tag"], r["by"]): {n: r[n] for n in names} for r in labels if r.get("pattern")}
    return [{**row, "labelled_at": at} for row in rows.values()]
