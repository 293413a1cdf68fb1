"""Runs of encoded data in a text (rule 30): base64, hexadecimal byte pairs, unicode escapes. Linear."""

from __future__ import annotations

import re

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


def encoded_lengths(text: bytes) -> list[int]:
    """Lengths in bytes of every run of encoded data; all three forms are pure ASCII.

    The patterns run only where a fixed string says that they may match: finding one is far cheaper.
    """
    found = _base64_lengths(text)
    if b"\\u" in text:
        found += [len(run) for run in _ESCAPES.findall(text)]
    classes = text.translate(_CLASSES)
    if max(text.count(mark) for mark in (b"0x", b"0X", b"\\x", b"\\X")) >= _MIN_PAIRS:
        found += [len(run) for run in _PREFIXED_PAIRS.findall(classes)]
    if b"hhshh" in classes or b"hhsshh" in classes:
        found += [len(run) for run in _BARE_PAIRS.findall(classes)]
    return found


def _base64_lengths(text: bytes) -> list[int]:
    """Runs of 64 or more base64 characters. Runs that only a line feed parts are one. A run of one or two distinct
    characters is a ruler, not data.
    """
    inside = _BASE64[np.frombuffer(text, np.uint8)]
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if len(text) and inside[0]:
        edges = np.concatenate(([0], edges))
    if len(edges) % 2:
        edges = np.concatenate((edges, [len(text)]))
    begins, ends = edges[0::2], edges[1::2]
    kept = np.flatnonzero(ends - begins >= _MIN_BASE64)
    lengths: list[int] = []
    last = -2
    for begin, end in zip(begins[kept].tolist(), ends[kept].tolist(), strict=True):
        if len(set(text[begin : begin + _MIN_BASE64])) < 3:
            continue
        if begin == last + 1 and text[last] == 0x0A:
            lengths[-1] += end - last
        else:
            lengths.append(end - begin)
        last = end
    return lengths
