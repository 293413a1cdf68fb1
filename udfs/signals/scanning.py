"""Comments and strings of a text by a compiled scan: what most comment styles are made of, as steps of a program.

A step is one alternative of a style's pattern (udfs/signals/comment_styles.py) and finds the same tokens; a style with
an alternative of another form has no program, and is read by its pattern. Texts are UTF-8. A token ends inside of no
character, since all marks are whole ones and whatever a backslash takes along is passed byte by byte.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from udfs.signals.characters import classes
from udfs.signals.raw_ends import stands_before
from udfs.signals.steps import (
    BEFORE,
    BRACES,
    CLOSER,
    END,
    ESCAPES,
    FLAGS,
    FORM,
    FORMAT,
    HOLE,
    HOLE_END,
    HOLED,
    KIND,
    LAST_QUOTES,
    LINES,
    NEXT,
    OPENER,
    PARENS,
    QUOTED,
    Program,
)
from udfs.signals.token_ends import closing, is_at
from udfs.signals.token_forms import token

# What neither ends the text of a string nor begins code or an escape in it.
_PLAIN = np.array([chr(byte) not in "\n\"'`\\${}#()[]" for byte in range(128)])
_MOST_LEVELS = 32  # of strings in the code of strings
_ROOM = 256  # tokens


def scan(made: Program, text: npt.NDArray[np.uint8]) -> Any:
    """Rows (begin, end, kind) of the tokens of a text, but for code; a kind 0 is code."""
    budget = np.zeros(9, np.int64)  # steps that may find no end, then where bodies of functions end
    budget[0] = 4 * len(text) + 4_096
    levels = np.zeros((_MOST_LEVELS, 4), np.int64)
    parts: list[npt.NDArray[np.int64]] = []
    at = 0
    while not parts or at < len(text):
        tokens = np.empty((_ROOM << 2 * len(parts), 3), np.int64)
        found, at = _scan(text, at, tokens, made.first, made.steps, made.marks, classes(), budget, levels)
        parts.append(tokens[:found])
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


# Arrays are made by the caller: what numba would compile for one whose size is wrong takes longer than the scan itself.
@numba.njit(cache=True, nogil=True)
def _scan(text, at, tokens, first, steps, marks, classes, budget, levels):  # type: ignore[no-untyped-def]
    """(rows of `tokens` that were filled, where to go on): the text's end, or where there was no room for another."""
    found = 0
    while at < len(text):
        number = first[text[at]]
        begin = end = at
        while number >= 0:
            if steps[number, FORM] == HOLED:
                if steps[number, BEFORE] and not stands_before(text, at, steps[number, BEFORE]):
                    number = steps[number, NEXT]
                    continue
                end = _holed(text, at, number, first, steps, marks, classes, budget, levels)
            if end == at:
                begin, end = token(text, at, steps, number, marks, classes, budget)
            if end > at:
                break
            number = steps[number, NEXT]
        if number < 0 or steps[number, KIND] == 0:  # code, whose own tokens only hide marks
            at = at + 1 if number < 0 else end
            continue
        if found == len(tokens):
            return found, at
        tokens[found, 0], tokens[found, 1], tokens[found, 2] = begin, end, steps[number, KIND]
        found += 1
        at = end
    return found, at


@numba.njit(cache=True, nogil=True)
def _holed(text, at, number, first, steps, marks, classes, budget, levels):  # type: ignore[no-untyped-def]
    """Behind the closing quote of a string that may hold code, which may hold strings; `at` where one is not closed.
    Each level is [step, open brackets (-1: in a format), the bracket, open formats].
    """
    begin = at
    if budget[0] < 0 or not is_at(text, at, marks, steps[number, OPENER], steps[number, CLOSER]):
        return at
    # A plain 0 has a type of its own, for which all that is called would be compiled once more.
    level = _opened(levels, np.int64(0), number)
    at += steps[number, CLOSER] - steps[number, OPENER]
    while at < len(text) and level < _MOST_LEVELS:
        step = levels[level, 0]
        flags, byte = steps[step, FLAGS], text[at]
        if levels[level, 1] <= 0:
            at = _past_plain(text, at)
            if at == len(text) or (text[at] == 0x0A and not flags & LINES):
                break
            if is_at(text, at, marks, steps[step, CLOSER], steps[step, END]):
                at = _behind(text, at + steps[step, END] - steps[step, CLOSER], flags)
                level -= 1
                if levels[level + 1, 1] < 0:
                    break
                if level < 0:
                    return at
            else:
                at = _in_text(text, at, levels, level, steps, marks)
            continue
        if _changed(byte, flags, levels, level):
            at += 1
            continue
        found, end = _in_code(text, at, first, steps, marks, classes, budget)
        if found >= 0 and steps[found, FORM] == HOLED:
            level = _opened(levels, level + 1, found)
        elif found >= 0 and steps[found, FORM] == QUOTED and (end == at + 1 or text[end - 1] != byte):
            break  # a string that its line does not close
        at = max(end, at + 1)
    budget[0] -= at - begin
    return begin


