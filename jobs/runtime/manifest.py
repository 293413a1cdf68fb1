"""The manifest of sources: one JSON object a line, the full desired state. What it no longer lists is gone."""

from __future__ import annotations

import codecs
import difflib
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import fsspec

from schemas.json_lines import object_of
from schemas.web import SOURCE_KINDS
from udfs.reading.ids.columns import FIELDS
from udfs.reading.ids.source import TEXTS_KINDS
from udfs.reading.kinds import KINDS

_TYPES: dict[str, type] = {
    "kind": str,
    "location": str,
    "source_id": str,
    "repo": str,
    "revision": str,
    "stars": int,
    "licences": list,
    "commit_time": str,
    "root": str,
    "texts": str,
    "texts_kind": str,
    "columns": dict,
}
_EXAMPLE = '{"kind": "archive", "location": "data/requests-2.31.0.tar.gz"}'
_OF_IDS = ("texts", "texts_kind", "columns")
_EXAMPLE_OF_IDS = '{"kind": "ids", "location": "ids.parquet", "texts": "mirrors", "texts_kind": "git"}'


class ManifestError(ValueError):
    """The manifest has an error: nothing was written."""


@dataclass(frozen=True)
class Source:
    """One line. All but kind and location only fill what the source itself cannot say."""

    source_id: str
    kind: str
    location: str
    repo: str | None = None
    revision: str | None = None
    stars: int | None = None
    licences: tuple[str, ...] | None = None
    commit_time: datetime | None = None
    root: str | None = None
    texts: str | None = None
    texts_kind: str | None = None
    columns: str | None = None
    """As JSON, for it is one of a unit's facts, which are texts."""


@dataclass(frozen=True)
class Half:
    """What a manifest of one half may say: kinds, fields, and a line of it as an example."""

    command: str
    kinds: Collection[str]
    fields: tuple[str, ...]
    example: str


CODE = Half("refinelake run", KINDS, tuple(n for n in _TYPES if n != "root"), _EXAMPLE)
WEB = Half(
    "refinelake web run",
    SOURCE_KINDS,
    ("kind", "location", "source_id", "root"),
    '{"kind": "warc", "location": "crawl/CC-MAIN-00001.warc.gz"}',
)
_HALVES = (CODE, WEB)


def read_manifest(place: str, half: Half = CODE) -> list[Source]:
    """All sources of a manifest. Raises ManifestError naming file, line, field and remedy."""
    try:
        with fsspec.open(place, "rb") as file:
            text = _decoded(file.read())
    except (OSError, UnicodeDecodeError) as e:
        raise ManifestError(f"{place}: expected a readable JSON-lines file in UTF-8, found {e}") from None
    sources: list[Source] = []
    line_of: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        source = _source(f"{place}: line {number}", line, half)
        if source.source_id in line_of:
            raise ManifestError(
                f"{place}: line {number}: source_id: expected each source once, found {source.source_id!r} on line "
                f"{line_of[source.source_id]} too; remove one of the two lines, or give one a source_id of its own"
            )
        line_of[source.source_id] = number
        sources.append(source)
    if not sources:
        raise ManifestError(
            f"{place}: expected at least one source, found none; write one object a line: {half.example}"
        )
    return sources


def _source(where: str, line: str, half: Half) -> Source:
    row = object_of(where, line, half.example, ManifestError)
    for name, value in row.items():
        _check_field(where, name, value, half)
    for name in ("kind", "location"):
        if not row.get(name):
            raise ManifestError(f"{where}: {name}: expected a value, found none; add it, as in {half.example}")
    if row["kind"] not in half.kinds:
        other = next((h.command for h in _HALVES if row["kind"] in h.kinds), None)
        remedy = f"{other} reads such sources" if other else "correct it"
        raise ManifestError(f"{where}: kind: expected one of {', '.join(half.kinds)}, found {row['kind']!r}; {remedy}")
    _check_ids(where, row)
    location, revision = row["location"], row.get("revision")
    return Source(
        source_id=row.get("source_id") or _without(revision, location),
        kind=row["kind"],
        location=location,
        repo=row.get("repo"),
        revision=revision,
        stars=row.get("stars"),
        licences=None if row.get("licences") is None else tuple(sorted(row["licences"])),
        commit_time=_time(where, row.get("commit_time")),
        root=row.get("root"),
        texts=row.get("texts"),
        texts_kind=row.get("texts_kind"),
        columns=json.dumps(row["columns"], sort_keys=True) if row.get("columns") else None,
    )


