"""Where regular expressions of JavaScript begin, which a slash alone does not say, and where they end.

Compiled loops over UTF-8; udfs/signals/token_forms.py calls them.
"""

from __future__ import annotations

import numba
import numpy as np

from udfs.signals.token_ends import is_at


@numba.njit(cache=True, nogil=True)
def _one_before(text, at, marks):  # type: ignore[no-untyped-def]
    if at < 1:
        return False
    for mark in marks:  # noqa: SIM110 - a generator is no compiled loop
        if text[at - 1] == mark:
            return True
    return False


_BEFORE_REGEX = np.frombuffer(b"=(,:[!&|?{};\n\t", np.uint8)
_BEFORE_A_SPACE = np.frombuffer(b"=(,:[!&|?;{ ", np.uint8)
_RETURN = np.frombuffer(b"return ", np.uint8)
_TYPEOF, _CASE = np.frombuffer(b"typeof ", np.uint8), np.frombuffer(b"case ", np.uint8)
_IF, _WHILE, _FOR = np.frombuffer(b"if", np.uint8), np.frombuffer(b"while", np.uint8), np.frombuffer(b"for", np.uint8)
_LONGEST_CONDITION = 200


@numba.njit(cache=True, nogil=True)
def may_be_regex(text, at):  # type: ignore[no-untyped-def]
    """The slash stands where an expression begins."""
    if _one_before(text, at, _BEFORE_REGEX):
        return True
    if at < 1:
        return False
    if text[at - 1] == 0x20:
        if _one_before(text, at - 1, _BEFORE_A_SPACE) or (at >= 7 and is_at(text, at - 7, _RETURN, 0, 7)):
            return True
        if at >= 7 and (is_at(text, at - 5, _CASE, 0, 5) or is_at(text, at - 7, _TYPEOF, 0, 7)):
            return True
        if text[at - 2] == 0x3E and text[at - 3] == 0x3D:  # an arrow
            return True
        at -= 1
    return at > 4 and text[at - 1] == 0x29 and _is_condition(text, at - 1)


@numba.njit(cache=True, nogil=True)
def _is_condition(text, at):  # type: ignore[no-untyped-def]
    """The bracket that closes here was opened behind if, while or for: a statement follows, no division."""
    depth, i = 0, at
    while i > 0 and at - i < _LONGEST_CONDITION:
        if text[i] == 0x29:
            depth += 1
        elif text[i] == 0x28:
            depth -= 1
            if depth == 0:
                break
        i -= 1
    while i > 0 and text[i - 1] == 0x20:
        i -= 1
    if depth or i < 2:
        return False
    return is_at(text, i - 2, _IF, 0, 2) or (
        i >= 5 and (is_at(text, i - 5, _WHILE, 0, 5) or is_at(text, i - 3, _FOR, 0, 3))
    )


@numba.njit(cache=True, nogil=True)
def regex_end(text, at):  # type: ignore[no-untyped-def]
    """Behind the closing slash, or where the line ends; here if there is nothing inside."""
    begin = at
    at += 1
    listed = False  # inside of square brackets, where a slash ends nothing
    while at < len(text) and text[at] != 0x0A and (listed or text[at] != 0x2F):
        if text[at] == 0x5C:
            if at + 1 >= len(text) or text[at + 1] == 0x0A:
                break
            at += 1
        elif text[at] == 0x5B:
            listed = True
        elif text[at] == 0x5D:
            listed = False
        at += 1
    if at == begin + 1:
        return begin
    return at + 1 if at < len(text) and text[at] == 0x2F else at
