"""Runs of encoded data in a text (rule 30): base64, hexadecimal byte pairs, unicode escapes. Linear."""

from __future__ import annotations

import re

import numba
import numpy as np

_MIN_BASE64 = 64
_BASE64 = np.zeros(256, bool)
_BASE64[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")] = True
_ESCAPES = re.compile(rb"(?:\\u[0-9a-fA-F]{4}){8,}+")

# Bytes to classes: h a hexadecimal digit, x, b a backslash, s a separator, w another word byte, o anything else.
_CLASSES = bytes(
    ord(
        "h" if chr(c) in "0123456789abcdefABCDEF"
        else "x" if chr(c) in "xX"
        else "b" if c == 0x5C
        else "s" if chr(c) in ", \t\r\n\v\f"
        else "w" if chr(c).isalnum() or chr(c) == "_" or c > 127
        else "o"
    )
    for c in range(256)
)  # fmt: skip
_PREFIXED_PAIRS = re.compile(rb"b(?:xhh(?:bxhh){7,}+)|h(?<![hxw]h)xhh(?![hxw])(?:s{1,16}hxhh(?![hxw])){7,}+")
_BARE_PAIRS = re.compile(rb"h(?<![hxw]h)h(?![hxw])(?:s{1,2}hh(?![hxw])){7,}+")
_MIN_PAIRS = 8
_LEAST = 3 * _MIN_PAIRS - 1  # bytes of so many bare pairs with a separator between two
_STEP = 16  # fewer than that: every row covers a byte that is looked at
_CLASS_OF = np.frombuffer(_CLASSES, np.uint8)
_HEX, _X, _BACKSLASH, _WORD, _SEPARATOR = b"hxbws"
_PREFIXED, _MOST_SEPARATORS = 4, 16  # bytes of 0x and two digits, and between two of them


def encoded_lengths(text: bytes) -> list[int]:
    """Lengths in bytes of every run of encoded data; all three forms are pure ASCII.

    The patterns run only where a compiled look says that they may match.
    """
    found = _base64_lengths(text)
    codes = np.frombuffer(text, np.uint8)
    marks, escapes = _marks(codes)
    if escapes >= _MIN_PAIRS:
        found += [len(run) for run in _ESCAPES.findall(text)]
    if marks >= _MIN_PAIRS and _row_of_marks(codes, _CLASS_OF) >= _MIN_PAIRS:
        found += [len(run) for run in _PREFIXED_PAIRS.findall(text.translate(_CLASSES))]
    if _may_have_pairs(codes, _CLASS_OF):
        found += [len(run) for run in _BARE_PAIRS.findall(text.translate(_CLASSES))]
    return found


@numba.njit(cache=True, nogil=True)
def _marks(text):  # type: ignore[no-untyped-def]
    """Marks of a hexadecimal byte (0x or a backslash and x), and backslashes before u."""
    marks = escapes = 0
    for i in range(1, len(text)):
        marks += ((text[i] | 0x20) == 0x78) & ((text[i - 1] == 0x30) | (text[i - 1] == 0x5C))
        escapes += (text[i] == 0x75) & (text[i - 1] == 0x5C)
    return marks, escapes


@numba.njit(cache=True, nogil=True)
def _row_of_marks(text, class_of):  # type: ignore[no-untyped-def]
    """The most marks in a row, each with two digits and, after 0x, no more, that are near enough to be one run."""
    longest = row = last = 0
    for i in range(1, len(text) - 2):
        if (text[i] | 0x20) != 0x78 or class_of[text[i + 1]] != _HEX or class_of[text[i + 2]] != _HEX:
            continue
        before, after = class_of[text[i - 1]], class_of[text[i + 3]] if i + 3 < len(text) else _SEPARATOR
        if before == _BACKSLASH or (before == _HEX and after != _HEX and after != _X and after != _WORD):
            row = row + 1 if i - last <= _PREFIXED + _MOST_SEPARATORS else 1
            longest, last = max(longest, row), i
    return longest


@numba.njit(cache=True, nogil=True)
def _may_have_pairs(text, class_of):  # type: ignore[no-untyped-def]
    """A stretch of hexadecimal digits and separators has enough words of two digits in a row. Looks at every 16th byte
    until one belongs to such a stretch.
    """
    at = _STEP - 1
    while at < len(text):
        if class_of[text[at]] != _HEX and class_of[text[at]] != _SEPARATOR:
            at += _STEP
            continue
        begin, end = at, at + 1
        while begin > 0 and (class_of[text[begin - 1]] == _HEX or class_of[text[begin - 1]] == _SEPARATOR):
            begin -= 1
        while end < len(text) and (class_of[text[end]] == _HEX or class_of[text[end]] == _SEPARATOR):
            end += 1
        if end - begin >= _LEAST and _row_of_pairs(text[begin:end], class_of) >= _MIN_PAIRS:
            return True
        at = end + _STEP - 1
    return False


@numba.njit(cache=True, nogil=True)
def _row_of_pairs(text, class_of):  # type: ignore[no-untyped-def]
    """The most words of two digits in a row, one or two separators between two."""
    longest = row = width = gap = 0
    for byte in text:
        if class_of[byte] == _HEX:
            if width == 0 and gap > 2:
                row = 0
            width, gap = width + 1, 0
        else:
            if width:
                row = row + 1 if width == 2 else 0
                longest = max(longest, row)
            width, gap = 0, gap + 1
    return max(longest, row + 1) if width == 2 else longest


def _base64_lengths(text: bytes) -> list[int]:
    """Runs of 64 or more base64 characters. Runs that only a line feed parts are one. A run of one or two distinct
    characters is a ruler, not data.
    """
    lengths: list[int] = []
    last = -2
    for begin, end in _base64_runs(np.frombuffer(text, np.uint8), _BASE64).tolist():
        if len(set(text[begin : begin + _MIN_BASE64])) < 3:
            continue
        if begin == last + 1 and text[last] == 0x0A:
            lengths[-1] += end - last
        else:
            lengths.append(end - begin)
        last = end
    return lengths


@numba.njit(cache=True, nogil=True)
def _base64_runs(text, inside):  # type: ignore[no-untyped-def]
    """(begin, end) of every long enough run. Looks at every 64th byte until one is inside: a run covers one."""
    runs = np.empty((len(text) // _MIN_BASE64 + 1, 2), np.int64)
    found, at = 0, _MIN_BASE64 - 1
    while at < len(text):
        if not inside[text[at]]:
            at += _MIN_BASE64
            continue
        begin = at
        while begin > 0 and inside[text[begin - 1]]:
            begin -= 1
        end = at + 1
        while end < len(text) and inside[text[end]]:
            end += 1
        if end - begin >= _MIN_BASE64:
            runs[found] = begin, end
            found += 1
        at = end + _MIN_BASE64 - 1
    return runs[:found]
