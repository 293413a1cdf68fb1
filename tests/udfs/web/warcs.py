"""WARC records, as bytes, for tests."""

from __future__ import annotations

DATE = "2024-05-01T12:00:00Z"


def record(
    block: bytes,
    url: str = "https://a.example/x",
    kind: str = "response",
    content_type: str = "application/http; msgtype=response",
    length: int | str | None = "right",
    date: str = DATE,
    more: dict[str, str] | None = None,
) -> bytes:
    """One record. `length` is another Content-Length than the right one, or None for none."""
    said = len(block) if length == "right" else length
    headers = {"WARC-Type": kind, "WARC-Record-ID": "<urn:uuid:6e0f>", "WARC-Date": date, "WARC-Target-URI": url}
    headers |= {"Content-Type": content_type} | ({} if said is None else {"Content-Length": str(said)}) | (more or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
    return f"WARC/1.0\r\n{lines}\r\n".encode() + block + b"\r\n\r\n"


def http(body: bytes, headers: dict[str, str] | None = None, status: str = "HTTP/1.1 200 OK") -> bytes:
    said = {"Content-Type": "text/html; charset=utf-8"} | (headers or {})
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"{status}\r\n{lines}\r\n".encode() + body


def page(body: bytes, url: str = "https://a.example/x", headers: dict[str, str] | None = None) -> bytes:
    return record(http(body, headers), url)
