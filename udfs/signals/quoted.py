"""What the signals count inside the quoted strings of a text's code."""

from __future__ import annotations

from dataclasses import dataclass
from operator import eq, itemgetter

import numba
import numpy as np

from udfs.signals.characters import SPACE, WORD, classes, code_point

LONG = 20  # characters of a long word, tokens of a long line
_TRIPLE = frozenset(('"""', "'''"))
_HTTP, _HTTPS = np.frombuffer(b"http://", np.uint8), np.frombuffer(b"https://", np.uint8)


@dataclass(frozen=True, slots=True)
class Quoted:
    """Characters between the quotes; lines there with more than LONG word-punct tokens; characters of words there,
    parted by white space, that are longer than LONG and hold no http(s) address.
    """

    chars: int
    long_lines: int
    long_word_chars: int


def quoted(code: str, strings: list[str]) -> Quoted:
    """Counts of the strings of some code, which come with their quotes; the last quote may be missing."""
    triple = [s for s in strings if s[:3] in _TRIPLE] if any(mark in code for mark in _TRIPLE) else []
    short = [s for s in strings if s[:3] not in _TRIPLE] if triple else strings
    lengths = list(map(len, short))
    closed = sum(map(eq, map(itemgetter(0), short), map(itemgetter(-1), short))) - lengths.count(1)
    chars = sum(lengths) - len(short) - closed + sum(len(_inside(s)) for s in triple)
    long = [inner for s in strings if len(s) > LONG + 1 and len(inner := _inside(s)) > LONG]
    return quoted_of(chars, "\n".join(long).encode("utf-8", "surrogatepass"))


def quoted_of(chars: int, long: bytes) -> Quoted:
    """Counts of strings of so many characters, of which the long ones are given, parted by line feeds."""
    if not long:
        return Quoted(chars, 0, 0)
    text = np.frombuffer(long, np.uint8)
    long_lines, long_word_chars = _long(text, classes(), _HTTP, _HTTPS).tolist()
    return Quoted(chars, long_lines, long_word_chars)


def _inside(string: str) -> str:
    quote = string[:3] if string[:3] in _TRIPLE else string[0]
    return string[len(quote) :].removesuffix(quote)


@numba.njit(cache=True, nogil=True)
def _long(text, classes, http, https):  # type: ignore[no-untyped-def]
    """[long lines, characters of long words without an address]."""
    found = np.zeros(2, np.int64)
    at = tokens = word = width = before = 0  # word: characters of the present one; before: kind of the last character
    address = False
    while at <= len(text):
        point, width = code_point(text, at) if at < len(text) else (np.int64(0x0A), 1)
        kind = classes[point] if point < len(classes) else 0
        now = 0 if kind & SPACE else 1 if kind & WORD else 2
        tokens += now != 0 and now != before
        if now:
            word += 1
            address |= point == 0x2F and (_ends(text, at + 1, http, word) or _ends(text, at + 1, https, word))
        else:
            found[1] += word if word > LONG and not address else 0
            word, address = 0, False
            if point == 0x0A:
                found[0] += tokens > LONG
                tokens = 0
        before = now
        at += width
    return found


@numba.njit(cache=True, nogil=True)
def _ends(text, end, mark, word):  # type: ignore[no-untyped-def]
    """The text up to `end` ends with the mark, all of it in the present word."""
    if word < len(mark):
        return False
    for i in range(len(mark)):  # noqa: SIM110 - a generator is no compiled loop
        if text[end - len(mark) + i] != mark[i]:
            return False
    return True
