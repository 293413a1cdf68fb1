"""Where texts end that are quoted by more than a quote: raw strings with marks of their own, heredocs, dollar quotes;
and what must stand before a quote for a string to be of a kind.

Compiled loops over UTF-8. Each answers where it began if what begins there is none of its kind. What has to look for an
end that may not be there pays for it out of `budget`, so that a text of openers costs no more than twice its size.
"""

from __future__ import annotations

import numba
import numpy as np

from udfs.signals.token_ends import is_at, line_end

_MOST_DELIMITER, _MOST_TAG, _MOST_TAGS = 16, 64, 8
_AS, _DO = np.frombuffer(b"as", np.uint8), np.frombuffer(b"do", np.uint8)
FORMATTED, DOLLAR, A_WORD, VERBATIM, AN_R, BIG_R, E_OR_Q = range(1, 8)
"""Before a quote: f or t (Python), $ or $@ (C#), any word (Scala), @ or @$ (C#), r, br or cr (Dart, Rust), R (C++), E
(PostgreSQL) or q or nq (Oracle)."""
RUBY, SHELL = 1, 2
"""Languages of heredocs: how their openers are told from a shift, and their last lines."""


@numba.njit(cache=True, nogil=True)
def is_word(byte):  # type: ignore[no-untyped-def]
    return 0x30 <= byte <= 0x39 or 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A or byte == 0x5F or byte >= 0x80


@numba.njit(cache=True, nogil=True)
def stands_before(text, at, before):  # type: ignore[no-untyped-def]
    """What `before` asks for stands before this place; 0 asks for nothing."""
    if before == 0:
        return True
    if at == 0:
        return False
    last = text[at - 1]
    if before == DOLLAR:
        return last == 0x24 or (last == 0x40 and at > 1 and text[at - 2] == 0x24)
    if before == VERBATIM:
        return last == 0x40 or (last == 0x24 and at > 1 and text[at - 2] == 0x40)
    if before == A_WORD:
        return is_word(last)
    if before == BIG_R:
        return last == 0x52
    if before == E_OR_Q:
        if last | 0x20 != 0x65 and last | 0x20 != 0x71:
            return False
        at -= 1 + (at > 1 and last | 0x20 == 0x71 and text[at - 2] | 0x20 == 0x6E)
        return at == 0 or not is_word(text[at - 1])
    if before == FORMATTED and last | 0x20 not in (0x66, 0x72, 0x74):
        return False
    begin = at
    while begin and text[begin - 1] == 0x23 and before == AN_R:
        begin -= 1
    end = begin
    while begin and is_word(text[begin - 1]) and end - begin < 3:
        begin -= 1
    if end == begin or end - begin > 2:
        return False
    first, second = text[begin] | 0x20, text[end - 1] | 0x20
    if before == AN_R:
        return text[end - 1] == 0x72 and (end - begin == 1 or first == 0x62 or first == 0x63)
    formatted = first == 0x66 or first == 0x74 or second == 0x66 or second == 0x74
    return formatted and (end - begin == 1 or first == 0x72 or second == 0x72)


@numba.njit(cache=True, nogil=True)
def cpp_end(text, at):  # type: ignore[no-untyped-def]
    """Of C++'s R"mark( ... )mark", from its quote."""
    size = 0
    while size <= _MOST_DELIMITER and at + 1 + size < len(text) and text[at + 1 + size] != 0x28:
        byte = text[at + 1 + size]
        if byte == 0x29 or byte == 0x5C or byte == 0x20 or 0x09 <= byte <= 0x0D:
            return at
        size += 1
    if size > _MOST_DELIMITER or at + 1 + size >= len(text):
        return at
    i = at + 2 + size
    while i < len(text):
        quote = i + size + 1
        if (
            text[i] == 0x29
            and quote < len(text)
            and text[quote] == 0x22
            and is_at(text, i + 1, text, at + 1, quote - i + at)
        ):
            return quote + 1
        i += 1
    return len(text)


@numba.njit(cache=True, nogil=True)
def hashed_end(text, at, least):  # type: ignore[no-untyped-def]
    """Of r#"..."# and #"..."#, from its quote: as many hashes behind the quotes as before them, at least so many.
    Three quotes open what three close.
    """
    hashes = 0
    while hashes < at and text[at - hashes - 1] == 0x23:
        hashes += 1
    if hashes < least:
        return at
    quotes = 3 if at + 2 < len(text) and text[at + 1] == 0x22 and text[at + 2] == 0x22 and least else 1
    i = at + quotes
    while i < len(text):
        if text[i] == 0x22:
            run = 0
            while run < quotes and i + run < len(text) and text[i + run] == 0x22:
                run += 1
            end = i + run
            while run == quotes and end < len(text) and end - i - quotes < hashes and text[end] == 0x23:
                end += 1
            if end - i == quotes + hashes:
                return end
            i += run
        else:
            i += 1
    return len(text)


