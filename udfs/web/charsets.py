"""From the bytes of a page to its text, by what the page and its server say and by the bytes themselves."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from resiliparse.parse.encoding import map_encoding_to_html5

from udfs.reading.decoding import Refusal, decode

# Browsers look into the first 1024 bytes; some pages have long comments there.
_DECLARED_WITHIN = 4096
_META = re.compile(rb"<meta\b[^>]{0,500}?\bcharset[ \t\r\n]*=[ \t\r\n]*[\"']?([-\w:.]{2,40})", re.I)
_XML = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding[ \t]*=[ \t]*[\"']([-\w:.]{2,40})", re.I)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Browsers read more under these names than Python does.
_CODECS = {"gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs", "iso8859-11": "cp874"}
# What servers say that were never told: any bytes can be read so.
_DEFAULT = "cp1252"
# One character in two hundred: a page cut inside of a character, a pasted line. More, and the name is wrong.
_REPLACED_SHARE = 200
_LOST = "\ufffd"


@dataclass(frozen=True)
class PageText:
    """A decoded page. `by` is who named its charset: bom, header, meta or content."""

    text: str
    charset: str
    by: str


def decode_page(data: bytes, header: str | None) -> PageText | Refusal:
    """The text of a page; `header` is the charset of its Content-Type.

    A mark at the beginning comes first, then what is declared, header before meta, as in browsers; but bytes that are
    UTF-8 are UTF-8 whatever is declared, and a declaration that does not fit is no reason to lose the page: then the
    bytes decide as for files of repositories (udfs/reading/decoding.py), which also gives the reasons of a refusal.
    """
    for mark, charset in _MARKS:
        if data.startswith(mark):
            return _checked(data[len(mark) :].decode(charset, "replace"), charset, "bom")
    named = _named(data, header)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _not_utf8(data, named)
    by = next((by for by, charset in named if charset == "utf-8"), "content")
    return _checked(text, "utf-8", by)


def _named(data: bytes, header: str | None) -> list[tuple[str, str]]:
    """(who, codec) of what is declared, in the order in which it is believed."""
    declared = [("header", header), ("meta", _in_page(data))]
    named = [(by, name) for by, label in declared if label and (name := _codec(label))]
    return named[::-1] if named and named[0][1] == _DEFAULT else named


def _not_utf8(data: bytes, named: list[tuple[str, str]]) -> PageText | Refusal:
    by_default = named == [("header", _DEFAULT)]
    if not by_default:
        for by, charset in named:
            if page := _as_declared(data, charset, by):
                return page
    found = decode(data)
    if isinstance(found, Refusal):
        return (_as_declared(data, _DEFAULT, "header") if by_default else None) or found
    return PageText(found.text, found.encoding, "content")


def _in_page(data: bytes) -> str | None:
    head = data[:_DECLARED_WITHIN]
    found = _META.search(head) or _XML.match(head)
    return found[1].decode("ascii") if found else None


def _codec(label: str) -> str | None:
    """Python's codec for a charset label as browsers understand it; None for one they do not know."""
    name = map_encoding_to_html5(label.strip().strip("\"'").lower(), fallback_utf8=False)
    # What is declared inside of UTF-16 was readable as ASCII.
    if name is None or name.startswith("utf-16"):
        return None
    try:
        return codecs.lookup(_CODECS.get(name, name)).name
    except LookupError:
        return None


def _as_declared(data: bytes, charset: str, by: str) -> PageText | None:
    text = data.decode(charset, "replace")
    if text.count(_LOST) * _REPLACED_SHARE > len(text) or "\0" in text:
        return None
    return PageText(text, charset, by)


def _checked(text: str, charset: str, by: str) -> PageText | Refusal:
    if not text.strip():
        return Refusal("empty", "only white space")
    lost = text.count("\0") + text.count(_LOST)
    if lost * _REPLACED_SHARE > len(text):
        return Refusal("binary", f"{lost} characters of {len(text)} are none")
    return PageText(text.replace("\0", ""), charset, by)
