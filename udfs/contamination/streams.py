"""Two ways to read a text as numbers: its words, and its code with the names that its author chose made equal.

Words are runs of letters, digits and underscores, in lower case; a character of a script without spaces is one by
itself. Indentation, punctuation and quotes do not count, so a copy may be wrapped, indented or put into a comment.
In the stream of kinds punctuation counts, comments do not, and every name is one symbol but those that no renaming
touches: keywords and built-ins, what follows a dot, numbers. Both are one pass in compiled code.
"""

from __future__ import annotations

import builtins
import keyword
import unicodedata
from collections.abc import Callable

import numba
import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
_PRIME, _BASIS = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)
_NAME, _STRING = np.uint64(1), np.uint64(2)
_KEPT_ELSEWHERE = """and as async await bool break case catch char class const continue default def delete do double
elif else end enum export extends false final finally float fn for foreach from func function go goto if impl implements
import in include int interface is lambda let local long loop match mut namespace new nil none not null or package pass
print private protected public pub raise return self short static str string struct super switch template then this
throw throws true try type typeof undefined unsafe unsigned use using var vec vector void where while with yield len
size_t auto i32 i64 u32 u64 usize f32 f64 map list array println printf echo elseif endif done fi esac"""


def normalised(text: str) -> bytes:
    """UTF-8 of a text with full-width letters as themselves; the length may differ from the text's."""
    if text.isascii():
        return text.encode()
    return unicodedata.normalize("NFKC", text).encode("utf-8", "replace")


@numba.njit(cache=True)
def _words(data: NDArray[np.uint8], hashes: Hashes, starts: Places, ends: Places) -> int:
    count, at, n = 0, 0, len(data)
    while at < n:
        byte = data[at]
        width = _width(byte)
        if width > 2:  # scripts of Asia, most of them without spaces, and what lies beyond
            hashed = _BASIS
            for k in range(at, min(at + width, n)):
                hashed = (hashed ^ np.uint64(data[k])) * _PRIME
            hashes[count], starts[count], ends[count] = hashed, at, min(at + width, n)
            count += 1
            at += width
            continue
        if not _in_word(byte):
            at += width
            continue
        hashed, begin = _BASIS, at
        while at < n and (_in_word(data[at])):
            one = data[at]
            if 65 <= one <= 90:
                one += 32
            hashed = (hashed ^ np.uint64(one)) * _PRIME
            at += 1
        hashes[count], starts[count], ends[count] = hashed, begin, at
        count += 1
    return count


@numba.njit(cache=True, inline="always")
def _in_word(byte: int) -> bool:
    return (
        97 <= byte <= 122
        or 65 <= byte <= 90
        or 48 <= byte <= 57
        or byte == 95
        or 0xC3 <= byte < 0xE3
        or 128 <= byte < 192
    )


@numba.njit(cache=True, inline="always")
def _width(byte: int) -> int:
    """Bytes of a character that is no part of a word: signs of Latin-1, and from the scripts of Asia on."""
    if byte == 0xC2:
        return 2
    if byte < 0xE3 or byte >= 0xF5:
        return 1
    return 3 if byte < 0xF0 else 4


@numba.njit(cache=True)
def _kinds(data: NDArray[np.uint8], kept: Hashes, hashes: Hashes, starts: Places, ends: Places) -> int:
    count, at, n = 0, 0, len(data)
    mask = np.uint64(len(kept) - 1)
    while at < n:
        byte = data[at]
        if byte <= 32:
            at += 1
            continue
        if byte == 35 or (byte == 47 and at + 1 < n and data[at + 1] == 47):  # comments of a line
            while at < n and data[at] != 10:
                at += 1
            continue
        begin = at
        if byte == 34 or byte == 39:
            at = _string(data, at)
            hashes[count], starts[count], ends[count] = _STRING, begin, at
            count += 1
            continue
        if not _in_word(byte):
            hashes[count], starts[count], ends[count] = np.uint64(256) + np.uint64(byte), at, min(at + _width(byte), n)
            count += 1
            at += _width(byte)
            continue
        hashed, digits = _BASIS, True
        while at < n and _in_word(data[at]):
            digits = digits and (48 <= data[at] <= 57)
            hashed = (hashed ^ np.uint64(data[at])) * _PRIME
            at += 1
        stays = digits or (begin > 0 and data[begin - 1] == 46)
        if not stays:
            place = hashed & mask
            while kept[place] != 0:
                if kept[place] == hashed:
                    stays = True
                    break
                place = (place + np.uint64(1)) & mask
        hashes[count], starts[count], ends[count] = hashed if stays else _NAME, begin, at
        count += 1
    return count


@numba.njit(cache=True)
def _string(data: NDArray[np.uint8], at: int) -> int:
    """Where a string literal ends: a triple one at its three quotes, another at its quote or its line's end."""
    n, quote = len(data), data[at]
    if at + 2 < n and data[at + 1] == quote and data[at + 2] == quote:
        at += 3
        while at + 2 < n and not (data[at] == quote and data[at + 1] == quote and data[at + 2] == quote):
            at += 1
        return min(at + 3, n)
    at += 1
    while at < n and data[at] != quote and data[at] != 10:
        at += 2 if data[at] == 92 else 1
    return min(at + 1, n)


def word_hash(word: bytes) -> np.uint64:
    """Of one word as it stands."""
    value = int(_BASIS)
    for byte in word:
        value = (value ^ byte) * int(_PRIME) & 0xFFFFFFFFFFFFFFFF
    return np.uint64(value)


def _kept_table() -> Hashes:
    """Names that no renaming touches, in a table of open addressing."""
    names = {*keyword.kwlist, *dir(builtins), *_KEPT_ELSEWHERE.split()}
    table = np.zeros(2048, np.uint64)
    for hashed in sorted(int(word_hash(name.encode())) for name in names):
        place = hashed & (len(table) - 1)
        while table[place]:
            place = (place + 1) & (len(table) - 1)
        table[place] = hashed
    return table


_KEPT = _kept_table()


class Stream:
    """Tokens of a text as hashes, and where each begins and ends in its bytes."""

    __slots__ = ("data", "ends", "hashes", "starts")

    def __init__(self, data: bytes, hashes: Hashes, starts: Places, ends: Places) -> None:
        self.data, self.hashes, self.starts, self.ends = data, hashes, starts, ends

    def __len__(self) -> int:
        return len(self.hashes)

    def text(self, first: int, last: int) -> str:
        """What stands from token `first` to token `last`, the last included."""
        return self.data[self.starts[first] : self.ends[last]].decode("utf-8", "replace")


def words(data: bytes) -> Stream:
    """The words of a normalised text."""
    return _stream(data, _words)


def kinds(data: bytes) -> Stream:
    """The code of a normalised text, with names made equal."""
    return _stream(data, _kinds, _KEPT)


def _stream(data: bytes, kernel: Callable[..., int], *about: Hashes) -> Stream:
    room = len(data) + 1
    hashes, starts, ends = np.empty(room, np.uint64), np.empty(room, np.int64), np.empty(room, np.int64)
    count = kernel(np.frombuffer(data, np.uint8), *about, hashes, starts, ends)
    return Stream(data, hashes[:count], starts[:count], ends[:count])
