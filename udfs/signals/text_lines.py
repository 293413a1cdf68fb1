"""Lines of a text: how many and the longest; of its code: without white space, and how many are copies."""

from __future__ import annotations

import re
from typing import NamedTuple

import numba
import numpy as np

from udfs.signals.hashing import (
    EIGHT,
    FIRST_TABLE,
    characters,
    continuations,
    doubled,
    eight_bytes,
    first_bytes,
    first_of,
    mixed,
    place_of,
    same_bytes,
)

# White space beyond ASCII in UTF-8: U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
_OTHER_SPACE = re.compile(rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)|\xe3\x80\x80")
_MAYBE_OTHER_SPACE = (b"\xe2\x80", b"\xc2\xa0", b"\xe3\x80\x80", b"\xc2\x85", b"\xe1\x9a\x80", b"\xe2\x81\x9f")
_BLANKS = b" \t\r\v\f\x1c\x1d\x1e\x1f"
_LINE_FEEDS = np.uint64(0x0A0A0A0A0A0A0A0A)
_CLOSING = np.uint64(int.from_bytes(b"},", "little"))


class CodeLines(NamedTuple):
    """Lines that hold more than white space. `copies` are all copies of lines that occur more than once, but of lines
    of one character and of a closing brace with a comma.
    """

    total: int
    copies: int


class TextLines(NamedTuple):
    """Lines, a final line feed opens no further one, and the characters of the longest with its line feed."""

    total: int
    longest: int


def text_lines(utf8: bytes) -> TextLines:
    """Counts of a text."""
    return TextLines(*_widths(np.frombuffer(utf8 + b"\n" * EIGHT, np.uint8)).tolist())


def code_lines(code: bytes) -> CodeLines:
    """Counts of a text's code in UTF-8."""
    dense = code.translate(None, _BLANKS)
    if not dense.isascii() and any(mark in dense for mark in _MAYBE_OTHER_SPACE):
        dense = _OTHER_SPACE.sub(b"", dense)
    text = dense + b"\n" * EIGHT
    return CodeLines(*_lines(np.frombuffer(text, np.uint8)).tolist())


@numba.njit(cache=True, nogil=True)
def _widths(text):  # type: ignore[no-untyped-def]
    """[lines, characters of the longest] of text padded by line feeds."""
    size, at, found = len(text) - EIGHT, 0, np.zeros(2, np.int64)
    while at < size:
        start, continued = at, np.uint64(0)
        eight = eight_bytes(text, at)
        width = first_of(eight, _LINE_FEEDS)
        while width == EIGHT:
            continued += continuations(eight)
            at += EIGHT
            eight = eight_bytes(text, at)
            width = first_of(eight, _LINE_FEEDS)
        continued += continuations(first_bytes(eight, width))
        at += width + 1
        found[0] += 1
        found[1] = max(found[1], min(at, size) - start - np.int64(continued))
    return found


@numba.njit(cache=True, nogil=True)
def _lines(text):  # type: ignore[no-untyped-def]
    """[lines, copies] of lines without white space, padded by line feeds."""
    size, room = len(text) - EIGHT, 256
    starts, widths, counts = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    hashes, trivial = np.empty(room, np.uint64), np.empty(room, np.bool_)
    table = np.full(FIRST_TABLE, -1, np.int32)
    found, distinct, at = np.zeros(2, np.int64), 0, 0
    while at < size:
        start = at
        at, value = _line_end(text, start)
        width = at - start
        at += 1
        if width == 0:
            continue
        found[0] += 1
        place = place_of(value, len(table) - 1)
        line = np.int64(table[place])
        while line >= 0 and not (
            hashes[line] == value and widths[line] == width and same_bytes(text, starts[line], start, width)
        ):
            place = (place + 1) & (len(table) - 1)
            line = np.int64(table[place])
        if line >= 0:
            counts[line] += 1
            continue
        if distinct == room:
            starts, widths, counts = _doubled(starts), _doubled(widths), _doubled(counts)
            hashes, trivial = _doubled(hashes), _doubled(trivial)
            room *= 2
        table[place] = distinct
        starts[distinct], widths[distinct], counts[distinct], hashes[distinct] = start, width, 1, value
        is_closing = width == 2 and first_bytes(eight_bytes(text, start), 2) == _CLOSING
        trivial[distinct] = is_closing or characters(text, start, width) == 1
        distinct += 1
        if 2 * distinct >= len(table):
            table = doubled(table, hashes, distinct)
    for entry in range(distinct):
        found[1] += counts[entry] * (counts[entry] > 1 and not trivial[entry])
    return found


@numba.njit(cache=True, nogil=True)
def _line_end(text, at):  # type: ignore[no-untyped-def]
    """(where the line feed is, hash of what comes before)."""
    value, eight = np.uint64(0), eight_bytes(text, at)
    width = first_of(eight, _LINE_FEEDS)
    while width == EIGHT:
        value = mixed(value, eight)
        at += EIGHT
        eight = eight_bytes(text, at)
        width = first_of(eight, _LINE_FEEDS)
    return at + width, mixed(value, first_bytes(eight, width))


@numba.njit(cache=True, nogil=True)
def _doubled(values):  # type: ignore[no-untyped-def]
    room = np.empty(2 * len(values), values.dtype)
    room[: len(values)] = values
    return room
