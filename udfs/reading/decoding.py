"""From the bytes of a file to its text, or to the reason why it has none. A pure function of the bytes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from udfs.reading.code_pages import guess

MAX_BYTES = 8 * 1024**2
"""A larger file is data, not source code; the limit is the one of the file-size rules downstream."""

# Tab, line feed, form feed, return, backspace and escape do occur in text (overstriking, terminal colours).
_CONTROL = bytes(set(range(32)) - set(b"\t\n\f\r\b\x1b")) + b"\x7f"
# One control character in fifty: old text files with a few page or end-of-file marks stay text.
_CONTROL_SHARE = 50
_STRAY, _BEYOND = re.compile("[\udc80-\udcff]"), re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")
# Text of UTF-8 in which other bytes are strays: at least twice as many characters beyond ASCII as such bytes.
_STRAYS = 2
_UNICODE_BOMS = (  # The longer marks first: the UTF-32 LE mark begins with the UTF-16 LE one.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True)
class Decoded:
    """A text and the encoding that its bytes were in; `converted` when that was not UTF-8 (with or without a BOM)."""

    text: str
    encoding: str
    converted: bool


@dataclass(frozen=True)
class Refusal:
    """Why there is no text: `reason` is one of empty, too_large, binary, undecodable."""

    reason: str
    detail: str | None = None


def decode(data: bytes) -> Decoded | Refusal:
    """The text in `data`. It can always be encoded as UTF-8, and it holds no NUL character."""
    if not data:
        return Refusal("empty")
    if len(data) > MAX_BYTES:
        return Refusal("too_large", f"expected at most {MAX_BYTES} bytes, found {len(data)}")
    return _utf8(data) or _with_bom(data) or _binary(data) or _with_strays(data) or _code_page(data)


def decode_utf8(data: bytes) -> Decoded | Refusal:
    """`decode` for data that is declared to be UTF-8 already, such as a column of strings: nothing is guessed."""
    if not data or len(data) > MAX_BYTES:
        return decode(data)
    return _utf8(data) or _binary(data) or Refusal("undecodable", "expected UTF-8")


def _utf8(data: bytes) -> Decoded | Refusal | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if binary := _binary(data):
        return binary
    if not data.startswith(codecs.BOM_UTF8):
        return Decoded(text, "utf-8", False)
    return Decoded(text[1:], "utf-8-sig", False) if len(text) > 1 else Refusal("empty", "only a byte order mark")


def _with_bom(data: bytes) -> Decoded | Refusal | None:
    for mark, encoding in _UNICODE_BOMS:
        if data.startswith(mark):
            try:
                text = data[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                continue
            if not text:
                return Refusal("empty", "only a byte order mark")
            return _binary(text.encode()) or Decoded(text, encoding, True)
    return None


def _binary(data: bytes) -> Refusal | None:
    if b"\0" in data:
        return Refusal("binary", f"NUL at byte {data.index(0)}")
    control = len(data) - len(data.translate(None, _CONTROL))
    if control * _CONTROL_SHARE > len(data):
        return Refusal("binary", f"{control} control characters in {len(data)} bytes")
    return None


def _with_strays(data: bytes) -> Decoded | Refusal | None:
    """UTF-8 with a few bytes of another encoding, which are read as Windows' Western one: pasted lines, old names."""
    text = data.decode("utf-8", "surrogateescape")
    strays, beyond = len(_STRAY.findall(text)), len(_BEYOND.findall(text))
    if not beyond or beyond < _STRAYS * strays:
        return None
    text = _STRAY.sub(lambda found: _western(ord(found[0]) - 0xDC00), text)
    return _binary(text.encode()) or Decoded(text, "utf-8+cp1252", True)


def _western(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def _code_page(data: bytes) -> Decoded | Refusal:
    """Guess from a bounded sample, then require that the whole file agrees with the guess."""
    encoding = guess(data)
    if encoding is None:
        return Refusal("undecodable", "not UTF-8, and no code page explains the bytes beyond doubt")
    try:
        text = data.decode(encoding)
        utf8 = text.encode()
    except UnicodeError:
        return Refusal("undecodable", f"not UTF-8, and {encoding} explains only a part of the bytes")
    return _binary(utf8) or Decoded(text, encoding, True)
