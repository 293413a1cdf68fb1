"""What is read from WARC files, sound and damaged: each capture, or a reason with file offset."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import random
import tracemalloc
import zlib
from datetime import UTC, datetime

import brotli
import pytest
import zstandard

from tests.udfs.web.warcs import http, page, record
from udfs.web.captures import Capture, captures, host_of

A, B, C = (page(f"<p>{name}</p>".encode(), f"https://{name}.example/") for name in ("one", "two", "three"))
ALL = [b"<p>one</p>", b"<p>two</p>", b"<p>three</p>"]


def read(data: bytes, limit: int = 8 * 1024**2) -> list[Capture]:
    return list(captures(io.BytesIO(data), limit))


def bodies(data: bytes) -> list[bytes | None]:
    return [c.body for c in read(data) if not c.problem]


def problems(data: bytes, limit: int = 8 * 1024**2) -> list[tuple[int, str | None]]:
    return [(c.offset, c.problem) for c in read(data, limit) if c.problem]


def packed(*records: bytes) -> bytes:
    return b"".join(gzip.compress(r) for r in records)


@pytest.mark.parametrize("data", [A + B + C, packed(A, B, C), gzip.compress(A + B + C)], ids=["plain", "each", "whole"])
def test_every_capture_is_given(data: bytes) -> None:
    assert bodies(data) == ALL and problems(data) == []


def test_an_offset_is_where_to_read_the_file_from() -> None:
    for data in (A + B + C, packed(A, B, C)):
        for capture, body in zip(read(data), ALL, strict=True):
            assert read(data[capture.offset :])[0].body == body
    whole = read(gzip.compress(A + B + C))
    assert [(c.offset, c.part) for c in whole] == [(0, 0), (0, 1), (0, 2)]


def test_a_file_cut_anywhere_gives_every_record_before_the_cut() -> None:
    for records, pack in (((A, B, C), bytes), ((A, B, C), gzip.compress)):
        parts = [pack(r) for r in records]
        data, ends = b"".join(parts), [sum(map(len, parts[: i + 1])) for i in range(3)]
        for cut in range(len(data)):
            given = [c.body for c in read(data[:cut]) if not c.problem]
            before = sum(end <= cut for end in ends)
            assert given[:before] == ALL[:before], cut
            # What has all of its bytes is whole, though the empty lines or the check sum behind it are cut off.
            assert given in (ALL[:before], ALL[: before + 1]), cut
            rest = cut - ([0, *ends])[before]
            if rest > 12 and len(given) == before:
                assert problems(data[:cut]) == [(([0, *ends])[before], "truncated_record")], cut


@pytest.mark.parametrize("length", [None, 0, 5, 40, 68, 70, 71, 72, 73, 90, 600, 10**9, 10**15])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_wrong_length_takes_nothing_from_a_page_or_its_neighbours(length: int | None, pack: type[bytes]) -> None:
    odd = record(http(b"<p>two</p>"), length=length)
    found = read(pack(A) + pack(odd) + pack(C))
    assert [c.body for c in found] == ALL
    assert [c.wrong_length for c in found] == [False, True, False]


def test_a_page_that_holds_a_record_is_one_page() -> None:
    body = b"<pre>\r\n\r\n" + A + b"</pre>"
    assert bodies(page(body) + C) == [body, ALL[2]]


def test_damage_costs_the_record_it_is_in() -> None:
    parts = [gzip.compress(r) for r in (A, B, C)]
    for seed in range(200):
        damaged = bytearray(parts[1])
        damaged[random.Random(seed).randrange(len(damaged))] ^= 1 << seed % 8
        found = read(parts[0] + bytes(damaged) + parts[2])
        given = [c.body for c in found if not c.problem]
        assert given in ([ALL[0], ALL[2]], ALL), seed
        assert len(given) == 3 or {c.offset for c in found if c.problem} <= {len(parts[0])}


@pytest.mark.parametrize("junk", [b"junk", b"\x1f\x8b\x08junk", b"WARC/9", b"\0" * 600 + b"junk" + b"\0" * 70000])
def test_other_bytes_between_records_are_passed_over(junk: bytes) -> None:
    for pack in (bytes, gzip.compress):
        data = pack(A) + junk + pack(C)
        assert bodies(data) == [ALL[0], ALL[2]]
        assert [problem for _, problem in problems(data)] == ["corrupt_record"]


@pytest.mark.parametrize("padding", [b"\0" * 512, b"\r\n\r\n\r\n"])
def test_padding_is_nothing(padding: bytes) -> None:
    assert problems(gzip.compress(A) + padding + gzip.compress(C)) == []


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\0\0", b"<html>no archive", b"\x1f\x8b\x08", b"PK\x03\x04" * 1000])
def test_what_is_no_warc_gives_no_capture(data: bytes) -> None:
    assert bodies(data) == []


def test_random_bytes_never_stop_the_reader() -> None:
    for seed in range(300):
        source = random.Random(seed)
        data = bytearray(A + B + C if seed % 2 else packed(A, B, C))
        for _ in range(source.randrange(1, 12)):
            at = source.randrange(len(data))
            data[at : at + source.randrange(3)] = source.randbytes(source.randrange(4))
        read(bytes(data))


def test_large_pages_are_passed_over_in_little_memory() -> None:
    large = page(b"<p>large</p>" * 500_000)
    for data in (A + large + C, packed(A, large, C), gzip.compress(A + large + C)):
        tracemalloc.start()
        found = read(data, limit=100_000)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [c.problem for c in found] == [None, "too_large", None]
        assert peak < 2_000_000


def test_what_a_capture_says() -> None:
    headers = {"X-Robots-Tag": "noindex", "x-robots-tag": "noai", "tdm-reservation": "1"}
    extra = {"WARC-Payload-Digest": "sha1:ABC", "WARC-Truncated": "length"}
    info = record(b"isPartOf: CC-MAIN-2024-22\r\n", "", "warcinfo", "application/warc-fields")
    asked = record(b"GET / HTTP/1.1\r\n\r\n", kind="request", content_type="application/http; msgtype=request")
    block = http(b"<p>", headers, "HTTP/1.1 404 Not Found")
    (found,) = read(info + asked + record(block, "https://User@A.Example:8080/x?y#z", more=extra))
    assert found == Capture(
        offset=len(info + asked),
        part=0,
        kind="response",
        url="https://User@A.Example:8080/x?y#z",
        host="a.example",
        captured_at=datetime(2024, 5, 1, 12, tzinfo=UTC),
        status=404,
        content_type="text/html",
        charset="utf-8",
        robots="noindex, noai",
        tdm="1",
        digest="sha1:ABC",
        dump="CC-MAIN-2024-22",
        cut="length",
        body=b"<p>",
    )


def test_a_digest_that_is_not_said_is_computed() -> None:
    (found,) = read(page(b"<p>x</p>"))
    assert found.digest == "sha1:" + base64.b32encode(hashlib.sha1(b"<p>x</p>").digest()).decode()
    assert read(page(b"<p>x</p>"))[0].digest == found.digest != read(page(b"<p>y</p>"))[0].digest


def test_a_revisit_has_no_body_and_names_what_it_repeats() -> None:
    said = {"WARC-Payload-Digest": "sha1:ABC", "WARC-Profile": "http://netpreserve.org/warc/1.0/revisit/x"}
    for block in (http(b""), b""):
        (found,) = read(record(block, kind="revisit", more=said))
        assert (found.kind, found.digest, found.body, found.problem) == ("revisit", "sha1:ABC", None, None)


def test_other_kinds_of_records() -> None:
    (text,) = read(record("Füße".encode(), kind="conversion", content_type="text/plain"))
    assert (text.kind, text.content_type, text.status, text.body) == ("conversion", "text/plain", None, "Füße".encode())
    (resource,) = read(record(b"<p>", kind="resource", content_type="text/html; charset=big5"))
    assert (resource.kind, resource.content_type, resource.charset) == ("resource", "text/html", "big5")
    assert [c.problem for c in read(record(http(b"x"), url=""))] == ["no_url"]


@pytest.mark.parametrize("block", [b"", b"no answer of a server", b"HTTP/1.1 OK\r\n\r\nx", b"\xff\xfe\0"])
def test_an_answer_that_is_none_is_a_capture_without_status(block: bytes) -> None:
    (found,) = read(record(block))
    assert (found.status, found.problem) == (None, None)


def test_headers_with_bare_line_feeds_and_long_cookies_are_read() -> None:
    (found,) = read(record(b"HTTP/1.0 200 OK\nContent-Type: text/html\n\n<p>"))
    assert (found.status, found.body) == (200, b"<p>")
    assert read(page(b"<p>", headers={"Set-Cookie": "a" * 70_000}))[0].body == b"<p>"


def deflated(data: bytes, wbits: int) -> bytes:
    codec = zlib.compressobj(wbits=wbits)
    return codec.compress(data) + codec.flush()


BODY = b"<p>" + b"encoded " * 2000
ENCODED = {
    "gzip": gzip.compress(BODY),
    "x-gzip": gzip.compress(BODY),
    "deflate": deflated(BODY, 15),
    "Deflate": deflated(BODY, -15),
    "br": brotli.compress(BODY),
    "zstd": zstandard.compress(BODY),
    "gzip, br": brotli.compress(gzip.compress(BODY)),
    "identity": BODY,
}


def chunked(data: bytes, size: int = 1000) -> bytes:
    cuts = [data[i : i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x;ext=1\r\n%b\r\n" % (len(c), c) for c in cuts) + b"0\r\nTrailer: x\r\n\r\n"


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("by_chunks", [False, True])
def test_content_encodings_are_taken_off(name: str, by_chunks: bool) -> None:
    headers = {"Content-Encoding": name} | ({"Transfer-Encoding": "chunked"} if by_chunks else {})
    sent = chunked(ENCODED[name]) if by_chunks else ENCODED[name]
    assert bodies(page(sent, headers=headers)) == [BODY]
    # Many archives store the decoded body beside the headers that it came with.
    assert bodies(page(BODY, headers=headers)) == [BODY]


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "br"])
def test_a_body_that_breaks_off_gives_what_there_is(name: str) -> None:
    data = b"<p>" + random.Random(1).randbytes(600_000).hex().encode()
    encode = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstandard.compress}[name]
    (body,) = bodies(page(encode(data)[:-1000], headers={"Content-Encoding": name}))
    assert body and data.startswith(body) and len(body) > 500_000
    sent = chunked(data)[:-1000]
    (body,) = bodies(page(sent, headers={"Transfer-Encoding": "chunked"}))
    assert body and data.startswith(body) and len(body) > 500_000


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_too_large(name: str) -> None:
    data = bytes(50_000_000)
    encode = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstandard.compress}[name]
    bomb = page(encode(data), headers={"Content-Encoding": name})
    tracemalloc.start()
    found = read(bomb, limit=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [c.problem for c in found] == ["too_large"] and peak < 8_000_000


@pytest.mark.parametrize(
    ("headers", "body"),
    [({"Content-Encoding": "gzip"}, b"\x1f\x8b\x08\0junkjunkjunk"), ({"Content-Encoding": "secret"}, b"<p>")],
)
def test_a_body_that_cannot_be_decoded_says_so(headers: dict[str, str], body: bytes) -> None:
    (found,) = read(page(body, headers=headers))
    assert (found.problem, found.url) == ("corrupt_body", "https://a.example/x")


@pytest.mark.parametrize("body", [b"5 apples\r\nand more", b"12\r\nshort", b"<p>plain</p>", b""])
def test_what_is_not_chunked_is_left_alone(body: bytes) -> None:
    (found,) = read(page(body, headers={"Transfer-Encoding": "chunked"}))
    assert found.body in (body, b"short")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://A.Example.:8080/x", "a.example"),
        ("http://u:p@b.example", "b.example"),
        ("dns:x", None),
        ("http://[bad", None),
        ("", None),
    ],
)
def test_hosts(url: str, host: str | None) -> None:
    assert host_of(url) == host
