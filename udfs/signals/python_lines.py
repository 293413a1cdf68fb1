"""What a Python text defines, read off its logical lines: no syntax tree, so a text of any size costs the same per byte
and Python 2 is counted like Python 3.

The text comes with its strings emptied. Deleting what stands inside brackets leaves the skeleton of the statements, one
logical line each: def, class, return and assignments then start a line, and every ";", ":" and "=" left is a
statement's own. On a text that parses the counts are those of the syntax tree, as test_signals_python.py shows.
The loops are compiled; a statement is the bytes from `at` to `end` of the skeleton.
"""

from __future__ import annotations

import re

import numba
import numpy as np

_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*+"
_POSITIONAL = re.compile(
    rb"def(?<![\w\x80-\xff]def)\s++" + _NAME + rb"\s*+(?:\[[^\]\n]*+\]\s*+)?\(\s*+[A-Za-z_\x80-\xff]"
)


def _packed(word: str) -> int:
    """A word of at most 8 letters as one number."""
    return int.from_bytes(word.encode(), "big")


_WORDS = "if elif else for while try except finally with async case def class"
_COMPOUND = np.array([_packed(word) for word in _WORDS.split()], np.uint64)
_DEF, _CLASS, _FOR, _ASYNC, _IN, _RETURN = map(
    np.uint64, map(_packed, ("def", "class", "for", "async", "in", "return"))
)
_BLANK, _LETTER, _DIGIT, _HIGH, _NO_ASSIGNMENT = 1, 2, 4, 8, 16
_KINDS = np.zeros(256, np.uint8)
for _bytes, _kind in (
    (b" \t\n\r\f\v", _BLANK),
    (b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", _LETTER),
    (b"0123456789", _DIGIT),
    (bytes(range(128, 256)), _HIGH),
    (b"=!<>+-*/%&|^@:", _NO_ASSIGNMENT),  # before a "=" that is part of another operator
):
    _KINDS[list(_bytes)] = _kind
_WORD = _LETTER | _DIGIT  # of ASCII, as \w is in bytes
_NAMED = _WORD | _HIGH


def counted(source: bytes) -> list[int]:
    """[defs, simple ones, classes, names that class bodies assign, whether there is a plain name] of Python whose
    strings are emptied. Async defs do not count; a simple one has a return for its body and nothing else; the last is
    1 if a plain name is a target, a loop variable or a parameter.
    """
    source = source.replace(b"\\\n", b"  ")
    found: list[int] = _facts(_skeleton(np.frombuffer(source, np.uint8)), _KINDS).tolist()
    if not found[-1]:
        found[-1] = int(_POSITIONAL.search(source) is not None)
    return found


@numba.njit(cache=True, nogil=True)
def _skeleton(source):  # type: ignore[no-untyped-def]
    """The source less what stands inside brackets; the source itself where they do not pair up."""
    kept, size, depth = np.empty(len(source), np.uint8), 0, 0
    for byte in source:
        closes = byte == 0x29 or byte == 0x5D or byte == 0x7D
        if depth == 0 and not closes:
            kept[size] = byte
            size += 1
        if byte == 0x28 or byte == 0x5B or byte == 0x7B:
            depth += 1
        elif closes:
            depth -= 1
            if depth < 0:
                return source
            if depth == 0:
                kept[size] = byte
                size += 1
    return source if depth else kept[:size]


@numba.njit(cache=True, nogil=True)
def _facts(text, kinds):  # type: ignore[no-untyped-def]
    """[defs, simple, classes, class names, whether a statement has a name]."""
    found = np.zeros(5, np.int64)
    # Blocks that are open: indent, kind, statements, whether the first is a return. Each is further in than the one
    # before, and a byte of indentation is worth 8 columns at most: so many blocks need a text of this size.
    blocks = np.zeros((int(4 * len(text) ** 0.5) + 32, 4), np.int64)
    top, header, begin = 0, np.uint64(0), 0
    while begin <= len(text):
        end, at, indent = begin, begin, 0
        while end < len(text) and text[end] != 0x0A:
            end += 1
        while at < end and (text[at] == 0x20 or text[at] == 0x09 or text[at] == 0x0C):
            indent = indent + 1 if text[at] == 0x20 else (indent // 8 + 1) * 8 if text[at] == 0x09 else 0
            at += 1
        begin = end + 1
        if at == end:
            continue
        if indent > blocks[top, 0]:
            top += 1
            blocks[top, 0], blocks[top, 1], blocks[top, 2], blocks[top, 3] = indent, np.int64(header), 0, 0
        while indent < blocks[top, 0]:
            found[1] += _is_simple(blocks[top])
            top -= 1
        header = _statement(text, at, end, blocks[top], found, kinds)
    for i in range(top + 1):
        found[1] += _is_simple(blocks[i])
    return found


@numba.njit(cache=True, nogil=True)
def _statement(text, at, end, block, found, kinds):  # type: ignore[no-untyped-def]
    """Count one logical line; the answer is the kind of the block that it opens: _DEF, _CLASS or 0."""
    word, after = _word(text, at, end, kinds)
    blank = after < end and (text[after] == 0x20 or text[after] == 0x09)
    kind = word if word in (_DEF, _CLASS) and blank else np.uint64(0)
    found[0] += kind == _DEF
    found[2] += kind == _CLASS
    compound = _is_compound(text, word, after, end, kinds)
    if block[1] == np.int64(_DEF):
        if block[2] == 0 and _is_return(text, word, after, end, kinds):
            block[3] = 1
        block[2] += _statements(text, at, end, kinds)
    elif block[1] == np.int64(_CLASS) and not kind and not compound:
        found[3] += _assignments(text, at, end, kinds)
    if kind:
        _suite(text, _behind_colon(text, at, end), end, kind, found, kinds)
    if not found[4] and (
        _loops(text, word, after, end, kinds)
        or _assignments(text, _behind_colon(text, at, end) if compound else at, end, kinds)
    ):
        found[4] = 1
    return kind


@numba.njit(cache=True, nogil=True)
def _suite(text, at, end, kind, found, kinds):  # type: ignore[no-untyped-def]
    """The body on the header's own line, as in `def f(): return 1`."""
    at = _past_blanks(text, at, end, kinds)
    if at == end:
        return
    if kind == _CLASS:
        found[3] += _assignments(text, at, end, kinds)
        return
    word, after = _word(text, at, end, kinds)
    found[1] += _is_return(text, word, after, end, kinds) and _statements(text, at, end, kinds) == 1


@numba.njit(cache=True, nogil=True)
def _is_simple(block):  # type: ignore[no-untyped-def]
    return block[1] == np.int64(_DEF) and block[3] == 1 and block[2] == 1


@numba.njit(cache=True, nogil=True)
def _word(text, at, end, kinds):  # type: ignore[no-untyped-def]
    """The word of ASCII that starts here as one number, 0 if it is too long for a keyword, and where it ends."""
    value, begin = np.uint64(0), at
    while at < end and kinds[text[at]] & _WORD:
        value = value << np.uint64(8) | np.uint64(text[at])
        at += 1
    return (value if at - begin <= 8 else np.uint64(0)), at


@numba.njit(cache=True, nogil=True)
def _past_blanks(text, at, end, kinds):  # type: ignore[no-untyped-def]
    while at < end and kinds[text[at]] & _BLANK:
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _behind_colon(text, at, end):  # type: ignore[no-untyped-def]
    while at < end and text[at] != 0x3A:
        at += 1
    return min(at + 1, end)


@numba.njit(cache=True, nogil=True)
def _is_return(text, word, after, end, kinds):  # type: ignore[no-untyped-def]
    return word == _RETURN and not (after < end and kinds[text[after]] & _HIGH)


@numba.njit(cache=True, nogil=True)
def _is_compound(text, word, after, end, kinds):  # type: ignore[no-untyped-def]
    """The statement begins with a keyword of a compound one, which is not a name that is assigned."""
    for keyword in _COMPOUND:
        if word == keyword:
            after = _past_blanks(text, after, end, kinds)
            return not (after < end and text[after] == 0x3D)
    return False


@numba.njit(cache=True, nogil=True)
def _loops(text, word, after, end, kinds):  # type: ignore[no-untyped-def]
    """`for NAME in`, async or not."""
    if word == _ASYNC:
        begin = _past_blanks(text, after, end, kinds)
        if begin == after:
            return False
        word, after = _word(text, begin, end, kinds)
    at = _past_blanks(text, after, end, kinds)
    behind = _name(text, at, end, kinds)
    begin = _past_blanks(text, behind, end, kinds)
    return word == _FOR and at > after and behind > at and begin > behind and _word(text, begin, end, kinds)[0] == _IN


@numba.njit(cache=True, nogil=True)
def _name(text, at, end, kinds):  # type: ignore[no-untyped-def]
    """Where the name that starts here ends; here if none does."""
    if at < end and kinds[text[at]] & (_LETTER | _HIGH):
        while at < end and kinds[text[at]] & _NAMED:
            at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _statements(text, at, end, kinds):  # type: ignore[no-untyped-def]
    """Statements of a line: what semicolons part, blank parts left out; 1 without a semicolon."""
    parts, filled, marks = 0, False, 0
    for i in range(at, end):
        if text[i] == 0x3B:
            parts, filled, marks = parts + filled, False, marks + 1
        elif not kinds[text[i]] & _BLANK:
            filled = True
    return parts + filled if marks else 1


@numba.njit(cache=True, nogil=True)
def _assignments(text, at, end, kinds):  # type: ignore[no-untyped-def]
    """Statements of a line that are assignments with a plain name among their targets."""
    found, begin, named = 0, at, False
    for i in range(at, end):
        if text[i] == 0x3B:
            found, begin, named = found + named, i + 1, False
        elif text[i] == 0x3D:
            other = (i > begin and kinds[text[i - 1]] & _NO_ASSIGNMENT) or (i + 1 < end and text[i + 1] == 0x3D)
            if not other:
                first = _past_blanks(text, begin, i, kinds)
                last = _name(text, first, i, kinds)
                named |= last > first and _past_blanks(text, last, i, kinds) == i
                begin = i + 1
    return found + named