def _decoded(raw: bytes) -> str:
    """UTF-8 with or without its mark, or UTF-16 with one: what editors and shells of Windows write. Raises
    UnicodeDecodeError.
    """
    marked = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return raw.decode("utf-16" if marked else "utf-8-sig")


def _without(revision: str | None, location: str) -> str:
    """The location without the revision where that stands by itself: "main" is no part of domain.git, nor 1.2 of 11.2
    or 1.2.3; in jquery3.1.tgz the number does. A part of the path that has no other name keeps it: repos/main.git.
    """
    if not revision:
        return location
    before = r"(?<!\d)(?<!\d\.)" if revision[0].isdigit() else r"(?<![^\W_])"
    after = r"(?!\d)(?!\.\d)" if revision[-1].isdigit() else r"(?![^\W_])"
    found = re.compile(before + re.escape(revision) + after)
    *folders, last = location.split("/")
    versions = any(c.isdigit() for c in revision)
    left = [found.sub("", part) if versions or _is_named(found.sub("", part)) else part for part in folders]
    shorter = "/".join([*left, found.sub("", last) if _is_named(found.sub("", last)) else last])
    # A revision may hold slashes itself: feature/x.
    whole = found.sub("", location) if "/" in revision else shorter
    return whole if _is_named(whole.rpartition("/")[2]) else location


def _is_named(part: str) -> bool:
    """Whether something is left beside the file's ending."""
    return re.search(r"[^\W_]", re.sub(r"(?:\.[A-Za-z]\w*)+$", "", part)) is not None


def _check_field(where: str, name: str, value: Any, half: Half) -> None:
    if name not in half.fields:
        near = difflib.get_close_matches(name, half.fields, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(half.fields)}"
        raise ManifestError(f"{where}: {name}: expected a known field, found {name!r}; {hint}")
    wanted = _TYPES[name]
    if value is None:
        return
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise ManifestError(f"{where}: {name}: expected {_say(wanted)}, found {value!r}; correct it or leave it out")
    if name == "stars" and value < 0:
        raise ManifestError(f"{where}: stars: expected a number from 0, found {value}; correct it or leave it out")
    if name == "licences" and not all(isinstance(v, str) for v in value):
        raise ManifestError(f'{where}: licences: expected a list of names, found {value!r}; as in ["MIT"]')


def _check_ids(where: str, row: dict[str, Any]) -> None:
    """What a list of ids needs beside its location, and nothing else has."""
    if row["kind"] != "ids":
        if name := next((n for n in _OF_IDS if row.get(n)), None):
            kind = row["kind"]
            raise ManifestError(f"{where}: {name}: expected on kind ids only, found it on kind {kind!r}; leave it out")
        return
    if not row.get("texts"):
        found = "expected the place where texts are looked for, found none"
        raise ManifestError(f"{where}: texts: {found}; add it, as in {_EXAMPLE_OF_IDS}")
    if row.get("texts_kind") not in TEXTS_KINDS:
        expected = f"expected one of {', '.join(TEXTS_KINDS)}, found {row.get('texts_kind')!r}"
        raise ManifestError(f"{where}: texts_kind: {expected}; say what {row['texts']} is, as in {_EXAMPLE_OF_IDS}")
    for field, name in (row.get("columns") or {}).items():
        if field not in FIELDS:
            near = difflib.get_close_matches(field, FIELDS, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(FIELDS)}"
            raise ManifestError(f"{where}: columns: expected a known field, found {field!r}; {hint}")
        if not isinstance(name, str) or not name:
            raise ManifestError(f"{where}: columns: expected the name of a column for {field}, found {name!r}; mend it")


def _say(wanted: type) -> str:
    return {str: "a string", int: "a whole number", list: "a list", dict: "an object"}[wanted]


def _time(where: str, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        raise ManifestError(
            f"{where}: commit_time: expected ISO 8601, found {value!r}; write it as 2024-05-01T00:00:00Z"
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
