"""A small web of known pages: documentation packages of Debian as crawl files of the sites that they are from.

What a package holds is read, never run. Addresses, classes and rules are data (data/web_sites.json); dates and ids of
records follow from these, so that a second fetch writes the same bytes.
"""

from __future__ import annotations

import base64
import fnmatch
import gzip
import hashlib
import heapq
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jobs.corpora import Archive
from jobs.runtime.places import made_folder
from udfs.reading.archives import members

WEB_SETS = ("web", "web-bench")
TAG = "Code"
BY = "refinelake"
# The release that the packages are from.
_DATE = "2023-06-10T12:00:00Z"
_HTTP_DATE = "Sat, 10 Jun 2023 12:00:00 GMT"
_TYPES = {".html": "text/html", ".htm": "text/html", ".xhtml": "application/xhtml+xml"}
_CHARSET = re.compile(rb"<(?:meta|\?xml)\b[^>]{0,300}?\b(?:charset|encoding)\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.I)
_NO_PAGE = re.compile(rb"<frameset\b|http-equiv\s*=\s*[\"']?refresh\b", re.I)
_WITHOUT_SCRIPTS = re.compile(rb"<noscript\b.*?</noscript\s*>", re.I | re.S)
_HIDDEN = re.compile(r"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->", re.I | re.S)
_LINK = re.compile(r"<a\b[^>]*\bhref\b[^>]*>(.*?)</a\s*>", re.I | re.S)
_TAGS = re.compile(r"<[^>]*>|\s+|&[#\w]+;")
# Less is a stub; with a larger share of the text in links a page is a list of others: neither is about anything.
_LEAST_CHARS, _MOST_IN_LINKS = 300, 0.8


@dataclass(frozen=True)
class Part:
    """A folder of a package and its address. What class and rules mean is said in the data."""

    package: str
    folder: str
    url: str
    class_: str | None
    kind: str
    held_out: bool = False
    rules: list[list[str | None]] = field(default_factory=list)

    def judged(self, path: str) -> tuple[str | None, str, str]:
        """Class (None for no label, skip for no page), kind and note of a page."""
        for pattern, class_, *more in self.rules:
            if fnmatch.fnmatchcase(path, pattern or ""):
                kind, note = [*more, None, None][:2]
                return class_, kind or self.kind, note or f"{pattern} of {self.url}"
        return self.class_, self.kind, f"pages of {self.url}"


@dataclass(frozen=True)
class Page:
    """A page with its address and what it is labelled; `label` is None where it is not."""

    url: str
    body: bytes
    media_type: str
    label: bool | None
    kind: str
    note: str
    held_out: bool


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resources.files("jobs").joinpath("data/web_sites.json").read_text())
    return loaded


def packages_of(name: str) -> list[Archive]:
    """The pinned packages of a set."""
    wanted = _data()["sets"][name]["packages"]
    return [Archive(**row) for row in _data()["packages"] if wanted is None or row["name"] in wanted]


def parts() -> list[Part]:
    """Every part, in the order of the data."""
    return [Part(class_=row["class"], **{k: v for k, v in row.items() if k != "class"}) for row in _data()["parts"]]


def write_web(name: str, packages: Iterable[Archive], archives: Path, folder: Path, manifest: Path) -> tuple[int, int]:
    """Write a crawl file a site, the manifest and labels.jsonl; the number of sites and of pages.

    `archives` has the packages as `jobs.corpora.fetch` left them.
    """
    made_folder(folder / "warc")
    held = {a.name: archives / a.archive for a in packages}
    sites = dict[str, list[Part]]()
    for part in parts():
        if part.package in held:
            sites.setdefault(urlsplit(part.url).netloc, []).append(part)
    sources, labels, count = list[str](), list[str](), 0
    for site, some in sorted(sites.items()):
        file = folder / "warc" / f"{site}.warc.gz"
        beside = file.with_suffix(".part")
        with beside.open("wb") as out:
            out.write(_packed(_record("warcinfo", file.name, b"software: refinelake\r\n", "application/warc-fields")))
            for part in some:
                for page in pages_of(part, held[part.package], _data()["sets"][name]["most"]):
                    out.write(b"".join(_packed(record) for record in records(page)))
                    labels += [_label(page)] if page.label is not None else []
                    count += 1
        os.replace(beside, file)
        sources.append(json.dumps({"kind": "warc", "location": str(file.absolute()), "source_id": site}) + "\n")
    manifest.write_text("".join(sources), encoding="utf-8")
    (folder / "labels.jsonl").write_text("".join(labels), encoding="utf-8")
    return len(sites), count


