"""Comments and strings of a text by a compiled scan: what most comment styles are made of, as steps of a program.

A step is one alternative of a style's pattern (udfs/signals/comment_styles.py) and finds the same tokens; a style with
an alternative of another form has no program, and is read by its pattern. Texts are UTF-8. A token ends inside of no
character, since all marks are whole ones and whatever a backslash takes along is passed byte by byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from udfs.signals.characters import classes
from udfs.signals.token_ends import (
    char_end,
    closed,
    is_apostrophe,
    is_at,
    is_spaced,
    line_end,
    may_be_regex,
    nested_end,
    quoted_end,
    regex_end,
    triple_end,
)

LINE, BLOCK, NESTED, QUOTED, TRIPLE, CHAR, REGEX, ESCAPE, FIRST = range(9)
"""Forms: a mark up to the line's end, marks around, these within each other, quotes, three quotes, a character, a
regular expression of JavaScript, a backslash and what follows, a mark that is the first of its line."""
ESCAPES, LINES, AFTER_WORD, AFTER_STOP = 1, 2, 4, 8
"""Of quotes: a backslash takes a character along, line feeds may be inside; which characters before are no opener's."""
ANYWHERE, SPACED, NO_URL = range(3)
"""Where the mark of a line comment counts: always, behind white space, not behind a colon."""


class Step(NamedTuple):
    """`flags` are those of the form."""

    form: int
    opener: str
    closer: str = ""
    flags: int = 0


class Program(NamedTuple):
    """`first` is the first step by the first byte of its opener, `steps` are (kind, form, flags, opener, closer, next):
    places in `marks` and the next step with this byte, or -1.
    """

    first: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    marks: npt.NDArray[np.uint8]
    unless: tuple[bytes, ...]


def program(steps: Sequence[tuple[int, Step]], unless: tuple[str, ...]) -> Program:
    """A program of (kind, step), earlier ones first. A text that holds one of `unless` is not for it."""
    first, rows, marks = np.full(256, -1, np.int64), list[list[int]](), b""
    last: dict[int, int] = {}
    for number, (kind, step) in enumerate(steps):
        opener, closer = step.opener.encode(), step.closer.encode()
        rows.append([kind, step.form, step.flags, len(marks), len(marks) + len(opener), 0, -1])
        marks += opener + closer
        rows[-1][5] = len(marks)
        byte = 0x0A if step.form == FIRST else opener[0]
        if byte in last:
            rows[last[byte]][6] = number
        else:
            first[byte] = number
        last[byte] = number
    return Program(first, np.array(rows, np.int64), np.frombuffer(marks, np.uint8), tuple(u.encode() for u in unless))


def scan(made: Program, text: npt.NDArray[np.uint8]) -> Any:
    """Rows (begin, end, kind) of the tokens of a text, but for code; a kind 0 is code."""
    return _scan(text, made.first, made.steps, made.marks, classes())


@numba.njit(cache=True, nogil=True)
def _scan(text, first, steps, marks, classes):  # type: ignore[no-untyped-def]
    room, found, at = 256, 0, 0
    tokens = np.empty((room, 3), np.int64)
    while at < len(text):
        number = first[text[at]]
        begin = end = at
        while number >= 0:
            begin, end = _token(text, at, steps, number, marks, classes)
            if end > at:
                break
            number = steps[number, 6]
        if number < 0 or steps[number, 0] == 0:  # code, whose own tokens only hide marks
            at = at + 1 if number < 0 else end
            continue
        if found == room:
            more = np.empty((2 * room, 3), np.int64)
            more[:room] = tokens
            tokens, room = more, 2 * room
        tokens[found, 0], tokens[found, 1], tokens[found, 2] = begin, end, steps[number, 0]
        found += 1
        at = end
    return tokens[:found]


@numba.njit(cache=True, nogil=True)
def _token(text, at, steps, number, marks, classes):  # type: ignore[no-untyped-def]
    """(begin, end) of the token that a step finds here; it ends here if there is none. No array is cut: that would
    count its references.
    """
    form, flags, opener, closer, end = (
        steps[number, 1],
        steps[number, 2],
        steps[number, 3],
        steps[number, 4],
        steps[number, 5],
    )
    if form == FIRST:
        begin = at + 1
        while begin < len(text) and (text[begin] == 0x20 or text[begin] == 0x09):
            begin += 1
        return (begin, line_end(text, begin)) if is_at(text, begin, marks, opener, closer) else (at, at)
    if not is_at(text, at, marks, opener, closer):
        return at, at
    inside = at + closer - opener
    if form == LINE:
        if (flags == SPACED and not is_spaced(text, at, classes)) or (flags == NO_URL and at and text[at - 1] == 0x3A):
            return at, at
        return at, line_end(text, inside)
    if form == BLOCK:
        return at, closed(text, inside, marks, closer, end)
    if form == NESTED:
        return at, nested_end(text, inside, marks, opener, closer, end)
    if form == QUOTED:
        if flags & (AFTER_WORD | AFTER_STOP) and is_apostrophe(text, at, flags & AFTER_STOP, classes):
            return at, at
        return at, quoted_end(text, inside, text[at], flags & ESCAPES, flags & LINES)
    if form == TRIPLE:
        return at, triple_end(text, inside, text[at])
    if form == CHAR:
        return at, char_end(text, at)
    if form == REGEX:
        return at, regex_end(text, at) if may_be_regex(text, at) else at
    return at, inside + 1 if inside < len(text) else at  # ESCAPE
