"""A text cut by the tokens of a compiled scan: its code, its comments and its strings, each put together when asked."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from udfs.signals.comment_styles import COMMENT, DOC, STRING
from udfs.signals.once import once
from udfs.signals.quoted import LONG, Quoted, quoted_of
from udfs.signals.scanning import scan
from udfs.signals.steps import Program

_OPERATORS = frozenset("([{,=+-*/%|&^~<>\\@")  # a string after one of these continues a statement
_PREFIXES = frozenset(("", "r", "u", "b", "rb", "br"))


class Scanned:
    """A split as udfs/signals/lexing.py has it: the text begins at `start`; `docs`: it may have docstrings."""

    def __init__(self, utf8: bytes, made: Program, start: int, how: str, docs: bool) -> None:
        self.how = how
        self._utf8, self._start = utf8, start
        self._text = np.frombuffer(utf8, np.uint8)
        tokens = scan(made, self._text)
        self._tokens = _with_docs(utf8, tokens, start) if docs else tokens

    @once
    def _parts(self) -> tuple[bytes, bytes, bytes, list[int]]:
        code, comments, long, counts = _parts(self._text, self._tokens, self._start)
        return code.tobytes(), comments.tobytes(), long.tobytes(), counts.tolist()

    @property
    def code_utf8(self) -> bytes:
        return self._parts[0]

    @once
    def code(self) -> str:
        return _decoded(self.code_utf8)

    @once
    def comment_text(self) -> str:
        """Comments with a line feed after each, so that two never share a line."""
        return _decoded(self._parts[1][:-1])

    @property
    def comment_chars(self) -> int:
        return self._parts[3][0]

    @once
    def quoted(self) -> Quoted:
        """What stands between the quotes of the quoted strings."""
        return quoted_of(self._parts[3][1], self._parts[2])

    @once
    def bare(self) -> str:
        """The code with every quoted string emptied."""
        return _decoded(_bare(self._text, self._tokens, self._start, False).tobytes())

    @property
    def emptied(self) -> bytes:
        """The same with docstrings, which are statements of their own."""
        return bytes(_bare(self._text, self._tokens, self._start, True))

    @property
    def comments(self) -> str:
        return "".join(self.comment_tokens)

    @property
    def comment_tokens(self) -> list[str]:
        return [_decoded(self._utf8[a:b]) for a, b, kind in self._tokens.tolist() if kind == COMMENT]

    @property
    def strings(self) -> list[str]:
        """Quoted strings with their quotes, in order."""
        return [_decoded(self._utf8[a:b]) for a, b, kind in self._tokens.tolist() if kind == STRING]

    @property
    def pieces(self) -> list[str]:
        """The code, cut so that each quoted string is one piece."""
        found, last = list[str](), self._start
        for begin, end, kind in self._tokens.tolist():
            found.append(_decoded(self._utf8[last:begin]))
            found += [_decoded(self._utf8[begin:end])] if kind == STRING else []
            last = end
        return [*found, _decoded(self._utf8[last:])]


def _decoded(utf8: bytes) -> str:
    return utf8.decode("utf-8", "surrogatepass")


def _with_docs(utf8: bytes, tokens: Any, start: int) -> Any:
    """Triple-quoted strings that are statements of their own are comments. Looks at each piece of code once."""
    rows = tokens.tolist()
    seen, last = -1, ""
    for i, (begin, _, kind) in enumerate(rows):
        if kind != DOC:
            continue
        before = _decoded(utf8[rows[i - 1][1] if i else start : begin])
        line = before.rfind("\n")
        is_doc = (line >= 0 or i == 0) and before[line + 1 :].strip().lower() in _PREFIXES
        if is_doc:
            code = (before[:line] if line >= 0 else before).rstrip()
            last = code[-1] if code else _last_character(utf8, rows, start, i - 1, seen) or last
            seen = i
            is_doc = last not in _OPERATORS
        rows[i][2] = tokens[i, 2] = COMMENT if is_doc else STRING
    return tokens


def _last_character(utf8: bytes, rows: list[list[int]], start: int, at: int, seen: int) -> str:
    """The last one of a token or of the code before it that is no blank; looks back to the token that was seen."""
    for i in range(at, max(seen, 0) - 1, -1):
        begin, end, kind = rows[i]
        code = _decoded(utf8[begin:end]).rstrip() if kind == STRING else ""
        if not code and i != seen:
            code = _decoded(utf8[rows[i - 1][1] if i else start : begin]).rstrip()
        if code:
            return code[-1]
    return ""


@numba.njit(cache=True, nogil=True)
def _copied(text, begin, end, into, at):  # type: ignore[no-untyped-def]
    """Where the copy ends."""
    for i in range(begin, end):
        into[at] = text[i]
        at += 1
    return at


@numba.njit(cache=True, nogil=True)
def _parts(text, tokens, start):  # type: ignore[no-untyped-def]
    """(code, comments with a line feed after each, long strings without their quotes likewise, [characters of comments,
    characters between quotes]).
    """
    size = len(text) - start
    code, comments = np.empty(size, np.uint8), np.empty(size + len(tokens), np.uint8)
    long, counts = np.empty(size + len(tokens), np.uint8), np.zeros(2, np.int64)
    code_size = comment_size = long_size = 0
    last = start
    for i in range(len(tokens)):
        begin, end = tokens[i, 0], tokens[i, 1]
        if tokens[i, 2] == COMMENT:
            code_size = _copied(text, last, begin, code, code_size)
            comment_size = _copied(text, begin, end, comments, comment_size)
            comments[comment_size] = 0x0A
            comment_size += 1
            counts[0] += _characters(text, begin, end)
            last = end
        else:
            begin, end = _inside(text, begin, end)
            inside = _characters(text, begin, end)
            counts[1] += inside
            if inside > LONG:
                long_size = _copied(text, begin, end, long, long_size)
                long[long_size] = 0x0A
                long_size += 1
    code_size = _copied(text, last, len(text), code, code_size)
    return code[:code_size], comments[:comment_size], long[:long_size], counts


@numba.njit(cache=True, nogil=True)
def _characters(text, begin, end):  # type: ignore[no-untyped-def]
    found = 0
    for i in range(begin, end):
        found += text[i] & 0xC0 != 0x80
    return found


@numba.njit(cache=True, nogil=True)
def _inside(text, begin, end):  # type: ignore[no-untyped-def]
    """(begin, end) of what stands between the quotes of a string; the last ones may be missing."""
    quote, width = text[begin], 1
    if end - begin >= 3 and (quote == 0x22 or quote == 0x27) and text[begin + 1] == quote and text[begin + 2] == quote:
        width = 3
    begin += width
    if end - begin < width:
        return begin, end
    for i in range(end - width, end):
        if text[i] != quote:
            return begin, end
    return begin, end - width


@numba.njit(cache=True, nogil=True)
def _bare(text, tokens, start, docs):  # type: ignore[no-untyped-def]
    """The code with two quotes for each string, and for each docstring if it is asked."""
    bare, size, last = np.empty(len(text) - start + 2 * len(tokens), np.uint8), 0, start
    for i in range(len(tokens)):
        begin = tokens[i, 0]
        size = _copied(text, last, begin, bare, size)
        if tokens[i, 2] == STRING or (docs and (text[begin] == 0x22 or text[begin] == 0x27)):
            bare[size] = bare[size + 1] = 0x22
            size += 2
        last = tokens[i, 1]
    size = _copied(text, last, len(text), bare, size)
    return bare[:size]
