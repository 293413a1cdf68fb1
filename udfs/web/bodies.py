"""The body of an HTTP response as its sender meant it: transfer and content encodings taken off, within a limit.

Archives say less than the truth here: many store the decoded body beside the headers that it came with. What does not
begin as its header says is therefore taken as it is, and counted as nothing worse.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import zstandard

_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")
_STEP = 256 * 1024
_ZSTD = b"\x28\xb5\x2f\xfd"
# What a sender may use in HTTP (RFC 9659).
_ZSTD_WINDOW = 8 * 1024**2
_SPACES_OR_COMMA = re.compile(r"[,\s]+")


class BodyError(ValueError):
    """The body cannot be decoded; `reason` is one of too_large, corrupt_body."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def body_of(data: bytes, transfer: str, content: str, limit: int) -> bytes:
    """`data` without its Transfer-Encoding and Content-Encoding, which may name several.

    Raises BodyError where more than `limit` bytes come out, or where an encoding is damaged or unknown. What was cut
    before its end gives what there is.
    """
    codings = [*_codings(content), *_codings(transfer)]
    for coding in reversed(codings):
        if coding == "chunked":
            data = unchunked(data)
        elif coding in _DECODERS:
            data = _DECODERS[coding](data, limit)
        else:
            known = ", ".join(["chunked", *_DECODERS])
            raise BodyError("corrupt_body", f"expected an encoding out of {known}, found {coding}"[:300])
    if len(data) > limit:
        raise BodyError("too_large", f"expected a page of at most {limit} bytes, found {len(data)}")
    return data


def _codings(header: str) -> list[str]:
    names = (name for name in _SPACES_OR_COMMA.split(header.lower()) if name)
    return [name for name in names if name not in ("identity", "utf-8", "none")]


def unchunked(data: bytes) -> bytes:
    """The chunks joined; `data` itself where it is not chunked, and what there is where it breaks off."""
    parts, at = list[bytes](), 0
    while found := _CHUNK_SIZE.match(data, at):
        size = int(found[1], 16)
        if size == 0:
            return b"".join(parts)
        parts.append(data[found.end() : found.end() + size])
        at = found.end() + size
        if at < len(data) and data[at : at + 1] not in (b"\r", b"\n"):
            # A page whose first line looks like a number is not chunked; chunks with a wrong size are still chunks.
            return data if len(parts) == 1 else b"".join(parts)
        at += 2 if data[at : at + 2] == b"\r\n" else 1
    return b"".join(parts) if parts else data


def _pulled(data: bytes, limit: int, name: str, pull: Callable[[bytes], bytes], is_done: Callable[[], bool]) -> bytes:
    """What `pull` makes of `data`, in steps, so that a bomb is seen while it goes off."""
    out, size, rest = list[bytes](), 0, data
    while not is_done():
        try:
            piece = pull(rest)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            if out:
                break  # damaged later on: a cut page is still a page
            raise BodyError("corrupt_body", f"expected a body in {name}, found damage ({error})") from error
        rest = b""
        if not piece:
            break
        out.append(piece)
        size += len(piece)
        if size > limit:
            raise BodyError("too_large", f"expected a page of at most {limit} bytes, found more in {name}")
    return b"".join(out)


def _gzip(data: bytes, limit: int) -> bytes:
    return _zlib(data, limit, 31, "gzip") if data.startswith(b"\x1f\x8b") else data


def _deflate(data: bytes, limit: int) -> bytes:
    """The name means zlib's format; some senders leave its two bytes of header out."""
    is_zlib = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
    try:
        return _zlib(data, limit, 15 if is_zlib else -15, "deflate")
    except BodyError as error:
        if error.reason == "corrupt_body" and _is_text(data):
            return data
        raise


def _zlib(data: bytes, limit: int, wbits: int, name: str) -> bytes:
    codec = zlib.decompressobj(wbits=wbits)
    pull = lambda rest: codec.decompress(rest or codec.unconsumed_tail, _STEP)  # noqa: E731
    return _pulled(data, limit, name, pull, lambda: codec.eof)


def _brotli(data: bytes, limit: int) -> bytes:
    codec: Any = brotli.Decompressor()
    pull = lambda rest: codec.process(rest, output_buffer_limit=_STEP)  # noqa: E731
    try:
        return _pulled(data, limit, "br", pull, codec.is_finished)
    except BodyError as error:
        if error.reason == "corrupt_body" and _is_text(data):
            return data
        raise


def _zstd(data: bytes, limit: int) -> bytes:
    if not data.startswith(_ZSTD):
        return data
    with zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(
        data, read_across_frames=True
    ) as reader:
        return _pulled(data, limit, "zstd", lambda _: reader.read(_STEP), lambda: False)


def _is_text(data: bytes) -> bool:
    """Stored decoded: it begins as markup does."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{", b"["))


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    **dict.fromkeys(("gzip", "x-gzip"), _gzip),
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
