"""The names in a zip archive: their encoding, which old writers do not tell, and their separators.

PKWARE's APPNOTE (4.4.17, appendix D) wants `/`, and code page 437 or UTF-8 where bit 11 says so. Writers on
Windows put `\\` (.NET before 4.6.1, PowerShell's Compress-Archive) and names in the code page of their country; writers
on Unix put UTF-8 without the bit. Info-ZIP adds a field with the name in UTF-8.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Sequence

from udfs.reading.code_pages import is_western

_UTF8_FLAG = 0x800
_UNIX = 3
_UNICODE_PATH = 0x7075
_HIGH_RUN = re.compile(rb"[\x80-\xff]{2}")
_LETTERS = re.compile(rb"[A-Za-z]")
# What is usual in names: kana and the common ideographs, which these standards put first, in their rows.
_USUAL = {
    "cp932": re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]|[\x88-\x97][\x40-\xfc]|\x98[\x40-\x72]"),
    "gb18030": re.compile(rb"[\xb0-\xd7][\xa1-\xfe]"),
    "big5": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]"),
    "euc_kr": re.compile(rb"[\xb0-\xc8][\xa1-\xfe]"),
}
# Korean is Chinese as well, byte by byte: this many syllables that are all in its rows are no chance.
_KOREAN = 6
# In 866 the letters lie in two pieces, of which the second alone writes no words; in 1251 most of a name is small.
_CYRILLIC = {"cp866": re.compile(rb"[\x80-\xaf\xe0-\xf1]+"), "cp1251": re.compile(rb"[\xa8\xb8\xc0-\xff]+")}
_TELLING = {"cp866": re.compile(rb"[\x80-\xaf]"), "cp1251": re.compile(rb"[\xe0-\xff]{2}")}
_WESTERN = ("cp437", "cp850", "cp1252")


def paths(infos: Sequence[zipfile.ZipInfo]) -> list[bytes]:
    """The name of each entry in UTF-8, with `/` between its parts; a folder's ends with one."""
    raw = [_raw(info) for info in infos]
    guessed = _code_page([name for name in raw if isinstance(name, bytes)])
    names = [name if isinstance(name, str) else name.decode(guessed) for name in raw]
    slashes = any("/" in name for name in names)
    # On Unix a backslash is a letter; but an archive with nothing else between its folders was made for Windows.
    return [
        (name if slashes and info.create_system == _UNIX else name.replace("\\", "/")).encode("utf-8", "replace")
        for name, info in zip(names, infos, strict=True)
    ]


def _raw(info: zipfile.ZipInfo) -> str | bytes:
    """The name, or its bytes where nothing tells their encoding."""
    name = info.orig_filename
    if info.flag_bits & _UTF8_FLAG:
        return name
    try:
        raw = name.encode("cp437")
    except UnicodeEncodeError:
        return name
    if added := _unicode_path(info.extra, zlib.crc32(raw)):
        return added
    if name.isascii():
        return name
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _unicode_path(extra: bytes, checksum: int) -> str | None:
    """Info-ZIP's field, unless the name was changed after it was written."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        body = extra[at + 4 : at + 4 + size]
        if kind == _UNICODE_PATH and body[:1] == b"\1" and int.from_bytes(body[1:5], "little") == checksum:
            try:
                return body[5:].decode()
            except UnicodeDecodeError:
                return None
        at += 4 + size
    return None


def _code_page(names: list[bytes]) -> str:
    """The code page in which the names of one archive are usual; 437, which explains everything, without evidence."""
    if not names:
        return "cp437"
    usual = {encoding: share for encoding in _USUAL if (share := _share(names, encoding)) >= 0.8}
    syllables = sum(len(_HIGH_RUN.findall(name)) for name in names)
    if "euc_kr" in usual and usual["euc_kr"] == 1 and syllables >= _KOREAN:
        return "euc_kr"
    usual.pop("euc_kr", None)
    if usual:
        return max(usual, key=lambda encoding: usual[encoding])
    runs = [run for name in names for run in re.findall(rb"[\x80-\xff]+", name)]
    for encoding, letters in _CYRILLIC.items():
        russian = all(letters.fullmatch(run) for run in runs) and sum(map(len, runs)) >= 3 * len(runs)
        if russian and all(any(_TELLING[encoding].finditer(run)) for run in runs):
            return encoding
    western = (e for e in _WESTERN if all(is_western(name.decode(e, "replace")) for name in names))
    return next(western, "cp437")


def _share(names: list[bytes], encoding: str) -> float:
    """Of the characters beyond ASCII the share that is usual, and no lone one between letters: that is an accent."""
    good = total = 0
    for name in names:
        try:
            characters = [letter.encode(encoding) for letter in name.decode(encoding)]
        except UnicodeError:
            return 0.0
        for at, character in enumerate(characters):
            if character < b"\x80":
                continue
            total += 1
            around = b"".join(characters[max(0, at - 1) : at] + characters[at + 1 : at + 2])
            accent = _LETTERS.search(around) and not any(byte > 127 for byte in around)
            good += bool(_USUAL[encoding].fullmatch(character)) and not accent
    return good / total if total else 0.0
