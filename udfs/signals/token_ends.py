"""Where the tokens of a text begin and end, in compiled loops over UTF-8; udfs/signals/scanning.py calls them."""

from __future__ import annotations

import numba
import numpy as np

from udfs.signals.characters import SPACE, WORD, code_point

_MOST_CHAR = 10


@numba.njit(cache=True, nogil=True)
def is_at(text, at, marks, begin, end):  # type: ignore[no-untyped-def]
    """The bytes of `marks` from begin to end stand here."""
    if at + end - begin > len(text):
        return False
    for i in range(end - begin):  # noqa: SIM110 - a generator is no compiled loop
        if text[at + i] != marks[begin + i]:
            return False
    return True


@numba.njit(cache=True, nogil=True)
def line_end(text, at):  # type: ignore[no-untyped-def]
    """Where the line feed of this line is, or the text's end."""
    while at < len(text) and text[at] != 0x0A:
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def lines_end(text, at, marks, opener, closer, end):  # type: ignore[no-untyped-def]
    """The end of the first line that begins with the closer, or of the text; here if the opener goes on as a word. A
    bare "=" opens any command of POD.
    """
    pod = closer - opener == 1 and marks[opener] == 0x3D
    behind = at + closer - opener
    following = text[behind] if behind < len(text) else 0
    letter = 0x61 <= following | 0x20 <= 0x7A and following >= 0x41
    word = letter or 0x30 <= following <= 0x39 or following == 0x5F or following >= 0x80
    if (pod and not letter) or (not pod and word):
        return at - 1
    at = line_end(text, at)
    while at < len(text) and not is_at(text, at + 1, marks, closer, end):
        at = line_end(text, at + 1)
    return line_end(text, at + 1) if at < len(text) else at


@numba.njit(cache=True, nogil=True)
def closed(text, at, marks, closer, end):  # type: ignore[no-untyped-def]
    """Behind the closer, or the text's end."""
    first = marks[closer]
    while at < len(text):
        if text[at] == first and is_at(text, at, marks, closer, end):
            return at + end - closer
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def nested_end(text, at, marks, opener, closer, end):  # type: ignore[no-untyped-def]
    """Behind the closer of a comment that may hold comments; the text's end if it is never closed."""
    depth = 1
    while at < len(text):
        if text[at] == marks[opener] and is_at(text, at, marks, opener, closer):
            depth += 1
            at += closer - opener
        elif text[at] == marks[closer] and is_at(text, at, marks, closer, end):
            depth -= 1
            at += end - closer
            if depth == 0:
                return at
        else:
            at += 1
    return len(text)


@numba.njit(cache=True, nogil=True)
def quoted_end(text, at, quote, escapes, lines):  # type: ignore[no-untyped-def]
    """Behind the closing quote, or where the line or the text ends without one."""
    while at < len(text):
        byte = text[at]
        if byte == quote:
            return at + 1
        if byte == 0x0A and not lines:
            return at
        if byte == 0x5C and escapes:
            if at + 1 == len(text):
                return at
            at += 1
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def triple_end(text, at, quote):  # type: ignore[no-untyped-def]
    """Behind three quotes in a row, or the text's end."""
    while at < len(text):
        if text[at] == quote and at + 2 < len(text) and text[at + 1] == quote and text[at + 2] == quote:
            return at + 3
        if text[at] == 0x5C:
            if at + 1 == len(text):
                return at
            at += 1
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def char_end(text, at):  # type: ignore[no-untyped-def]
    """Behind a character in quotes, or a backslash, a character and up to ten more; here if it is none."""
    begin, most = at, 0
    at += 1
    if at < len(text) and text[at] == 0x5C:
        at, most = at + 1, _MOST_CHAR
        if at >= len(text) or text[at] == 0x0A:
            return begin
    elif at >= len(text) or text[at] == 0x27 or text[at] == 0x0A:
        return begin
    at += code_point(text, at)[1]
    while most and at < len(text) and text[at] != 0x27 and text[at] != 0x5C and text[at] != 0x0A:
        at += code_point(text, at)[1]
        most -= 1
    return at + 1 if at < len(text) and text[at] == 0x27 else begin


@numba.njit(cache=True, nogil=True)
def _before(text, at, classes):  # type: ignore[no-untyped-def]
    """(code point, class) of the character before a place that is not the first."""
    at -= 1
    while at > 0 and text[at] & 0xC0 == 0x80:
        at -= 1
    point = code_point(text, at)[0]
    return point, np.int64(classes[point]) if point < len(classes) else np.int64(0)


@numba.njit(cache=True, nogil=True)
def is_spaced(text, at, classes):  # type: ignore[no-untyped-def]
    """White space or nothing stands before."""
    return at == 0 or _before(text, at, classes)[1] & SPACE != 0


@numba.njit(cache=True, nogil=True)
def is_apostrophe(text, at, after_stop, classes):  # type: ignore[no-untyped-def]
    """Behind a word or a closing bracket; where asked, behind a full stop or another quote too."""
    if at == 0:
        return False
    point, kind = _before(text, at, classes)
    return (
        kind & WORD != 0
        or point == 0x29
        or point == 0x5D
        or point == 0x7D
        or (after_stop != 0 and (point == 0x2E or point == 0x27))
    )


_SYMBOLS = np.frombuffer(b"!#$%&*+./<=>?@\\^|~:-", np.uint8)


@numba.njit(cache=True, nogil=True)
def is_operator(text, at, behind):  # type: ignore[no-untyped-def]
    """Dashes are part of a longer operator, as in -->, |-- and <--."""
    while behind < len(text) and text[behind] == 0x2D:
        behind += 1
    for symbol in _SYMBOLS:  # noqa: SIM110 - a generator is no compiled loop
        if (at and text[at - 1] == symbol) or (behind < len(text) and text[behind] == symbol):
            return True
    return False


@numba.njit(cache=True, nogil=True)
def closing(bracket):  # type: ignore[no-untyped-def]
    """The bracket that closes one."""
    return 0x29 if bracket == 0x28 else bracket + 2
