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
from itertools import pairwise

from udfs.reading.code_pages import is_western

_UTF8_FLAG = 0x800
_UNIX = 3
_UNICODE_PATH = 0x7075
_HIGH_RUN = re.compile(rb"[\x80-\xff]{2}")
_LETTERS = re.compile(rb"[A-Za-z]")
# What is usual in names: kana and the common ideographs, which these standards put first, in their rows; in Japan also
# the long mark and others of punctuation, digits and letters of full width.
_USUAL = {
    "cp932": re.compile(
        rb"\x81[\x40-\x49\x51-\x6d\x75-\x7c\x81\x9b-\xa8\xf4]|\x82[\x4f-\x58\x60-\x79\x81-\x9a\x9f-\xf1]"
        rb"|\x83[\x40-\x96]|[\x88-\x97][\x40-\xfc]|\x98[\x40-\x72]|\xfa[\x40-\x5b]|\x87[\x40-\x5d\x82\x8a]"
    ),
    "gb18030": re.compile(rb"[\xb0-\xd7][\xa1-\xfe]"),
    "big5": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]"),
    "euc_kr": re.compile(rb"[\xb0-\xc8][\xa1-\xfe]"),
}
# Kana of half width, a byte each: letters of every other code page as well, so that all others are asked before.
_HALF_WIDTH = re.compile(
    rb"(?:[\xa6-\xdf]{2,}|[\x88-\x97][\x40-\xfc]|\x83[\x40-\x96]|\x82[\x9f-\xf1]|\x81[\x40-\x7c])+"
)
_MARKS = re.compile(rb"(?<![\xb3\xb6-\xc4\xca-\xce])\xde|(?<![\xca-\xce])\xdf|(?<![\xa6-\xdf])[\xa7-\xb0]")
# Byte by byte some are Chinese as well; these are what files are called.
_WORDS = "ﾃﾞｰﾀ ﾃｷｽﾄ ﾃｽﾄ ﾌｧｲﾙ ﾌｫﾙﾀﾞ ﾒﾆｭｰ ﾏｽﾀ ｿｰｽ ｺｰﾄﾞ ｻﾝﾌﾟﾙ ｼｽﾃﾑ ﾕｰｻﾞ ｻｰﾊﾞ ｸﾗｽ ﾂｰﾙ ﾓｼﾞｭｰﾙ ﾌﾟﾛｸﾞﾗﾑ ﾗｲﾌﾞﾗﾘ ﾊﾟｽ"
_HALF_WIDTH_WORDS = tuple(_WORDS.encode("cp932").split())
# Korean is Chinese as well, byte by byte: this many syllables that are all in its rows are no chance.
_KOREAN = 6
# In 866 the letters lie in two pieces, of which the second alone writes no words; in 1251 most of a name is small.
_CYRILLIC = {"cp866": re.compile(rb"[\x80-\xaf\xe0-\xf1]+"), "cp1251": re.compile(rb"[\xa8\xb8\xc0-\xff]+")}
_TELLING = {"cp866": re.compile(rb"[\x80-\xaf]"), "cp1251": re.compile(rb"[\xe0-\xff]{2}")}
# With nothing else of Japan beside it, an accent and a letter.
_FULL_WIDTH = re.compile(rb"\x81|\x82[\x40-\x9a]")
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
    half_width = _is_half_width(names)
    if half_width and any(word in name for name in names for word in _HALF_WIDTH_WORDS):
        return "cp932"
    if usual:
        return max(usual, key=lambda encoding: usual[encoding])
    runs = [run for name in names for run in re.findall(rb"[\x80-\xff]+", name)]
    for encoding, letters in _CYRILLIC.items():
        russian = all(letters.fullmatch(run) for run in runs) and sum(map(len, runs)) >= 3 * len(runs)
        if russian and all(any(_TELLING[encoding].finditer(run)) for run in runs):
            return encoding
    if half_width:
        return "cp932"
    western = (e for e in _WESTERN if all(is_western(name.decode(e, "replace")) for name in names))
    return next(western, "cp437")


def _is_half_width(names: list[bytes]) -> bool:
    """Whether all that is beyond ASCII is kana of half width: runs of them whose voice marks stand where those may."""
    runs = [run for name in names for run in re.findall(rb"[\x80-\xff](?:[\x40-\x7e]?[\x80-\xff])*", name)]
    if not all(_HALF_WIDTH.fullmatch(run) and not _MARKS.search(run) for run in runs):
        return False
    # Capitals with accents have the bytes of some kana, but no word of kana has only those.
    return max(map(len, runs)) > 2 and not all(run.decode("cp1252", "replace").isalpha() for run in runs)


def _share(names: list[bytes], encoding: str) -> float:
    """Of the characters beyond ASCII the share that is usual, and no lone one between letters: that is an accent."""
    good = total = 0
    for name in names:
        try:
            characters = [letter.encode(encoding) for letter in name.decode(encoding)]
        except UnicodeError:
            return 0.0
        # Two side by side show that the others are none either.
        words = any(min(pair) > b"\x80" for pair in pairwise(characters))
        for at, character in enumerate(characters):
            if character < b"\x80":
                continue
            total += 1
            around = b"".join(characters[max(0, at - 1) : at] + characters[at + 1 : at + 2])
            accent = not words and (_LETTERS.search(around) or _FULL_WIDTH.match(character))
            good += bool(_USUAL[encoding].fullmatch(character)) and not accent
    return good / total if total else 0.0
