"""From a crawl file to rows of pages: one for each capture, with its text and what it says, or why it has none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime

import pyarrow as pa

from schemas.identity import code_identity
from udfs.reading.decoding import Refusal
from udfs.reading.units import local_file
from udfs.web.captures import MAX_PAGE, Capture, captures
from udfs.web.charsets import decode_page
from udfs.web.depth import TooDeepError
from udfs.web.fences import counts_of
from udfs.web.page_text import content_of, parse
from udfs.web.rights import rights_of

BATCH_BYTES = 16 * 1024**2
BATCH_ROWS = 512
UNREACHABLE = "unreachable"
FAILED = "page_failed"

_CODE = code_identity(__name__, data=("web_code.json",))
_HTML = ("text/html", "application/xhtml+xml")
_PLAIN = "text/plain"


@dataclass
class PageRow:
    """One capture. `text` is None exactly when there is a `reason`: one of WITHOUT_TEXT, corrupt_record,
    truncated_record, too_large, corrupt_body, no_url, binary,
    undecodable, too_deep, page_failed. Offset and part say where in the file."""

    file: str
    offset: int
    part: int
    kind: str | None = None
    url: str | None = None
    host: str | None = None
    captured_at: datetime | None = None
    dump: str | None = None
    status: int | None = None
    content_type: str | None = None
    charset: str | None = None
    charset_by: str | None = None
    digest: str | None = None
    cut: str | None = None
    wrong_length: bool = False
    header_robots: str | None = None
    page_robots: str | None = None
    no_index: bool = False
    no_ai: bool = False
    tdm_reserved: bool | None = None
    licences: tuple[str, ...] = ()
    size_bytes: int | None = None
    title: str | None = None
    content_id: str | None = None
    text_bytes: int | None = None
    code_blocks: int = 0
    code_bytes: int = 0
    code_languages: tuple[str, ...] = ()
    inline_marks: int | None = None
    has_mathematics: bool | None = None
    said_tag: str | None = None
    reason: str | None = None
    detail: str | None = None
    text: str | None = None


_TYPES = {
    "str": pa.string(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "datetime": pa.timestamp("us", tz="UTC"),
    "tuple[str, ...]": pa.list_(pa.string()),
}
PAGES = pa.schema([(f.name, _TYPES[str(f.type).removesuffix(" | None")]) for f in fields(PageRow)])


def version(limit: int = MAX_PAGE) -> str:
    """Part of what a crawl file was read with: when it moves, every file is read again."""
    return hashlib.sha256(f"{_CODE} {limit}".encode()).hexdigest()[:16]


def page_rows(location: str, limit: int = MAX_PAGE) -> Iterator[PageRow]:
    """The rows of a WARC or WET file anywhere. Raises OSError or the driver's own error where it cannot be reached."""
    with local_file(location) as file:
        for capture in captures(file, limit):
            yield page_row(location, capture)


def page_batches(location: str, limit: int = MAX_PAGE) -> Iterator[pa.RecordBatch]:
    """Rows of PAGES; a file that cannot be reached gives one row that says so."""
    yield from batches(or_unreachable(page_rows(location, limit), location))


def batches(rows: Iterable[PageRow]) -> Iterator[pa.RecordBatch]:
    """Rows as Arrow batches of PAGES, bounded in rows and in bytes of text."""
    held, size = list[PageRow](), 0
    for row in rows:
        held.append(row)
        size += len(row.text or "")
        if size >= BATCH_BYTES or len(held) >= BATCH_ROWS:
            yield pa.RecordBatch.from_pylist([vars(r) for r in held], PAGES)
            held, size = [], 0
    if held:
        yield pa.RecordBatch.from_pylist([vars(r) for r in held], PAGES)


def or_unreachable(rows: Iterator[PageRow], location: str) -> Iterator[PageRow]:
    """The rows, and behind them one that says so where the file could not be read to its end: the others are void."""
    try:
        yield from rows
    # A driver has errors of its own; whatever it is, this file's last snapshot stays in force.
    except Exception as error:
        yield PageRow(location, 0, 0, reason=UNREACHABLE, detail=f"{location}: {type(error).__name__}: {error}"[:500])


def page_row(file: str, capture: Capture) -> PageRow:
    """The row of one capture: its text is found, hashed and counted."""
    said = {k: v for k, v in vars(capture).items() if k in PageRow.__dataclass_fields__}
    row = PageRow(file=file, **said, header_robots=capture.robots, reason=capture.problem)
    if capture.body is not None:
        row.size_bytes = len(capture.body)
    row.reason = row.reason or _no_page(capture)
    if row.reason is None and capture.body is not None:
        try:
            _read(row, capture, capture.body)
        except TooDeepError as error:
            row.reason, row.detail = "too_deep", str(error)
        # What no reader foresaw is a fact about this page; the others of the file are still read.
        except Exception as error:
            row.reason, row.detail, row.text, row.content_id = (
                FAILED,
                f"{type(error).__name__}: {error}"[:300],
                None,
                None,
            )
    return row


def _no_page(capture: Capture) -> str | None:
    if capture.kind == "revisit":
        return "revisit"
    if capture.kind == "response" and capture.status is not None and not 200 <= capture.status < 300:
        return "status"
    if not capture.body:
        return "empty"
    is_page = capture.content_type in (*_HTML, _PLAIN) or capture.kind == "conversion"
    # Without a type it is what it looks like.
    looks_so = capture.content_type is None and capture.body[:512].lstrip().startswith(b"<")
    return None if is_page or looks_so else "content_type"


def _read(row: PageRow, capture: Capture, body: bytes) -> None:
    page = decode_page(body, capture.charset)
    if isinstance(page, Refusal):
        row.reason, row.detail = page.reason, page.detail
        return
    row.charset, row.charset_by = page.charset, page.by
    if capture.kind == "conversion" or capture.content_type == _PLAIN:
        rights = rights_of(None, "", capture.url, capture.robots, capture.tdm)
        set_text(row, page.text)
    else:
        tree, markup, blocks = parse(page.text)
        rights = rights_of(tree, markup, capture.url, capture.robots, capture.tdm)
        content = content_of(tree, markup, blocks)
        row.title = content.title or None
        row.inline_marks, row.has_mathematics = content.inline_marks, content.has_mathematics
        set_text(row, content.text)
    row.page_robots, row.licences, row.tdm_reserved = rights.robots, rights.licences, rights.tdm_reserved
    row.no_index, row.no_ai = rights.no_index, rights.no_ai


def set_text(row: PageRow, text: str) -> None:
    """Put a text into a row, with its identity; one of white space only is none."""
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half characters, which JSON can write
        data = text.encode("utf-8", "replace")
        text = data.decode()
    if not data:
        row.reason = "empty"
        return
    row.text = text
    row.content_id, row.text_bytes = hashlib.sha256(data).hexdigest(), len(data)
    row.code_blocks, row.code_bytes, row.code_languages = counts_of(text)
