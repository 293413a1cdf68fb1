"""Where the token of one step of a program ends. Of a string that may hold code it sees the text: see scanning.py."""

from __future__ import annotations

import numba

from udfs.signals.raw_ends import cpp_end, dollar_end, hashed_end, heredoc_end, run_end, stands_before
from udfs.signals.regex_ends import may_be_regex, regex_end
from udfs.signals.sigil_ends import braced_end, oracle_end, sigil_end, slashed_end
from udfs.signals.steps import (
    AFTER_STOP,
    AFTER_WORD,
    AT_LINE,
    BEFORE,
    BLOCK,
    BRACED,
    CHAR,
    CLOSER,
    CPP,
    DOUBLED,
    END,
    ESCAPE,
    ESCAPES,
    FIRST,
    FLAGS,
    FORM,
    HASHED,
    HEREDOC,
    HOLED,
    LINE,
    LINES,
    NESTED,
    NO_URL,
    OPENER,
    OPERATOR,
    OR_LINE,
    ORACLE,
    QUOTED,
    REGEX,
    RUN,
    SIGIL,
    SLASHED,
    SPACED,
    TAGGED,
    TRIPLE,
)
from udfs.signals.token_ends import (
    char_end,
    closed,
    is_apostrophe,
    is_at,
    is_operator,
    is_spaced,
    line_end,
    lines_end,
    nested_end,
    quoted_end,
    triple_end,
)


@numba.njit(cache=True, nogil=True)
def token(text, at, steps, number, marks, classes, budget):  # type: ignore[no-untyped-def]
    """(begin, end) of the token that a step finds here; it ends here if there is none. No array is cut: that would
    count its references. Of quotes around text and code it sees the text.
    """
    form, flags, opener, closer, end = (
        steps[number, FORM],
        steps[number, FLAGS],
        steps[number, OPENER],
        steps[number, CLOSER],
        steps[number, END],
    )
    if form == FIRST or form == AT_LINE:  # noqa: SIM109 - a tuple is slower compiled
        return _at_line(text, at, form, marks, opener, closer, end)
    if not is_at(text, at, marks, opener, closer):
        return at, at
    if steps[number, BEFORE] and not stands_before(text, at, steps[number, BEFORE]):
        return at, at
    inside = at + closer - opener
    if form == LINE:
        if flags and not _is_comment(text, at, inside, flags, classes):
            return at, at
        return at, line_end(text, inside)
    if form == BLOCK:
        return at, closed(text, inside, marks, closer, end)
    if form == NESTED:
        return at, nested_end(text, inside, marks, opener, closer, end)
    if form == QUOTED or (form == HOLED and closer - opener == 1):
        return at, _quotes(text, at, inside, flags, classes)
    if form == TRIPLE or (form == HOLED and flags & ESCAPES):
        return at, triple_end(text, inside, text[at])
    return at, _other(text, at, inside, steps, number, budget)


@numba.njit(cache=True, nogil=True)
def _at_line(text, at, form, marks, opener, closer, end):  # type: ignore[no-untyped-def]
    """(begin, end) of the token that begins the line behind this line feed."""
    begin = at + 1
    while form == FIRST and begin < len(text) and (text[begin] == 0x20 or text[begin] == 0x09):
        begin += 1
    if not is_at(text, begin, marks, opener, closer):
        return at, at
    return begin, line_end(text, begin) if form == FIRST else lines_end(text, begin, marks, opener, closer, end)


@numba.njit(cache=True, nogil=True)
def _quotes(text, at, inside, flags, classes):  # type: ignore[no-untyped-def]
    """Where a string in single quotes of either kind ends."""
    if flags & (AFTER_WORD | AFTER_STOP) and is_apostrophe(text, at, flags & AFTER_STOP, classes):
        return at
    behind = quoted_end(text, inside, text[at], flags & ESCAPES, flags & LINES and not flags & OR_LINE)
    while flags & DOUBLED and behind < len(text) and text[behind] == text[at]:
        behind = quoted_end(text, behind + 1, text[at], flags & ESCAPES, flags & LINES)
    return behind


@numba.njit(cache=True, nogil=True)
def _other(text, at, inside, steps, number, budget):  # type: ignore[no-untyped-def]
    """Where a token of a rarer form ends."""
    form, flags = steps[number, FORM], steps[number, FLAGS]
    if form == CHAR:
        return char_end(text, at)
    if form == REGEX:
        return regex_end(text, at) if may_be_regex(text, at) else at
    if form == ESCAPE:
        return inside + 1 if inside < len(text) else at
    if form == CPP:
        return cpp_end(text, at)
    if form == HASHED:
        return hashed_end(text, at, flags)
    if form == TAGGED:
        return dollar_end(text, at, budget)
    if form == HEREDOC:
        return heredoc_end(text, at, flags, budget)
    if form == SIGIL:
        return sigil_end(text, at, budget)
    if form == BRACED:
        return braced_end(text, at, budget)
    if form == ORACLE:
        return oracle_end(text, at, budget)
    if form == SLASHED:
        return slashed_end(text, at, budget)
    return run_end(text, at, form == RUN)  # three quotes in which a backslash is none


@numba.njit(cache=True, nogil=True)
def _is_comment(text, at, inside, flags, classes):  # type: ignore[no-untyped-def]
    """The mark of a line comment counts here."""
    if flags == NO_URL:
        return at == 0 or text[at - 1] != 0x3A
    if flags == OPERATOR:
        return not is_operator(text, at, inside)
    return is_spaced(text, at, classes) and (flags == SPACED or inside >= len(text) or text[inside] != 0x7B)
