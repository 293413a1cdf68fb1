"""Whether a text can hold what some patterns look for: one compiled pass over its bytes, not a search for each pattern.

A needle is a literal, and a condition on the bytes around it that every match of its pattern meets. So what is not
found cannot match, and a pattern runs over the few texts only that it may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numba
import numpy as np

PLAIN, TOKEN, NAME, LOGIN, EMAIL, QUAD, GROUPS = range(7)
"""Conditions: none; LEAST_TOKEN characters of a token behind it; a value assigned in quotes; a user and a password; an
address around an @; four numbers around the first of their dots; groups of hexadecimal digits around a colon."""
LEAST_TOKEN = 10
_LEAST_VALUE = 6
_DIGIT, _LETTER, _HEX, _DASH, _NO_LOGIN, _NO_VALUE = (1 << i for i in range(6))
_KINDS = np.zeros(256, np.uint8)
for _bytes, _kind in (
    (b"0123456789", _DIGIT | _HEX),
    (b"abcdefABCDEF", _HEX),
    (b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", _LETTER),
    (b"-_", _DASH),
    (b" \t\n\r\f\v\x1c\x1d\x1e\x1f:/@'\"<>{}()[]$\\", _NO_LOGIN),
    (b" \t\n\r\f\v\x1c\x1d\x1e\x1f'\"<>{}$\\", _NO_VALUE),
):
    for _byte in _bytes:
        _KINDS[_byte] |= _kind
_ALNUM = _DIGIT | _LETTER
_ANY_CASE = 0x20


class Needle(NamedTuple):
    """`firsts` are the pairs of bytes that it can begin with, where it is no literal."""

    literal: bytes
    condition: int = PLAIN
    any_case: bool = False
    firsts: tuple[bytes, bytes] = (b"", b"")

    def pairs(self) -> list[int]:
        """Every two bytes that a match starts with."""
        first, second = self.firsts if not self.literal else (self.literal[:1], self.literal[1:2])
        if self.any_case:
            first, second = (both.lower() + both.upper() for both in (first, second))
        return [a << 8 | b for a in set(first) for b in set(second)]


_NOTHING: frozenset[str] = frozenset()


class Needles:
    """Up to 63 needles by name, each two bytes long or longer."""

    def __init__(self, named: Mapping[str, Needle]) -> None:
        self._bits = {name: 1 << i for i, name in enumerate(named)}
        needles = list(named.values())
        by_pair: dict[int, tuple[int, ...]] = {}
        for i, needle in enumerate(needles):
            for pair in needle.pairs():
                by_pair[pair] = (*by_pair.get(pair, ()), i)
        groups = [(), *dict.fromkeys(by_pair.values())]
        self._group_of = np.zeros(1 << 16, np.uint8)
        for pair, some in by_pair.items():
            self._group_of[pair] = groups.index(some)
        self._members = np.array([i for some in groups for i in some], np.int64)
        self._ends = np.cumsum([len(some) for some in groups])
        self._letters = np.frombuffer(b"".join(needle.literal for needle in needles), np.uint8)
        self._letter_ends = np.cumsum([len(needle.literal) for needle in needles])
        self._conditions = np.array([needle.condition for needle in needles], np.int64)
        folds = [_ANY_CASE * (needle.any_case and chr(c).isalpha()) for needle in needles for c in needle.literal]
        self._folds = np.array(folds, np.uint8)

    def found(self, utf8: bytes) -> frozenset[str]:
        """The names of the needles in a text."""
        bits = self._found(utf8, False)
        return frozenset(name for name, bit in self._bits.items() if bits & bit) if bits else _NOTHING

    def any_in(self, utf8: bytes) -> bool:
        """Whether one of them is in a text."""
        return self._found(utf8, True) != 0

    def _found(self, utf8: bytes, first_only: bool) -> int:
        places = (self._group_of, self._members, self._ends)
        literals = (self._letters, self._letter_ends, self._folds, self._conditions)
        return int(_found(np.frombuffer(utf8, np.uint8), *places, *literals, _KINDS, first_only))


@numba.njit(cache=True, nogil=True)
def _found(text, group_of, members, ends, letters, letter_ends, folds, conditions, kinds, first_only):  # type: ignore[no-untyped-def]
    found = np.int64(0)
    for at in range(len(text) - 1):
        group = group_of[np.int64(text[at]) << 8 | np.int64(text[at + 1])]
        if group == 0:
            continue
        for member in range(ends[group - 1], ends[group]):
            needle = members[member]
            bit = np.int64(1) << needle
            if found & bit:
                continue
            begin = letter_ends[needle - 1] if needle else 0
            end = letter_ends[needle]
            is_there = _is_at(text, at, letters[begin:end], folds[begin:end])
            if is_there and _holds(text, at, at + end - begin, conditions[needle], kinds):
                found |= bit
                if first_only:
                    return found
    return found


@numba.njit(cache=True, nogil=True)
def _is_at(text, at, literal, folds):  # type: ignore[no-untyped-def]
    if at + len(literal) > len(text):
        return False
    for i in range(len(literal)):  # noqa: SIM110 - a generator is no compiled loop
        if text[at + i] | folds[i] != literal[i] | folds[i]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _holds(text, at, end, condition, kinds):  # type: ignore[no-untyped-def]
    if condition == TOKEN:
        return _run(text, end, LEAST_TOKEN, kinds, _ALNUM | _DASH) >= LEAST_TOKEN
    if condition == NAME:
        return _is_assigned(text, end, kinds)
    if condition == LOGIN:
        return _is_login(text, end, kinds)
    if condition == EMAIL:
        return _is_email(text, at, kinds)
    if condition == QUAD:
        return _is_quad(text, at, kinds)
    if condition == GROUPS:
        return _is_groups(text, at, kinds)
    return True


@numba.njit(cache=True, nogil=True)
def _run(text, at, most, kinds, wanted):  # type: ignore[no-untyped-def]
    """How many bytes of the wanted kinds stand here, `most` at most."""
    size, most = 0, min(most, len(text) - at)
    while size < most and kinds[text[at + size]] & wanted:
        size += 1
    return size


@numba.njit(cache=True, nogil=True)
def _past(text, at, byte, other):  # type: ignore[no-untyped-def]
    """Behind one byte, if it is one of two."""
    return at + 1 if at < len(text) and (text[at] == byte or text[at] == other) else at


@numba.njit(cache=True, nogil=True)
def _past_blanks(text, at):  # type: ignore[no-untyped-def]
    while at < len(text) and (text[at] == 0x20 or text[at] == 0x09):
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _is_assigned(text, at, kinds):  # type: ignore[no-untyped-def]
    """Behind a name: its last digits, quote and bracket, a sign of assignment, and a long enough value in quotes."""
    at += _run(text, at, 2, kinds, _DIGIT)
    at = _past(text, at, 0x5C, 0x5C)
    at = _past(text, at, 0x22, 0x27)
    at = _past_blanks(text, _past(text, at, 0x5D, 0x5D))
    sign = at
    at = _past(text, at, 0x3A, 0x3D)  # : or =
    if at == sign:
        return False
    at = _past_blanks(text, _past(text, at, 0x3D, 0x3E))  # the second of := == =>
    if at < len(text) and (text[at] | 0x20 == 0x62 or text[at] | 0x20 == 0x72 or text[at] | 0x20 == 0x75):  # b r u
        at += 1
    quote = _past(text, at, 0x5C, 0x5C)
    at = _past(text, quote, 0x22, 0x27)
    if at == quote or at + _LEAST_VALUE > len(text):
        return False
    for i in range(at, at + _LEAST_VALUE):  # noqa: SIM110 - a generator is no compiled loop
        if kinds[text[i]] & _NO_VALUE:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def _is_login(text, at, kinds):  # type: ignore[no-untyped-def]
    """user:password@ behind the mark of a scheme."""
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
    if at == 0 or not (kinds[text[at - 1]] & (_ALNUM | _DASH) or text[at - 1] == 0x2B):
        return False
    at += 1
    while at < len(text) and (kinds[text[at]] & _ALNUM or text[at] == 0x2D):
        at += 1
    return at + 1 < len(text) and text[at] == 0x2E and kinds[text[at + 1]] & _ALNUM != 0


@numba.njit(cache=True, nogil=True)
def _is_quad(text, at, kinds):  # type: ignore[no-untyped-def]
    """A digit before the dot, and behind it two numbers of three digits at most with a dot each, and a digit."""
    if at == 0 or not kinds[text[at - 1]] & _DIGIT:
        return False
    for _ in range(2):
        width = _run(text, at + 1, 3, kinds, _DIGIT)
        at += 1 + width
        if width == 0 or at >= len(text) or text[at] != 0x2E:
            return False
    return at + 1 < len(text) and kinds[text[at + 1]] & _DIGIT != 0


@numba.njit(cache=True, nogil=True)
def _is_groups(text, at, kinds):  # type: ignore[no-untyped-def]
    """The last of four hexadecimal digits, the first a 2 or 3, a colon, and up to four more with another colon."""
    if at < 3 or not (text[at - 3] == 0x32 or text[at - 3] == 0x33):
        return False
    if not (kinds[text[at - 2]] & kinds[text[at - 1]] & _HEX):
        return False
    at += 2 + _run(text, at + 2, 4, kinds, _HEX)
    return at < len(text) and text[at] == 0x3A