def _label(page: Page) -> str:
    said = {"url": page.url, "tag": TAG, "label": page.label, "by": BY, "kind": page.kind, "note": page.note}
    return json.dumps(said | ({"held_out": True} if page.held_out else {}), ensure_ascii=False) + "\n"


def pages_of(part: Part, archive: Path, most: int) -> list[Page]:
    """Pages of a part: all, or as many as `most` drawn by the hash of their paths."""
    drawn = heapq.nsmallest(most, _found(part, archive), key=lambda found: found[0])
    return [_page(part, path, body) for path, body in sorted((path, body) for _, path, body in drawn)]


def _found(part: Part, archive: Path) -> Iterator[tuple[str, str, bytes]]:
    """(hash, path, bytes) of every page that is one: no link to another, frame, or pointer to another address."""
    for member in members(archive, archive.name):
        path = member.path.removeprefix("./")
        if member.data is None or not path.startswith(part.folder) or Path(path).suffix not in _TYPES:
            continue
        path = path.removeprefix(part.folder)
        if part.judged(path)[0] != "skip" and not _is_pointer(member.data):
            yield hashlib.sha256(f"{part.package} {path}".encode()).hexdigest(), path, member.data


def _is_pointer(body: bytes) -> bool:
    return _NO_PAGE.search(_WITHOUT_SCRIPTS.sub(b"", body[:4096])) is not None


def _page(part: Part, path: str, body: bytes) -> Page:
    class_, kind, note = part.judged(path)
    charset = _charset(body)
    label = None if class_ is None or _is_list(body.decode("utf-8", "replace")) else class_ == "code"
    media_type = _TYPES[Path(path).suffix] + (f"; charset={charset}" if charset else "")
    return Page(part.url + quote(path, safe="/~:,()+@!$"), body, media_type, label, kind, note, part.held_out)


def _charset(body: bytes) -> str | None:
    """What the page says, UTF-8 where it says nothing and is, and nothing where nobody knows."""
    said = _CHARSET.search(body[:4096])
    if said:
        return said[1].decode("ascii").lower()
    try:
        body.decode()
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _is_list(markup: str) -> bool:
    """Whether hardly anything is on a page but links."""
    shown = _HIDDEN.sub(" ", markup)
    size = len(_TAGS.sub("", shown))
    linked = sum(len(_TAGS.sub("", link)) for link in _LINK.findall(shown))
    return size < _LEAST_CHARS or linked > _MOST_IN_LINKS * size


def records(page: Page) -> Iterator[bytes]:
    """Request and response of a page as WARC records."""
    at = urlsplit(page.url)
    asked = f"GET {at.path or '/'} HTTP/1.1\r\nHost: {at.netloc}\r\nUser-Agent: refinelake\r\nAccept: text/html\r\n\r\n"
    yield _record("request", page.url, asked.encode(), "application/http; msgtype=request")
    head = f"HTTP/1.1 200 OK\r\nDate: {_HTTP_DATE}\r\nContent-Type: {page.media_type}\r\n"
    http = f"{head}Content-Length: {len(page.body)}\r\n\r\n".encode() + page.body
    yield _record("response", page.url, http, "application/http; msgtype=response", _digest(page.body))


def _record(kind: str, url: str, block: bytes, media_type: str, payload: str | None = None) -> bytes:
    headers = {"WARC-Type": kind, "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {url}')}>"}
    headers |= {"WARC-Date": _DATE, "WARC-Filename" if kind == "warcinfo" else "WARC-Target-URI": url}
    headers |= {"WARC-Payload-Digest": payload} if payload else {}
    headers |= {"WARC-Block-Digest": _digest(block), "Content-Type": media_type, "Content-Length": str(len(block))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def _digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def _packed(record: bytes) -> bytes:
    return gzip.compress(record, 6, mtime=0)
