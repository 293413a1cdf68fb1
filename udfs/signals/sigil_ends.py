"""Where strings end whose delimiters a program chooses: %w(a #b) of Ruby, ~s(a # b) of Elixir, {id|...|id} of OCaml,
q'[it's]' of Oracle, E'it\\'s' of PostgreSQL, $/.../$ of Groovy.

Compiled loops over UTF-8. Each answers where it began if what begins there is none of its kind. What is not closed pays
for the search out of `budget`.
"""

from __future__ import annotations

import numba
import numpy as np

from udfs.signals.raw_ends import is_word
from udfs.signals.token_ends import is_at, quoted_end

_PERCENT, _MOST_WORD = 0x25, 32
_KINDS = np.frombuffer(b"wWiIqQrsx", np.uint8)
_DELIMITERS = np.frombuffer(b"([{<|!/\"'", np.uint8)
_BEFORE_AN_EXPRESSION = np.frombuffer(b"=(,[:+n", np.uint8)
_RIGHT_BEFORE = 5  # of them: + and n end regular expressions


@numba.njit(cache=True, nogil=True)
def _is_one_of(byte, some):  # type: ignore[no-untyped-def]
    for each in some:  # noqa: SIM110 - a generator is no compiled loop
        if byte == each:
            return True
    return False


@numba.njit(cache=True, nogil=True)
def _closer(opener):  # type: ignore[no-untyped-def]
    """The bracket that closes one; the same sign for all others."""
    if opener == 0x28:
        return 0x29
    return opener + 2 if opener == 0x5B or opener == 0x7B or opener == 0x3C else opener


@numba.njit(cache=True, nogil=True)
def sigil_end(text, at, budget):  # type: ignore[no-untyped-def]
    """Of %w(...) and ~s(...), brackets nested; behind a word or a closing bracket it is a remainder."""
    if at and (is_word(text[at - 1]) or text[at - 1] == 0x29 or text[at - 1] == 0x5D):
        return at
    i = at + 1
    if i + 1 >= len(text) or budget[0] <= 0:
        return at
    if text[at] == _PERCENT and not _is_one_of(text[i], _KINDS):
        return at
    letter = text[i] | 0x20
    if not 0x61 <= letter <= 0x7A:
        return at
    i += 1
    opener = text[i]
    if not _is_one_of(opener, _DELIMITERS):
        return at
    closer, depth = _closer(opener), 1
    quotes = 1
    if opener == closer and i + 2 < len(text) and text[i + 1] == opener and text[i + 2] == opener:
        quotes = 3  # a heredoc of Elixir
    raw = text[at] != _PERCENT and text[at + 1] < 0x61  # Elixir's sigils in capitals know no backslash
    i += quotes
    begin = i
    while i < len(text) and budget[0] > 0:
        byte = text[i]
        if byte == 0x5C and not raw:
            i += 2
            continue
        if byte == closer and quotes == 3:
            if i + 2 < len(text) and text[i + 1] == closer and text[i + 2] == closer:
                return i + 3
        elif byte == closer:
            depth -= 1
            if depth == 0:
                return i + 1
        elif byte == opener:
            depth += 1
        i += 1
    budget[0] -= i - begin
    return at


@numba.njit(cache=True, nogil=True)
def braced_end(text, at, budget):  # type: ignore[no-untyped-def]
    """Of {id|...|id}: the id is of small letters and may be none."""
    i = at + 1
    while i < len(text) and i - at <= _MOST_WORD and (0x61 <= text[i] <= 0x7A or text[i] == 0x5F):
        i += 1
    if i >= len(text) or text[i] != 0x7C:
        return at
    size = i - at - 1
    i += 1
    begin = i
    while i + size + 1 < len(text) and budget[0] > 0:
        if text[i] == 0x7C and text[i + size + 1] == 0x7D and is_at(text, i + 1, text, at + 1, at + 1 + size):
            return i + size + 2
        i += 1
    budget[0] -= i - begin
    return at


@numba.njit(cache=True, nogil=True)
def oracle_end(text, at, budget):  # type: ignore[no-untyped-def]
    """Of q'[...]', and of E'it\\'s', from its quote."""
    if text[at - 1] | 0x20 == 0x65:
        return quoted_end(text, at + 1, text[at], True, True)
    if at + 2 >= len(text) or text[at + 1] <= 0x20 or text[at + 1] >= 0x80:
        return at
    closer = _closer(text[at + 1])
    i = at + 2
    while i + 1 < len(text) and budget[0] > 0:
        if text[i] == closer and text[i + 1] == 0x27:
            return i + 2
        i += 1
    budget[0] -= i - at
    return at


@numba.njit(cache=True, nogil=True)
def slashed_end(text, at, budget):  # type: ignore[no-untyped-def]
    """Of $/.../$ where an expression begins: elsewhere the two signs end a regular expression."""
    before = at - 1
    while before > 0 and text[before] == 0x20:
        before -= 1
    signs = _BEFORE_AN_EXPRESSION if before < at - 1 else _BEFORE_AN_EXPRESSION[:_RIGHT_BEFORE]
    if at < 1 or not _is_one_of(text[before], signs):
        return at
    i = at + 2
    while i + 1 < len(text) and budget[0] > 0:
        if text[i] == 0x24 and (text[i + 1] == 0x24 or text[i + 1] == 0x2F):  # $$ and $/ are signs
            i += 2
            continue
        if text[i] == 0x2F and text[i + 1] == 0x24:
            return i + 2
        i += 1
    budget[0] -= i - at
    return at