@numba.njit(cache=True, nogil=True)
def run_end(text, at, counted):  # type: ignore[no-untyped-def]
    """Of a raw string in three quotes or, where they are counted, more: behind all quotes of the run that closes it."""
    quotes = 3
    while counted and at + quotes < len(text) and text[at + quotes] == 0x22:
        quotes += 1
    at += quotes
    while at < len(text):
        run = 0
        while at + run < len(text) and text[at + run] == 0x22:
            run += 1
        if run >= quotes:
            return at + run
        at += run + 1
    return len(text)


@numba.njit(cache=True, nogil=True)
def dollar_end(text, at, budget):  # type: ignore[no-untyped-def]
    """Of $tag$...$tag$ in PostgreSQL. The body of a function (behind AS or DO) is code: only its marks are passed, of
    which the second is kept in `budget`.
    """
    end = at + 1
    while end < len(text) and end - at <= _MOST_TAG and is_word(text[end]):
        end += 1
    if end >= len(text) or text[end] != 0x24 or (at and (is_word(text[at - 1]) or text[at - 1] == 0x24)):
        return at
    end += 1
    for i in range(1, len(budget)):
        if budget[i] == at:
            budget[i] = 0
            return end
    i = end
    while i < len(text) and budget[0] > 0:
        if text[i] == 0x24 and is_at(text, i, text, at, end):
            if not _is_body(text, at):
                budget[0] += i - end
                return i + end - at
            slot = 1
            while slot < len(budget) - 1 and budget[slot]:
                slot += 1
            budget[slot] = i
            return end
        i += 1
        budget[0] -= 1
    return at


@numba.njit(cache=True, nogil=True)
def _is_body(text, at):  # type: ignore[no-untyped-def]
    while at and (text[at - 1] == 0x20 or 0x09 <= text[at - 1] <= 0x0D):
        at -= 1
    if at < 2 or (at > 2 and is_word(text[at - 3])):
        return False
    first, second = text[at - 2] | 0x20, text[at - 1] | 0x20
    return (first == _AS[0] and second == _AS[1]) or (first == _DO[0] and second == _DO[1])


@numba.njit(cache=True, nogil=True)
def heredoc_end(text, at, how, budget):  # type: ignore[no-untyped-def]
    """Of a heredoc, from its << to the end of its last tag: the rest of its first line, which may open more of them, is
    part of it.
    """
    begin, stop, _ = _tag(text, at, len(text), how)
    if stop == begin or budget[0] <= 0:
        return at
    tags = np.empty((_MOST_TAGS, 2), np.int64)
    count, end = 0, line_end(text, at)
    budget[0] -= end - at
    i = at
    while i < end and count < _MOST_TAGS:
        begin, stop, behind = _tag(text, i, end, how)
        if stop > begin:
            tags[count, 0], tags[count, 1] = begin, stop
            count += 1
            i = behind
        else:
            i += 1
    last = end
    for number in range(count):
        begin, stop = tags[number]
        last = _tag_line(text, last, begin, stop, how, budget)
        if last < 0:
            return at
    budget[0] += end - at
    return last


@numba.njit(cache=True, nogil=True)
def _tag(text, at, end, how):  # type: ignore[no-untyped-def]
    """(begin, end, behind) of the tag of the heredoc that opens here; nothing where none does."""
    none = (at, at, at)
    if at + 2 >= end or text[at] != 0x3C or text[at + 1] != 0x3C or (at and text[at - 1] == 0x3C):
        return none
    if at and how == SHELL and (text[at - 1] == 0x28 or is_word(text[at - 1])) and text[at - 1] > 0x39:
        return none
    i = at + 2
    if text[i] == 0x2D or (how == RUBY and text[i] == 0x7E):
        i += 1
    while how == SHELL and i < end and (text[i] == 0x20 or text[i] == 0x09):
        i += 1
    if how == SHELL and i < end and text[i] == 0x5C:
        i += 1
    quote = text[i] if i < end and (text[i] == 0x22 or text[i] == 0x27 or (how == RUBY and text[i] == 0x60)) else 0
    i += quote != 0
    begin = i
    while i < end and i - begin <= _MOST_TAG and (is_word(text[i]) or (quote != 0 and text[i] != quote)):
        i += 1
    if i == begin or (0x30 <= text[begin] <= 0x39 and not quote) or (how == RUBY and not quote and text[begin] > 0x5F):
        return none
    if quote:
        return (begin, i, i + 1) if i < end and text[i] == quote else none
    return begin, i, i


@numba.njit(cache=True, nogil=True)
def _tag_line(text, at, begin, stop, how, budget):  # type: ignore[no-untyped-def]
    """Behind the tag that stands first in a line after `at`, alone in it where the language is a shell; -1 if none."""
    while at < len(text) and budget[0] > 0:
        i = at + 1
        while i < len(text) and (text[i] == 0x20 or text[i] == 0x09):
            i += 1
        behind = i + stop - begin
        ends = behind >= len(text) or text[behind] == 0x0A or (how == RUBY and not is_word(text[behind]))
        if ends and is_at(text, i, text, begin, stop):
            return behind
        at = line_end(text, i)
        budget[0] -= at - i + 1
    return -1
