"""Published sets of source code as parquet: which columns they have, and what they mean to us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from udfs.reading import columns, nested
from udfs.reading.decoding import Refusal, decode_utf8

# Rows per batch: with the largest texts that are kept, a batch stays in the hundreds of megabytes.
_BATCH = 64


@dataclass(frozen=True)
class Layout:
    """The columns of one set, inner ones as `outer.inner` (udfs/reading/nested.py). A layout is recognised by all of
    `marks` being there; the others are used if they are.
    """

    name: str
    marks: tuple[str, ...]
    text: str
    path: str
    repo: str
    revision: str | None = None
    stars: str | None = None
    licences: str | None = None
    commit_time: str | None = None
    language: str | None = None
    encoding: str | None = None

    def columns(self) -> tuple[str, ...]:
        optional = (self.revision, self.stars, self.licences, self.commit_time, self.language, self.encoding)
        return (self.text, self.path, self.repo, *(column for column in optional if column))


LAYOUTS = (
    Layout(
        name="The Stack v1",
        marks=("content", "max_stars_repo_path", "max_stars_repo_name"),
        text="content",
        path="max_stars_repo_path",
        repo="max_stars_repo_name",
        revision="max_stars_repo_head_hexsha",
        stars="max_stars_count",
        licences="max_stars_repo_licenses",
        # max_stars_repo_stars_event_*_datetime tell when stars were given: they are no commit time.
        language="lang",
    ),
    Layout(
        name="The Stack v2",
        marks=("content", "path", "repo_name", "revision_id"),
        text="content",
        path="path",
        repo="repo_name",
        revision="revision_id",
        stars="star_events_count",
        licences="detected_licenses",
        commit_time="committer_date",
        language="language",
        encoding="src_encoding",
    ),
    Layout(
        name="codeparrot/github-code",
        marks=("code", "path", "repo_name"),
        text="code",
        path="path",
        repo="repo_name",
        licences="license",
        language="language",
    ),
    Layout(
        name="codeparrot-clean",
        marks=("content", "path", "repo_name", "license"),
        text="content",
        path="path",
        repo="repo_name",
        licences="license",
    ),
    # A row a repository. Its github_metadata.repo_created_at is no commit time.
    Layout(
        name="The Stack v3",
        marks=("files.content", "files.path", "repo_path"),
        text="files.content",
        path="files.path",
        repo="repo_path",
        revision="commit_id",
        stars="github_metadata.stars",
        licences="files.detected_licenses",
        language="files.language",
        encoding="files.src_encoding",
    ),
    Layout(
        name="The Stack v2 by repositories",
        marks=("files.content", "files.path", "repo_name"),
        text="files.content",
        path="files.path",
        repo="repo_name",
        revision="revision_id",
        stars="star_events_count",
        licences="files.detected_licenses",
        commit_time="committer_date",
        language="files.language",
        encoding="files.src_encoding",
    ),
)


@dataclass(frozen=True)
class Row:
    """One file of a set. `text` is None exactly when there is a `reason`: one of empty, too_large, binary,
    undecodable, no_content, no_path."""

    path: str | None
    repo: str | None
    revision: str | None
    stars: int | None
    licences: tuple[str, ...] | None
    commit_time: datetime | None
    size_bytes: int | None
    encoding: str | None
    converted: bool
    text: str | None
    reason: str | None
    detail: str | None
    language_hint: str | None


def layout_of(columns: list[str], name: str) -> Layout:
    """The layout that the columns belong to. Raises ValueError, naming the file, when they belong to none."""
    for layout in LAYOUTS:
        if set(layout.marks) <= set(columns):
            return layout
    expected = "; ".join(f"{layout.name} ({', '.join(layout.marks)})" for layout in LAYOUTS)
    found = ", ".join(columns)
    raise ValueError(
        f"{name}: expected the columns of one of {expected}, found {found}: rename the columns to match one"
    )


def rows(file: str | IO[bytes], name: str) -> Iterator[Row]:
    """The rows of a parquet file, in its order. `name` is for messages.

    Raises ValueError when no layout fits (see `layout_of`) or a column cannot be read as what it should be, and
    pyarrow's errors when the file is damaged.
    """
    with pq.ParquetFile(file) as parquet:
        found = nested.names(parquet.schema_arrow)
        layout = layout_of(found, name)
        wanted = [column for column in layout.columns() if column in found]
        read = nested.outer(wanted, parquet.schema_arrow)
        # A row that holds the files of a repository is as large as many.
        for batch in parquet.iter_batches(1 if "." in layout.text else _BATCH, columns=read, use_threads=False):
            for part in nested.columns(batch, wanted, _BATCH):
                values = [_values(part[column], column, layout, name) for column in wanted]
                for row in zip(*values, strict=True):
                    yield _row(layout, dict(zip(wanted, row, strict=True)))


def _values(array: Any, column: str, layout: Layout, name: str) -> list[Any]:
    """As Python values. The text as bytes, for a file may declare UTF-8 and hold something else; without texts there is
    no set, but any other fact that is none of its kind is missing in its own row alone."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if column == layout.text:
        try:
            return list(array.cast(pa.large_binary(), safe=False).to_pylist())
        except pa.ArrowException as error:
            expected = f"expected {column} as {pa.large_binary()}"
            raise ValueError(f"{name}: {expected}, found {array.type} ({error})") from error
    read: dict[str | None, Callable[[Any], list[Any]]] = {
        layout.commit_time: columns.times,
        layout.stars: columns.counts,
        layout.licences: columns.text_lists,
    }
    reader: Callable[[Any], list[Any]] = read.get(column, columns.texts)
    return reader(array)


def _row(layout: Layout, values: dict[str, Any]) -> Row:
    def value(column: str | None) -> Any:
        return values.get(column) if column else None

    path = str(value(layout.path) or "").lstrip("/")
    data: bytes | None = value(layout.text)
    outcome = Refusal("no_content") if data is None else decode_utf8(data)
    if not path:
        outcome = Refusal("no_path")
    text = None if isinstance(outcome, Refusal) else outcome
    # The makers of a set may have converted a file: then its own encoding is the one they name.
    original = str(value(layout.encoding) or "").lower()
    converted = original not in ("", "utf-8", "utf8", "ascii", "us-ascii")
    return Row(
        path=path or None,
        repo=value(layout.repo) or None,
        revision=value(layout.revision) or None,
        stars=value(layout.stars),
        licences=value(layout.licences),
        commit_time=value(layout.commit_time),
        size_bytes=None if data is None else len(data),
        encoding=None if text is None else (original if converted else text.encoding),
        converted=text is not None and converted,
        text=None if text is None else text.text,
        reason=outcome.reason if isinstance(outcome, Refusal) else None,
        detail=outcome.detail if isinstance(outcome, Refusal) else None,
        language_hint=value(layout.language) or None,
    )
