"""The captures in a WARC or WET file: what was asked for, when, and what came back."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from urllib.parse import urlsplit

from fastwarc.warc import HeaderMap, WarcRecord

from udfs.reading.decoding import MAX_BYTES
from udfs.web.bodies import BodyError, body_of
from udfs.web.frames import HEADERS, Frame, frames

MAX_PAGE = MAX_BYTES
"""A larger page is data, as a larger file of a repository is."""

_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([^\s\"';]+)", re.I)
_CRAWL = re.compile(r"CC-MAIN-\d{4}-\d{2}")
_KINDS = ("response", "resource", "revisit", "conversion")


@dataclass(frozen=True)
class Capture:
    """One answer of a server, or a `problem`: a reason of `Frame`, or one of corrupt_body, too_large, no_url.

    `kind` is response, resource, revisit (the server had sent the same before: no body, `digest` tells which) or
    conversion (the text of a page, of a WET file). `robots` and `tdm` are the headers X-Robots-Tag and tdm-reservation.
    """

    offset: int
    part: int
    kind: str | None = None
    url: str | None = None
    host: str | None = None
    captured_at: datetime | None = None
    status: int | None = None
    content_type: str | None = None
    charset: str | None = None
    robots: str | None = None
    tdm: str | None = None
    digest: str | None = None
    dump: str | None = None
    cut: str | None = None
    wrong_length: bool = False
    body: bytes | None = None
    problem: str | None = None
    detail: str | None = None


def captures(file: IO[bytes], limit: int = MAX_PAGE) -> Iterator[Capture]:
    """Every capture of a WARC or WET file (plain or gzip), and every record that could not be read, in file order.

    What the crawler sent, its notes and the file's own description give nothing. Bad content never raises.
    """
    dump = None
    for frame in frames(file, limit):
        if frame.data is None:
            yield Capture(frame.offset, frame.part, problem=frame.problem, detail=frame.detail)
            continue
        try:
            record = WarcRecord.from_bytes(frame.data)
            kind = str(record.record_type)
            if kind in _KINDS:
                yield _capture(record, frame, kind, dump, limit)
            elif kind == "warcinfo":
                dump = _dump(record)
        except (OSError, ValueError) as error:
            detail = f"expected a WARC record, found {error}"[:300]
            yield Capture(frame.offset, frame.part, problem="corrupt_record", detail=detail)


def _dump(record: WarcRecord) -> str | None:
    """The crawl that a file says it belongs to, by the name that Common Crawl gives to them."""
    found = _CRAWL.search(record.reader.read().decode("utf-8", "replace") if record.reader else "")
    return found[0] if found else None


def _capture(record: WarcRecord, frame: Frame, kind: str, dump: str | None, limit: int) -> Capture:
    headers = record.headers
    url = (headers.get("WARC-Target-URI") or "").strip().strip("<>")
    facts: dict[str, object] = {
        "offset": frame.offset,
        "part": frame.part,
        "kind": kind,
        "url": url or None,
        "host": host_of(url),
        "captured_at": _date(record),
        "digest": headers.get("WARC-Payload-Digest"),
        "dump": dump,
        "cut": headers.get("WARC-Truncated"),
        "wrong_length": frame.wrong_length,
    }
    if not url:
        return Capture(**facts, problem="no_url", detail="expected WARC-Target-URI, found none")  # type: ignore[arg-type]
    http: HeaderMap | None = None
    if kind in ("response", "revisit") and "http" in (headers.get("Content-Type") or "http").lower():
        record.parse_http(quirks_mode=True, max_header_len=HEADERS)
        http = record.http_headers
    facts |= _said(http, headers)
    data = record.reader.read() if record.reader else b""
    facts["digest"] = facts["digest"] or (None if kind == "revisit" else _digest(data))
    if kind == "revisit":
        return Capture(**facts)  # type: ignore[arg-type]
    try:
        body = body_of(data, _of(http, "Transfer-Encoding"), _of(http, "Content-Encoding"), limit)
    except BodyError as error:
        return Capture(**facts, problem=error.reason, detail=error.detail)  # type: ignore[arg-type]
    return Capture(**facts, body=body)  # type: ignore[arg-type]


def _said(http: HeaderMap | None, headers: HeaderMap) -> dict[str, object]:
    content_type = _of(http, "Content-Type") if http is not None else (headers.get("Content-Type") or "")
    charset = _CHARSET.search(content_type)
    return {
        "status": http.status_code if http is not None else None,
        "content_type": content_type.partition(";")[0].strip().lower() or None,
        "charset": charset[1] if charset else None,
        "robots": _of(http, "X-Robots-Tag") or None,
        "tdm": _of(http, "tdm-reservation") or None,
    }


def _of(http: HeaderMap | None, name: str) -> str:
    """All values of a header, joined as HTTP joins them."""
    return ", ".join(http.get_multiple(name)) if http is not None else ""


def _date(record: WarcRecord) -> datetime | None:
    try:
        return record.record_date
    except ValueError:
        return None


def _digest(data: bytes) -> str:
    """As WARC files write it."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def host_of(url: str) -> str | None:
    """The host in lower case, without user and port; None where the URL has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".") or None
    except ValueError:
        return None
