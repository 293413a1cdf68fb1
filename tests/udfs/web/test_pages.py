"""From crawl files, page sets and indexes to rows: a text, or a reason."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from schemas.contract import arrow_type
from schemas.web import PAGE_TEXTS, WEB_PAGES, WITHOUT_TEXT
from tests.udfs.web.warcs import http as answer
from tests.udfs.web.warcs import page, record
from udfs.web import pages
from udfs.web.index import Place, page_at, places
from udfs.web.page_sets import set_batches, set_rows
from udfs.web.page_text import content_of
from udfs.web.pages import PAGES, PageRow, page_batches, page_rows
from udfs.web.rights import directives

CARRIED = Path(__file__).parents[4] / "shared/data/warc"
BODY = b"<title>A page</title><div><main><p>Call <code>f</code>.</p><pre class='language-go'>f()</pre></main></div>"


def rows_of(folder: Path, *records: bytes) -> list[PageRow]:
    (folder / "x.warc").write_bytes(b"".join(records))
    return list(page_rows(str(folder / "x.warc")))


def test_a_page_and_all_that_is_known_of_it(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, page(BODY, "https://Docs.a.example/x", {"X-Robots-Tag": "noai"}))
    text = "Call `f`.\n\n```go\nf()\n```"
    assert row.text == text and row.content_id == hashlib.sha256(text.encode()).hexdigest()
    assert (row.title, row.host, row.status, row.content_type) == ("A page", "docs.a.example", 200, "text/html")
    assert (row.code_blocks, row.code_bytes, row.code_languages, row.inline_marks) == (1, 3, ("go",), 1)
    assert (row.size_bytes, row.text_bytes, row.charset, row.charset_by) == (len(BODY), len(text), "utf-8", "header")
    assert (row.header_robots, row.no_ai, row.no_index, row.reason) == ("noai", True, False, None)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (record(answer(BODY, status="HTTP/1.1 404 Not Found")), "status"),
        (record(answer(BODY, status="HTTP/1.1 301 Moved")), "status"),
        (page(b"GIF89a", headers={"Content-Type": "image/gif"}), "content_type"),
        (page(b"%PDF-1.4", headers={"Content-Type": "application/pdf"}), "content_type"),
        (page(b""), "empty"),
        (page(b"<p> </p>"), "empty"),
        (page(b"\x89PNG\r\n\x1a\n\0\0\0" + bytes(range(256)) * 9), "binary"),
        (page(b"<p>", headers={"Content-Encoding": "odd"}), "corrupt_body"),
        (page(b"<div>" * 5000), "too_deep"),
        (record(answer(b""), kind="revisit"), "revisit"),
        (record(answer(BODY), url=""), "no_url"),
    ],
)
def test_every_capture_without_a_text_has_a_reason(tmp_path: Path, made: bytes, reason: str) -> None:
    first, second = rows_of(tmp_path, made, page(BODY))
    assert (first.reason, first.text, first.content_id) == (reason, None, None)
    assert second.text is not None and second.offset == len(made)
    assert (reason in WITHOUT_TEXT) == (reason in ("status", "content_type", "empty", "revisit"))


def test_a_page_that_fails_is_told_and_the_next_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def content(tree: object, markup: str, blocks: object) -> object:
        if "bad" in markup:
            raise RuntimeError("odd")
        return content_of(tree, markup, blocks)  # type: ignore[arg-type]

    monkeypatch.setattr(pages, "content_of", content)
    bad, good = rows_of(tmp_path, page(b"<p>bad</p>"), page(BODY))
    assert (bad.reason, bad.detail, bad.text) == ("page_failed", "RuntimeError: odd", None)
    assert good.reason is None and good.text


def test_texts_that_are_no_markup_stay_as_they_are(tmp_path: Path) -> None:
    text = "x < y\n    <b> & `z`\n"
    plain, wet = rows_of(
        tmp_path,
        page(text.encode(), headers={"Content-Type": "text/plain"}),
        record(text.encode(), kind="conversion", content_type="text/plain"),
    )
    assert plain.text == wet.text == text.strip() and (plain.code_blocks, wet.code_blocks) == (0, 0)


def test_a_page_without_a_type_is_what_it_looks_like(tmp_path: Path) -> None:
    made = [page(b, headers={"Content-Type": ""}) for b in (b" <html><p>x", b"x")]
    assert [r.reason for r in rows_of(tmp_path, *made)] == [None, "content_type"]


@pytest.mark.parametrize(
    ("head", "facts"),
    [
        ("<meta name='ROBOTS' content='NoIndex, follow'>", {"page_robots": "NoIndex, follow", "no_index": True}),
        ("<meta name=robots content=none>", {"no_index": True}),
        ("<meta name=robots content=noai>", {"no_ai": True}),
        ("<meta name=googlebot content=noindex>", {"no_index": False, "page_robots": None}),
        ("<meta name='tdm-reservation' content='1'>", {"tdm_reserved": True}),
        ("<meta name='tdm-reservation' content='0'>", {"tdm_reserved": False}),
        ("", {"tdm_reserved": None, "licences": (), "no_index": False, "no_ai": False}),
        ("<link rel='license' href='/terms'>", {"licences": ("https://a.example/terms",)}),
        ("<a rel='nofollow license' href='https://b.example/l'>x</a>", {"licences": ("https://b.example/l",)}),
        (
            "<a href='https://creativecommons.org/licenses/by/4.0/'>x</a>",
            {"licences": ("https://creativecommons.org/licenses/by/4.0/",)},
        ),
        ("<a href='https://creativecommons.org/about/'>x</a>", {"licences": ()}),
        ("<a rel=license href='http://[bad'>x</a>", {"licences": ()}),
    ],
)
def test_rights_are_kept_as_facts(tmp_path: Path, head: str, facts: dict[str, object]) -> None:
    (row,) = rows_of(tmp_path, page(f"<html><head>{head}</head><body><p>x</p></body>".encode()))
    assert {name: getattr(row, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("noindex, nofollow", {"noindex", "nofollow"}),
        ("googlebot: noindex, nofollow", set()),
        ("googlebot: noindex, robots: noai", {"noai"}),
        ("max-snippet:-1, NOINDEX", {"max-snippet", "noindex"}),
        (None, set()),
    ],
)
def test_directives_for_all_readers(said: str | None, found: set[str]) -> None:
    assert directives(said) == found


def test_batches_hold_every_row_in_the_types_of_the_schema(tmp_path: Path) -> None:
    made = [page(BODY, f"https://a.example/{n}") for n in range(pages.BATCH_ROWS + 3)]
    (tmp_path / "x.warc.gz").write_bytes(b"".join(gzip.compress(m) for m in made))
    found = list(page_batches(str(tmp_path / "x.warc.gz")))
    assert [b.num_rows for b in found] == [pages.BATCH_ROWS, 3] and all(b.schema == PAGES for b in found)
    assert pa.Table.from_batches(found)["url"].to_pylist() == [f"https://a.example/{n}" for n in range(len(made))]


def test_a_file_that_cannot_be_reached_says_so(tmp_path: Path) -> None:
    (batch,) = page_batches(str(tmp_path / "none.warc"))
    assert batch["reason"].to_pylist() == ["unreachable"] and "none.warc" in batch["detail"].to_pylist()[0]


@pytest.mark.skipif(not CARRIED.is_dir(), reason="the carried crawl files are not beside this checkout")
def test_common_crawls_own_files_go_through() -> None:
    found = {p.name: list(page_rows(str(p))) for p in sorted(CARRIED.glob("*.gz"))}
    assert {name: len(rows) for name, rows in found.items()} == {
        "cc-main-2020-34-sample.warc.gz": 4,
        "cc-main-2024-22-whirlwind.warc.gz": 1,
        "cc-main-2024-22-whirlwind.warc.wat.gz": 0,
        "cc-main-2024-22-whirlwind.warc.wet.gz": 1,
    }
    assert [r.reason for rows in found.values() for r in rows] == [None] * 6
    assert [r.charset for r in found["cc-main-2020-34-sample.warc.gz"]] == ["cp1252", "cp1252", "gb18030", "utf-8"]
    (wikipedia,) = found["cc-main-2024-22-whirlwind.warc.gz"]
    assert "https://creativecommons.org/licenses/by-sa/4.0/" in wikipedia.licences
    assert (wikipedia.dump, wikipedia.title) == ("CC-MAIN-2024-22", "Escopete - Biquipedia, a enciclopedia libre")


FINEWEB: dict[str, Any] = {
    "text": "Füße",
    "id": "<urn:1>",
    "dump": "CC-MAIN-2023-50",
    "url": "https://a.example/x",
    "date": "2023-12-01T10:00:00Z",
    "file_path": "s3://x",
    "language": "en",
}
SETS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "FineWeb": (
        FINEWEB,
        {"url": "https://a.example/x", "host": "a.example", "dump": "CC-MAIN-2023-50", "said_tag": None}
        | {"captured_at": datetime(2023, 12, 1, 10, tzinfo=UTC)},
    ),
    "SkyPile": ({"text": "Füße"}, {"url": None, "host": None, "captured_at": None}),
    "AutoMathText": (
        {"url": "https://b.example/", "text": "Füße", "date": "2020-01-02T00:00:00Z", "meta": {"score": 0.9}},
        {"url": "https://b.example/", "captured_at": datetime(2020, 1, 2, tzinfo=UTC)},
    ),
    "opc-fineweb-code-corpus": (
        {"url": "https://c.example/", "tag": "code", "text": "Füße", "file_path": "x", "dump": "D"}
        | {"file_size_in_byte": 4, "line_count": 1},
        {"url": "https://c.example/", "said_tag": "code", "dump": "D"},
    ),
}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("ending", ["parquet", "jsonl", "jsonl.gz", "jsonl.zst"])
def test_published_sets(tmp_path: Path, name: str, ending: str) -> None:
    values, facts = SETS[name]
    path = tmp_path / f"set.{ending}"
    lines = "".join(json.dumps(values | {"text": text}) + "\n" for text in ("Füße", " ", "z")).encode()
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist([values | {"text": text} for text in ("Füße", " ", "z")]), path)
    else:
        pack = {"jsonl": bytes, "jsonl.gz": gzip.compress, "jsonl.zst": zstandard.compress}[ending]
        path.write_bytes(pack(lines))
    found = list(set_rows(str(path)))
    assert [(r.offset, r.text, r.reason) for r in found] == [(0, "Füße", None), (1, None, "empty"), (2, "z", None)]
    assert {fact: getattr(found[0], fact) for fact in facts} == facts


def test_a_damaged_row_of_a_set_is_told_with_its_line(tmp_path: Path) -> None:
    lines = ['{"text": "a"}', "{not json", "[1]", '{"text": 5}', '{"text": "\\ud800b"}', "", '{"text": "c"}']
    (tmp_path / "x.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = [(r.offset, r.text, r.reason) for r in set_rows(str(tmp_path / "x.jsonl"))]
    wrong = [(1, None, "corrupt_row"), (2, None, "corrupt_row"), (3, None, "no_content")]
    assert found == [(0, "a", None), *wrong, (4, "?b", None), (6, "c", None)]


def test_a_line_without_end_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("udfs.web.page_sets._LONGEST_LINE", 100)
    (tmp_path / "x.jsonl").write_text('{"text": "a"}\n' + "x" * 1000 + '\n{"text": "b"}\n', encoding="utf-8")
    assert [(r.text, r.reason) for r in set_rows(str(tmp_path / "x.jsonl"))] == [
        ("a", None),
        (None, "too_large"),
        ("b", None),
    ]


def test_bytes_that_are_no_utf8_are_a_row_with_a_reason(tmp_path: Path) -> None:
    column = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe"))
    pq.write_table(pa.table({"text": column}), tmp_path / "x.parquet")
    assert [r.reason for r in set_rows(str(tmp_path / "x.parquet"))] == ["undecodable"]


def test_a_set_of_unknown_columns_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"words": "a"}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"x\.jsonl: expected the columns of one of .*, found words"):
        list(set_rows(str(tmp_path / "x.jsonl")))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("x.parquet", b"PAR1 damaged", "corrupt_set"),
        ("x.jsonl", b'{"words": "a"}\n', "unknown_layout"),
        ("none.jsonl", None, "unreachable"),
        ("x.jsonl.gz", b"no gzip", "corrupt_set"),
        ("x.jsonl.gz", gzip.compress(b'{"text": "a"}\n' * 99, mtime=0)[:-9], "corrupt_set"),
        ("empty.jsonl", b"", None),
    ],
)
def test_a_set_that_cannot_be_read_ends_with_a_reason(
    tmp_path: Path, name: str, data: bytes | None, reason: str | None
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    found = [row for batch in set_batches(str(tmp_path / name)) for row in batch.to_pylist()]
    assert [row["reason"] for row in found if row["reason"]] == ([reason] if reason else [])
    assert all(name in row["detail"] for row in found if row["reason"])


class Ranges(http.server.BaseHTTPRequestHandler):
    """A server that answers ranges, and one file for which it does not."""

    files: dict[str, bytes] = {}  # noqa: RUF012
    sent: list[tuple[str, int]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        data = self.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        part = data[int(asked[1]) : int(asked[2]) + 1] if asked and "whole" not in self.path else data
        self.send_response(206 if len(part) < len(data) else 200)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.sent.append((self.path, len(part)))
        self.wfile.write(part)

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.files.get(self.path, b""))))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranges) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        Ranges.sent.clear()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def crawl() -> tuple[bytes, list[Place]]:
    made = [gzip.compress(page(f"<p>page {n}</p>".encode(), f"https://a.example/{n}")) for n in range(30)]
    ends = [sum(map(len, made[: n + 1])) for n in range(30)]
    found = [
        Place(f"https://a.example/{n}", "a.example", "crawl/x.warc.gz", ends[n] - len(made[n]), len(made[n]))
        for n in range(30)
    ]
    return b"".join(made), found


def test_a_page_is_read_by_its_range_alone(server: str, tmp_path: Path) -> None:
    data, found = crawl()
    Ranges.files = {"/crawl/x.warc.gz": data}
    (tmp_path / "crawl").mkdir()
    (tmp_path / "crawl/x.warc.gz").write_bytes(data)
    whole = list(page_rows(str(tmp_path / "crawl/x.warc.gz")))
    for n in (0, 7, 29):
        row = page_at(found[n], server)
        assert (row.text, row.reason, row.offset) == (f"page {n}", None, found[n].offset)
        assert row.file == f"{server}/crawl/x.warc.gz"
        local = page_at(found[n], str(tmp_path))
        assert local == whole[n]
    assert [size for _, size in Ranges.sent] == [found[n].length for n in (0, 7, 29)]


def test_a_server_that_sends_the_whole_file_gives_the_page_too(server: str) -> None:
    data, found = crawl()
    Ranges.files = {"/crawl/whole.warc.gz": data}
    place = Place(found[7].url, None, f"{server}/crawl/whole.warc.gz", found[7].offset, found[7].length)
    assert (page_at(place, "ignored").text, page_at(place, "ignored").host) == ("page 7", "a.example")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"filename": "none.warc.gz"}, "unreachable"),
        ({"offset": 3}, "corrupt_record"),
        ({"length": 40}, "truncated_record"),
        ({"url": "https://a.example/other"}, "wrong_url"),
        ({"length": 10**9}, "too_large"),
    ],
)
def test_a_place_that_holds_something_else(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    data, found = crawl()
    (tmp_path / "crawl").mkdir()
    (tmp_path / "crawl/x.warc.gz").write_bytes(data)
    row = page_at(Place(**(vars(found[0]) | change)), str(tmp_path))
    assert (row.reason, row.text, row.url) == (reason, None, (vars(found[0]) | change)["url"])


def test_rows_of_an_index(tmp_path: Path) -> None:
    values = {
        "url": ["https://a.example/", None, "https://b.example/"],
        "url_host_name": ["a.example", "x", "b.example"],
        "fetch_status": pa.array([200, 200, 404], pa.int16()),
        "content_mime_detected": ["text/html"] * 3,
        "warc_filename": pa.array(["crawl-data/x.warc.gz"] * 3).dictionary_encode(),
        "warc_record_offset": pa.array([5, 6, 7], pa.int32()),
        "warc_record_length": pa.array([50, 60, 70], pa.int32()),
        "crawl": ["CC-MAIN-2024-22"] * 3,
    }
    pq.write_table(pa.table(values), tmp_path / "x.parquet")
    assert list(places(str(tmp_path / "x.parquet"))) == [
        Place("https://a.example/", "a.example", "crawl-data/x.warc.gz", 5, 50, 200, "text/html"),
        Place("https://b.example/", "b.example", "crawl-data/x.warc.gz", 7, 70, 404, "text/html"),
    ]
    short = pa.table({"url": ["u"], "filename": ["f"], "offset": [1], "length": [2]})
    pq.write_table(short, tmp_path / "y.parquet")
    assert list(places(str(tmp_path / "y.parquet"))) == [Place("u", None, "f", 1, 2)]
    pq.write_table(pa.table({"url": ["u"]}), tmp_path / "z.parquet")
    with pytest.raises(ValueError, match=r"z\.parquet: expected the columns of one of"):
        list(places(str(tmp_path / "z.parquet")))


def test_rows_are_what_the_tables_hold() -> None:
    declared = {c.name: arrow_type(c.type) for table in (WEB_PAGES, PAGE_TEXTS) for c in table.columns}
    read = {field.name: field.type for field in PAGES}
    assert {name: kind for name, kind in read.items() if declared.get(name) not in (kind, None)} == {}
    # The detail of a reason goes to `rejects`.
    assert read.keys() - declared.keys() == {"detail"}
    assert declared.keys() - read.keys() == {"page_id", "source_id", "unit", "domain", "run_id"}
