"""What must stand around a needle of udfs/cleaning/needles.py, in compiled steps over the bytes of a text.

Each condition follows from its pattern: whatever the pattern matches meets it, and most of the rest does not.
"""

from __future__ import annotations

import numba
import numpy as np

PLAIN, TOKEN, NAME, LOGIN, EMAIL, QUAD, GROUPS, BOT, BARE = range(9)
"""Conditions: none; enough bytes of a token around it; a name that a value in quotes or in a tag is assigned to; a user
and a password; an address around an @; four numbers around the first of their dots; groups of hexadecimal digits around
a colon; 23, 6 and 27 characters of a token with dots between; a name and a value, quotes or none. A value holds a digit
or a sign that passwords have."""
DIGIT, LETTER, HEX, DASH, WIDE, _NO_LOGIN, _IN_PASSWORD, _SIGN, _CLOSING, _QUOTE, _NO_VALUE = (
    1 << i for i in range(11)
)
KINDS = np.zeros(256, np.uint16)
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
for _bytes, _kind in (
    (b"0123456789", DIGIT | HEX | WIDE | _IN_PASSWORD),
    (b"abcdefABCDEF", HEX),
    (_LETTERS, LETTER | WIDE),
    (b"-_", DASH | WIDE),
    (b"+/=.%~:", WIDE),
    (b" \t\n\r\f\v\x1c\x1d\x1e\x1f:/@'\"<>{}()[]\\", _NO_LOGIN),
    (b"!@#$%^&*?~+", _IN_PASSWORD),
    (_LETTERS[26:], _IN_PASSWORD),
    (b":=,(<>|? \t", _SIGN),
    (b"\\\"'`[]", _CLOSING),
    (b"\"'`", _QUOTE),
    (b" \t\n\r\f\v\x1c\x1d\x1e\x1f\"'`\\", _NO_VALUE),
):
    for _byte in _bytes:
        KINDS[_byte] |= _kind
ALNUM = DIGIT | LETTER
URL = ALNUM | DASH
# Between a name and the quote of its value: a sign, a type.
_FARTHEST = 64
_LEAST_VALUE, _LONGEST = 6, 400


@numba.njit(cache=True, nogil=True)
def holds(text, at, end, conditions, needle, kinds):  # type: ignore[no-untyped-def]
    """Whether the needle's condition holds of the literal between two places."""
    condition, before, before_kinds = conditions[needle, 0], conditions[needle, 1], conditions[needle, 2]
    after, after_kinds = conditions[needle, 3], conditions[needle, 4]
    if condition == TOKEN:
        return _is_token(text, at, end, before, before_kinds, after, after_kinds, kinds)
    if condition in (NAME, BARE):
        return _is_assigned(text, at, end, before, condition == NAME, kinds)
    if condition == LOGIN:
        return _is_login(text, end, kinds)
    if condition == EMAIL:
        return _is_email(text, at, kinds)
    if condition == QUAD:
        return _is_quad(text, at, kinds)
    if condition == GROUPS:
        return _is_groups(text, at, kinds)
    if condition == BOT:
        if at + 7 >= len(text) or text[at + 7] != 0x2E:
            return False
        is_token = _is_token(text, at, end, before, before_kinds, after, after_kinds, kinds)
        return is_token and _run(text, at + 8, 27, kinds, URL) == 27
    return True


@numba.njit(cache=True, nogil=True)
def _is_token(text, at, end, before, before_kinds, after, after_kinds, kinds):  # type: ignore[no-untyped-def]
    """Long enough runs on both sides; where nothing is asked before a letter or a digit, no such stands there."""
    if _run(text, end, after, kinds, after_kinds) < after:
        return False
    if before:
        if at < before:
            return False
        for i in range(at - before, at):  # noqa: SIM110 - a generator is no compiled loop
            if not kinds[text[i]] & before_kinds:
                return False
        return True
    if at == 0 or not kinds[text[at]] & ALNUM or not kinds[text[at - 1]] & ALNUM:
        return True
    # Behind an escaped line break a word begins, too.
    return at > 1 and text[at - 2] == 0x5C


