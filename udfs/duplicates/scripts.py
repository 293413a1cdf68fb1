"""Scripts that are written without spaces: Han, kana, Thai, Lao, Khmer and Burmese. A character of theirs is a token.

Their full-width punctuation ends a run as ASCII punctuation does, and U+3000 is white space. Texts without a character
of these scripts have the tokens that they always had, whatever punctuation is in them. Ranges: the blocks of Unicode.
"""

from __future__ import annotations

import re

import numba
import numpy as np
from numpy.typing import NDArray

SPACE, WORD, PUNCT, CHARACTER = range(4)
# The first byte of a character of three bytes or four: its upper three bits are set.
LEAST_LEAD = 0xE0
_UPPERMOST = np.uint64(0x8080808080808080)  # of each of eight bytes

# By their bytes in UTF-8. Hangul has spaces; the hexagrams between extension A and Han are signs.
_CHARACTER = (
    rb"\xe0[\xb8-\xbb][\x80-\xbf]"  # Thai, Lao
    rb"|\xe1(?:[\x80\x81][\x80-\xbf]|\x82[\x80-\x9f])|\xea(?:\xa7|\xa9)[\xa0-\xbf]"  # Burmese
    rb"|\xe1(?:[\x9e\x9f][\x80-\xbf]|\xa7[\xa0-\xbf])"  # Khmer
    rb"|\xe3(?:\x80[\x85-\x87]|\x81[\x80-\xbf]|\x82[\x80-\x9f\xa1-\xbf])"  # kana, with the sign of iteration
    rb"|\xe3(?:\x83[\x80-\xba\xbc-\xbf]|\x87[\xb0-\xbf])|\xef(?:\xbd[\xa6-\xbf]|\xbe[\x80-\x9f])"  # half-width kana
    rb"|\xe3[\x90-\xbf][\x80-\xbf]|\xe4[\x80-\xb6\xb8-\xbf][\x80-\xbf]|[\xe5-\xe9][\x80-\xbf]{2}"  # Han
    rb"|\xef[\xa4-\xab][\x80-\xbf]|\xf0[\xa0-\xbf][\x80-\xbf]{2}"
)
_PUNCT = (
    rb"\xe3(?:\x80[\x81-\x84\x88-\xbf]|\x82\xa0|\x83\xbb)"
    rb"|\xef(?:\xbc[\x81-\x8f\x9a-\xa0\xbb-\xbf]|\xbd[\x80\x9b-\xa5]|\xb8[\xb0-\xbf]|\xb9[\x80-\x8f])"
)
_IDEOGRAPHIC_SPACE = b"\xe3\x80\x80"
_IS_UNSPACED = re.compile(_CHARACTER)
_SPACED = re.compile(rb"[0-9A-Za-z_\x80-\xff]+|[^0-9A-Za-z_\x80-\xff\s]+")
_UNSPACED = re.compile(
    rb"%b|(?:[^0-9A-Za-z_\x80-\xff\s]|%b)+|(?:[0-9A-Za-z_]|(?!%b|%b)[\x80-\xff])+"
    % tuple(b"(?:" + each + b")" for each in (_CHARACTER, _PUNCT, _CHARACTER, _PUNCT))
)


def token_spans(raw: bytes) -> list[tuple[int, int]]:
    """(first byte, end) of each token of a text; the compiled pass finds the same ones (a test compares)."""
    if not _IS_UNSPACED.search(raw):
        return [m.span() for m in _SPACED.finditer(raw)]
    return [m.span() for m in _UNSPACED.finditer(raw.replace(_IDEOGRAPHIC_SPACE, b"   "))]


@numba.njit(cache=True, nogil=True)
def is_unspaced(data: NDArray[np.uint8]) -> bool:
    """Whether a character of these scripts is in the text. Words of eight bytes that hold no lead are passed over."""
    words = data[: data.size // 8 * 8].view(np.uint64)
    for place in range(words.size):
        word = words[place]
        if word & (word << np.uint64(1)) & (word << np.uint64(2)) & _UPPERMOST and _any_begins(data, 8 * place, 8):
            return True
    return _any_begins(data, 8 * words.size, data.size - 8 * words.size)


@numba.njit(cache=True, nogil=True)
def _any_begins(data: NDArray[np.uint8], first: int, number: int) -> bool:
    for at in range(first, first + number):  # noqa: SIM110 - a generator is no compiled loop
        if data[at] >= LEAST_LEAD and kind_at(data, at) == CHARACTER:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def kind_at(data: NDArray[np.uint8], at: int) -> int:
    """What the character is that begins with this byte; one of no such script is part of a word."""
    if at + 2 >= data.size:
        return WORD
    lead, second, third = data[at], data[at + 1], data[at + 2]
    if 0xE5 <= lead <= 0xE9:
        return CHARACTER
    if lead == 0xE4:
        return WORD if second == 0xB7 else CHARACTER
    if lead == 0xE3:
        return _kind_of_kana(second, third)
    if lead == 0xEF:
        return _kind_of_form(second, third)
    if lead == 0xE0:
        is_character = 0xB8 <= second <= 0xBB
    elif lead == 0xE1:
        is_character = second in (0x80, 0x81, 0x9E, 0x9F) or (second == 0x82 and third < 0xA0)
        is_character |= second == 0xA7 and third >= 0xA0
    elif lead == 0xEA:
        is_character = second in (0xA7, 0xA9) and third >= 0xA0
    else:
        is_character = lead == 0xF0 and second >= 0xA0
    return CHARACTER if is_character else WORD


@numba.njit(cache=True, nogil=True)
def _kind_of_kana(second: int, third: int) -> int:
    """U+3000 to U+3FFF: punctuation, kana, and Han of extension A."""
    if second == 0x80:
        if third == 0x80:
            return SPACE
        return CHARACTER if 0x85 <= third <= 0x87 else PUNCT
    if (second == 0x82 and third == 0xA0) or (second == 0x83 and third == 0xBB):
        return PUNCT
    if second <= 0x83 or second >= 0x90 or (second == 0x87 and third >= 0xB0):
        return CHARACTER
    return WORD


@numba.njit(cache=True, nogil=True)
def _kind_of_form(second: int, third: int) -> int:
    """U+F000 to U+FFFF: compatible forms of Han, and of punctuation and kana in another width."""
    if 0xA4 <= second <= 0xAB or (second == 0xBD and third >= 0xA6) or (second == 0xBE and third < 0xA0):
        return CHARACTER
    if second == 0xBC and (0x81 <= third <= 0x8F or 0x9A <= third <= 0xA0 or third >= 0xBB):
        return PUNCT
    if second == 0xBD and (third == 0x80 or 0x9B <= third <= 0xA5):
        return PUNCT
    return PUNCT if (second == 0xB8 and third >= 0xB0) or (second == 0xB9 and third < 0x90) else WORD
