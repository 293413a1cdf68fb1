"""What kind of character each code point is, as one table for compiled loops over UTF-8, and the counts of a text.

The classes are those of Python's own str methods and of `re`, so a loop here and an expression there agree.
"""

from __future__ import annotations

import re
from functools import cache

import numba
import numpy as np
import numpy.typing as npt

SPACE, DIGIT, LETTER, WORD, UPPER, LOWER, VOTES, TERMINATOR = (1 << i for i in range(8))
"""str.isspace, isdigit, isalpha, \\w, isupper, islower or title case, a letter in natural_language, end of sentence."""
SCRIPTS = ("", "kana", "han", "ko", "ru", "ar")
_SCRIPT_AT = 256  # the place of the script's number in a class
TERMINATORS = ".!?…。！？؟۔｡"
# Beyond are tags, variation selectors and private characters, of no class; a test looks at every one.
_END = 0x40000
_SIZE = _SCRIPT_AT * 8

_RANGES = {
    "kana": "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\uff66-\uff9d",
    "han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
    "ko": "\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e",
    "ru": "\u0400-\u052f",
    "ar": "\u0620-\u064a\u066e-\u06d3\u0750-\u077f\u08a0-\u08c9\ufb50-\ufdfb\ufe70-\ufefc",
}


@cache
def classes() -> npt.NDArray[np.uint16]:
    """The class of every code point below _END: bits of what it is, and the number of its script."""
    every = "".join(map(chr, range(_END)))
    found = np.zeros(_END, np.uint16)
    title = str.istitle  # true of capitals too, which are no bar to a word in capitals
    for bit, test in ((SPACE, str.isspace), (DIGIT, str.isdigit), (LETTER, str.isalpha), (UPPER, str.isupper)):
        found |= bit * np.fromiter(map(test, every), np.uint16, _END)
    lower = np.fromiter(map(str.islower, every), bool, _END)
    lower |= np.fromiter(map(title, every), bool, _END) & (found & UPPER == 0)
    found |= LOWER * lower.astype(np.uint16)
    for bit, pattern in ((WORD, r"\w+"), (VOTES, r"[^\W\d_]+"), (TERMINATOR, f"[{re.escape(TERMINATORS)}]+")):
        for run in re.finditer(pattern, every):
            found[run.start() : run.end()] |= bit
    for number, name in enumerate(SCRIPTS):
        for run in re.finditer(f"[{_RANGES[name]}]+", every) if name else ():
            found[run.start() : run.end()] |= _SCRIPT_AT * number
    found.setflags(write=False)
    return found


class Counts:
    """Characters of a text by kind."""

    def __init__(self, utf8: bytes) -> None:
        counted = _count(np.frombuffer(utf8, np.uint8), classes()).tolist()
        self.spaces: int = counted[0]
        self.digits: int = counted[1]
        self.letters: int = counted[2]
        self.votes: int = counted[3]
        self.scripts: dict[str, int] = dict(zip(SCRIPTS[1:], counted[5:], strict=True))


@numba.njit(cache=True, nogil=True)
def code_point(text, at):  # type: ignore[no-untyped-def]
    """(code point, bytes) of the character that starts at a place of UTF-8 text, halves of surrogate pairs too."""
    first = np.int64(text[at])
    if first < 0x80:
        return first, 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | text[at + 1] & 0x3F, 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (text[at + 1] & 0x3F) << 6 | text[at + 2] & 0x3F, 3
    high = (first & 0x07) << 18 | (text[at + 1] & 0x3F) << 12
    return high | (text[at + 2] & 0x3F) << 6 | text[at + 3] & 0x3F, 4


@numba.njit(cache=True, nogil=True)
def _count(text, classes):  # type: ignore[no-untyped-def]
    """[spaces, digits, letters, letters that vote, of no script, of each script]."""
    ascii_counts, by_class = np.zeros(128, np.int64), np.zeros(_SIZE, np.int64)
    at, size = 0, len(text)
    while at < size:
        if text[at] < 0x80:
            ascii_counts[text[at]] += 1
            at += 1
            continue
        point, width = code_point(text, at)
        if point < _END:
            by_class[classes[point]] += 1
        at += width
    for point in range(128):
        by_class[classes[point]] += ascii_counts[point]
    found = np.zeros(10, np.int64)
    for kind in range(_SIZE):
        count = by_class[kind]
        if count:
            found[0] += count * (kind & SPACE != 0)
            found[1] += count * (kind & DIGIT != 0)
            found[2] += count * (kind & LETTER != 0)
            if kind & VOTES:
                found[3] += count
                found[4 + kind // _SCRIPT_AT] += count
    return found