@numba.njit(cache=True, nogil=True)
def _run(text, at, most, kinds, wanted):  # type: ignore[no-untyped-def]
    """How many bytes of the wanted kinds stand here, `most` at most."""
    size, most = 0, min(most, len(text) - at)
    while size < most and kinds[text[at + size]] & wanted:
        size += 1
    return size


@numba.njit(cache=True, nogil=True)
def _is_assigned(text, at, end, longer, in_quotes, kinds):  # type: ignore[no-untyped-def]
    """Behind a name, its last digits, quote and brackets, a sign or a blank, and a value. `longer`: the name is only
    the end of one.
    """
    if longer and (at == 0 or not kinds[text[at - 1]] & URL):
        return False
    end += _run(text, end, 2, kinds, DIGIT)
    for _ in range(4):  # a quote with its backslash, [] or ]
        if end < len(text) and kinds[text[end]] & _CLOSING:
            end += 1
    if end >= len(text) or not kinds[text[end]] & _SIGN:
        return False
    if text[end] == 0x3C:  # the end of a tag, whose value stands in the next one
        return True
    if in_quotes and text[end] != 0x3E:
        begin = end
        while not kinds[text[end]] & _QUOTE:
            end += 1
            if end >= len(text) or text[end] == 0x0A or end > begin + _FARTHEST:
                return False
    else:
        folded = False  # a block of YAML, which begins on the next line
        for _ in range(_FARTHEST):
            if end + 1 >= len(text):
                break
            byte = text[end + 1]
            folded |= byte == 0x3E or byte == 0x7C
            if not kinds[byte] & (_SIGN | _QUOTE) and not (folded and byte in (0x0A, 0x0D, 0x2B, 0x2D)):
                break
            end += 1
    return _is_value(text, end + 1, kinds)


@numba.njit(cache=True, nogil=True)
def _is_value(text, at, kinds):  # type: ignore[no-untyped-def]
    """Six characters or more up to a blank or a quote, and one that is no letter among them."""
    begin, end, varied = at, min(len(text), at + _LONGEST), False
    while at < end and not kinds[text[at]] & _NO_VALUE:
        varied |= kinds[text[at]] & _IN_PASSWORD != 0
        at += 1
        if varied and at - begin >= _LEAST_VALUE:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def _is_login(text, at, kinds):  # type: ignore[no-untyped-def]
    """user:password@ or :password@ behind the mark of a scheme."""
    for mark in (0x3A, 0x40):
        while at < len(text) and not kinds[text[at]] & _NO_LOGIN:
            at += 1
        if at == len(text) or text[at] != mark:
            return False
        at += 1
    return True


@numba.njit(cache=True, nogil=True)
def _is_email(text, at, kinds):  # type: ignore[no-untyped-def]
    """The end of a name before the @, a label and a dot behind it."""
    if at == 0 or not (kinds[text[at - 1]] & (ALNUM | DASH) or text[at - 1] == 0x2B):
        return False
    at += 1
    while at < len(text) and (kinds[text[at]] & ALNUM or text[at] == 0x2D):
        at += 1
    return at + 1 < len(text) and text[at] == 0x2E and kinds[text[at + 1]] & ALNUM != 0


@numba.njit(cache=True, nogil=True)
def _is_quad(text, at, kinds):  # type: ignore[no-untyped-def]
    """A digit before the dot, and behind it two numbers of three digits at most with a dot each, and a digit."""
    if at == 0 or not kinds[text[at - 1]] & DIGIT:
        return False
    for _ in range(2):
        width = _run(text, at + 1, 3, kinds, DIGIT)
        at += 1 + width
        if width == 0 or at >= len(text) or text[at] != 0x2E:
            return False
    return at + 1 < len(text) and kinds[text[at + 1]] & DIGIT != 0


@numba.njit(cache=True, nogil=True)
def _is_groups(text, at, kinds):  # type: ignore[no-untyped-def]
    """The last of four hexadecimal digits, the first a 2 or 3, a colon, and up to four more with another colon."""
    if at < 3 or not (text[at - 3] == 0x32 or text[at - 3] == 0x33):
        return False
    if not (kinds[text[at - 2]] & kinds[text[at - 1]] & HEX):
        return False
    at += 2 + _run(text, at + 2, 4, kinds, HEX)
    return at < len(text) and text[at] == 0x3A
