"""Which code page bytes are in that are no UTF-8; None where it cannot be told, since a wrong guess damages a text.

Two detectors are asked (chardet and uchardet), which were made from different texts; what both read alike is taken.
Where they differ, and for a few letters that all Western and Central European pages share, the text must be one of
Western Europe in every letter. docs/decisions/decoding.md has the shares of right, refused and wrong.
"""

from __future__ import annotations

import codecs
import json
import re
from functools import cache
from importlib import resources
from typing import NamedTuple

CODE_PAGES = (
    *("gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1252", "cp1251", "koi8_r", "cp1250", "iso8859_2", "cp1253"),
    *("iso8859_7", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "cp866", "iso8859_5", "koi8_u"),
    *("cp437", "cp850", "cp852", "cp855", "iso8859_15", "big5hkscs", "iso8859_13"),
)
"""The encodings that are known. Where several read the bytes alike, the first one is named."""

_WESTERN = ("cp1252", "cp437")
# The pages of the Latin script: what is the same letter in all of them needs no guess between them.
_LATIN = ("cp1252", "cp1250", "cp1254", "cp1257", "iso8859_1", "iso8859_2", "iso8859_9", "iso8859_13")
_DECLARED = re.compile(rb"coding[:=][ \t]*[\"']?([-\w.]{3,20})")
_DECLARED_WITHIN = 256
_SAMPLE_BYTES = 8 * 1024
_HIGH = re.compile(rb"[\x80-\xff]")
_PAIR = re.compile(rb"[\x80-\xff]{2}")
_SEPARATORS = (b" ", b",", b'"', b"'", b"(", b")")


def guess(data: bytes) -> str | None:
    """The encoding of bytes that are no UTF-8."""
    if declared := _declared(data):
        return declared
    sample = _sample(data)
    western = [text for page in _WESTERN if (text := _read(sample, page)) is not None and is_western(text)]
    if western and western[0] == _read(sample, "cp1252") and _is_the_same_in_all(sample, western[0]):
        return "cp1252"
    votes = [_read(sample, name) for name in _detected(sample)]
    if votes[0] is not None and votes[0] == votes[1]:
        return _page(sample, votes[0]) if not western or votes[0] in western else None
    return next((_page(sample, text) for text in western if text in votes), None)


def _declared(data: bytes) -> str | None:
    """The code page that the first lines name, where it reads the bytes: coding of Python and Emacs, XML, CSS."""
    found = _DECLARED.search(data, 0, _DECLARED_WITHIN)
    if not found:
        return None
    try:
        name = codecs.lookup(found[1].decode()).name
    except LookupError:
        return None
    wanted = {"iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
    page = wanted.get(name, name.replace("-", "_"))
    return page if page in CODE_PAGES and _read(data, page) is not None else None


def _detected(sample: bytes) -> tuple[str | None, str | None]:
    import cchardet
    import chardet

    return chardet.detect(sample)["encoding"], cchardet.detect(sample)["encoding"]


def _read(data: bytes, name: str | None) -> str | None:
    """None where the encoding is unknown or does not read the bytes."""
    try:
        return data.decode(name) if name else None
    except (UnicodeError, LookupError):
        return None


def _page(sample: bytes, text: str) -> str | None:
    return next((page for page in CODE_PAGES if _read(sample, page) == text), None)


class _Western(NamedTuple):
    alphabets: tuple[frozenset[str], ...]
    signs: frozenset[str]
    between: frozenset[str]
    at_end: frozenset[str]
    before: dict[str, str]


@cache
def _western() -> _Western:
    file = resources.files("udfs").joinpath("data/latin_text.json")
    data = json.loads(file.read_text(encoding="utf-8"))
    alphabets = tuple(frozenset(a + a.upper()) for a in data["alphabets"].values())
    between, at_end = frozenset(data["between_letters"]), frozenset(data["before_no_letter"])
    return _Western(alphabets, frozenset(data["signs"]), between, at_end, data["before_letters"])


def is_western(text: str) -> bool:
    """All letters are of one language's alphabet and stand in words, all signs beside them."""
    known = _western()
    high = {c for c in text if c > "\x7f"}
    letters = high - known.signs
    if not any(letters <= alphabet for alphabet in known.alphabets):
        return False
    return all(_stands_well(text, i, known) for i, c in enumerate(text) if c > "\x7f")


def _stands_well(text: str, at: int, known: _Western) -> bool:
    """The letter or sign at this place has beside it what such have in words."""
    c, before, after = text[at], text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if c in known.signs:
        squeezed = before.isalpha() and (after.isalpha() or (before > "\x7f" and after > "\x7f"))
        return not (squeezed and c not in known.between) and not (after.isalpha() and c in known.at_end)
    if c in known.before and after.isalpha() and after not in known.before[c]:
        return False
    return not c.isupper() or not (before.islower() or (before.isalpha() and after.islower()))


@cache
def _shared() -> frozenset[str]:
    """Letters that have the same byte in every page of the Latin script."""
    bytes_ = (bytes([byte]) for byte in range(128, 256))
    read = ({_read(byte, page) for page in _LATIN} for byte in bytes_)
    return frozenset(str(next(iter(texts))) for texts in read if len(texts) == 1 and None not in texts)


def _is_the_same_in_all(sample: bytes, text: str) -> bool:
    """A few letters in words of ASCII, and signs that stand behind no letter: für, 25 °C, © 1999."""
    if _PAIR.search(sample):
        return False
    signs = _western().signs
    for i, c in enumerate(text):
        if c > "\x7f" and c not in _shared() and (c not in signs or text[i - 1 : i].isalpha()):
            return False
    return True


def _sample(data: bytes) -> bytes:
    """The first lines that hold more than ASCII: the others say nothing about the code page."""
    lines, room, found = [], _SAMPLE_BYTES, _HIGH.search(data)
    while found and room > 0:
        start = data.rfind(b"\n", max(0, found.start() - room // 4), found.start()) + 1 or found.start()
        end = data.find(b"\n", start, start + room) + 1
        if not end:
            # A line longer than the room is cut behind a byte that is a character of its own in every code page.
            end = max((data.rfind(mark, found.start(), start + room) for mark in _SEPARATORS), default=-1) + 1
        if not end:
            if room < _SAMPLE_BYTES:
                break
            end = min(start + room, len(data))
        lines.append(data[start:end])
        room -= end - start
        found = _HIGH.search(data, end)
    return b"".join(lines)
