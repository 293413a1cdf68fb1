"""From the bytes of a file to its text, or to the reason why it has none. A pure function of the bytes."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

MAX_BYTES = 8 * 1024**2
"""A larger file is data, not source code; the limit is the one of the file-size rules downstream."""

CODE_PAGES = ("gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1252", "cp1251", "koi8_r", "cp1250", "cp1253", "cp437")
"""The encodings that are tried, likeliest first: where two explain the bytes equally well, the earlier one is taken."""

_JAPANESE = ("cp932", "euc_jp")
_HIRAGANA = re.compile("[ぁ-ん]")
# Tab, line feed, form feed, return, backspace and escape do occur in text (overstriking, terminal colours).
_CONTROL = bytes(set(range(32)) - set(b"\t\n\f\r\b\x1b")) + b"\x7f"
# One control character in fifty: old text files with a few page or end-of-file marks stay text.
_CONTROL_SHARE = 50
_SAMPLE_BYTES = 16 * 1024
_HIGH = re.compile(rb"[\x80-\xff]")
_SEPARATORS = (b" ", b",", b'"', b"'", b"(", b")")
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
    return _utf8(data) or _with_bom(data) or _binary(data) or _code_page(data)


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


def _code_page(data: bytes) -> Decoded | Refusal:
    """Guess from a bounded sample, then require that the whole file agrees with the guess."""
    matches = from_bytes(_sample(data), cp_isolation=list(CODE_PAGES), enable_fallback=False)
    ranked = []
    for match in matches:
        hiragana = _HIRAGANA.search(str(match)) is not None
        for encoding in {match.encoding, *match.could_be_from_charset} & set(CODE_PAGES):
            # Japanese in EUC is also valid GB 18030; kana tells them apart, and its absence speaks for Chinese.
            order = CODE_PAGES.index(encoding)
            if encoding in _JAPANESE:
                order = -1 if hiragana else len(CODE_PAGES)
            ranked.append((match.percent_chaos, order, encoding))
    for _, _, encoding in sorted(ranked):
        try:
            text = data.decode(encoding)
            utf8 = text.encode()
        except UnicodeError:
            continue
        return _binary(utf8) or Decoded(text, encoding, True)
    return Refusal("undecodable", f"not UTF-8, and none of {', '.join(CODE_PAGES)} explains the bytes")


def _sample(data: bytes) -> bytes:
    """The first lines (an encoding may be declared there) and the first lines that hold more than ASCII.

    Most of a source file is ASCII and says nothing about its code page, so whole lines of it are left out.
    """
    if len(data) <= _SAMPLE_BYTES:
        return data
    lines = [line for line in data[:1024].splitlines(keepends=True)[:2] if line.isascii()]
    room, found = _SAMPLE_BYTES, _HIGH.search(data)
    while found and room > 0:
        start = data.rfind(b"\n", max(0, found.start() - room // 4), found.start()) + 1 or found.start()
        end = data.find(b"\n", start, start + room) + 1
        if not end:
            # A line longer than the room is cut behind a byte that is a character of its own in every code page.
            end = max((data.rfind(mark, found.start(), start + room) for mark in _SEPARATORS), default=-1) + 1
        if not end:
            if room < _SAMPLE_BYTES:
                break
            end = start + room
        lines.append(data[start:end])
        room -= end - start
        found = _HIGH.search(data, end)
    return b"".join(lines)