@numba.njit(cache=True, nogil=True)
def _opened(levels, level, step):  # type: ignore[no-untyped-def]
    """The level, at which a string of the step begins, where there is room for it."""
    if level < _MOST_LEVELS:
        levels[level, 0], levels[level, 1], levels[level, 3] = step, 0, 0
    return level


@numba.njit(cache=True, nogil=True)
def _past_plain(text, at):  # type: ignore[no-untyped-def]
    """Behind the bytes of a string that begin and end nothing."""
    while at < len(text) and (text[at] >= 0x80 or _PLAIN[text[at]]):
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _behind(text, at, flags):  # type: ignore[no-untyped-def]
    """Behind the closing quotes, and those behind them where they are part of the string."""
    while flags & LAST_QUOTES and at < len(text) and text[at] == 0x22:
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _changed(byte, flags, levels, level):  # type: ignore[no-untyped-def]
    """Whether the byte is a bracket or a colon that counts in the code of a string; it is counted."""
    every, bracket = flags & FORMAT, levels[level, 2]
    if (byte == 0x7B or byte == 0x28 or byte == 0x5B) and (every or byte == bracket):
        levels[level, 1] += 1
    elif (byte == 0x7D or byte == 0x29 or byte == 0x5D) and (every or byte == closing(bracket)):
        levels[level, 1] -= 1
        if levels[level, 1] == 0 and levels[level, 3]:
            levels[level, 1] = -1
    elif byte == 0x3A and every and levels[level, 1] == 1:
        levels[level, 1] = -1
        levels[level, 3] += 1
    else:
        return False
    return True


@numba.njit(cache=True, nogil=True)
def _in_code(text, at, first, steps, marks, classes, budget):  # type: ignore[no-untyped-def]
    """(step, end) of the token that begins here, of a string that may hold code the end of its opener; -1 if none."""
    found = first[text[at]]
    while found >= 0:
        if steps[found, FORM] == HOLED:
            end = at + steps[found, CLOSER] - steps[found, OPENER]
            opens = is_at(text, at, marks, steps[found, OPENER], steps[found, CLOSER])
            if opens and stands_before(text, at, steps[found, BEFORE]):
                return found, end
        else:
            _, end = token(text, at, steps, found, marks, classes, budget)
            if end > at:
                return found, end
        found = steps[found, NEXT]
    return found, at


@numba.njit(cache=True, nogil=True)
def _in_text(text, at, levels, level, steps, marks):  # type: ignore[no-untyped-def]
    """One step on in the text of a string, or into the code that begins here."""
    step, byte = levels[level, 0], text[at]
    flags = steps[step, FLAGS]
    if levels[level, 1] < 0:  # a format, which holds code in braces and ends with the braces that it stands in
        if byte == 0x7B:
            levels[level, 1], levels[level, 2] = 1, byte
        elif byte == 0x7D:
            levels[level, 3] -= 1
            levels[level, 1] = -1 if levels[level, 3] else 0
        return at + 1
    bracket = at + steps[step, HOLE_END] - steps[step, HOLE]
    if bracket < len(text) and is_at(text, at, marks, steps[step, HOLE], steps[step, HOLE_END]):
        opens = (text[bracket] == 0x7B and flags & BRACES) or (text[bracket] == 0x28 and flags & PARENS)
        if opens and flags & FORMAT and bracket + 1 < len(text) and text[bracket + 1] == 0x7B:
            return bracket + 2
        if opens:
            levels[level, 1], levels[level, 2] = 1, text[bracket]
            return bracket + 1
    if byte != 0x5C or not flags & ESCAPES:
        return at + 1
    # In Python a backslash takes no brace along.
    return at + 2 if not flags & FORMAT or (at + 1 < len(text) and text[at + 1] != 0x7B) else at + 1
