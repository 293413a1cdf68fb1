"""Whether a text is Python of a grammar that the running interpreter may be too old for: by libcst, whose own parser
knows Python up to 3.15 whatever runs it, and refuses what a parser of Python refuses.

It is slow (half a megabyte a second), follows brackets and operators on the stack of the machine, without a limit of
its own, and tries the patterns of a match statement in more ways than there are brackets. So it is asked only where the
interpreter refuses a text that holds a form of newer Python, and never with more than it takes within seconds.
"""

from __future__ import annotations

import re

import numba
import numpy as np

from udfs.signals.lexing import Split
from udfs.signals.raw_ends import is_word
from udfs.signals.scanned import Scanned
from udfs.signals.syntax import TooMuchToParse
from udfs.signals.token_ends import is_at

MOST_CHARS = 300_000
_MOST_TOKENS = 1_500  # of one expression, brackets around it included; the parser dies of 3,000 to 10,000
_MOST_BRACKETS = 100  # the interpreter refuses 200, the parser dies of 900
_MOST_IN_PATTERN = 6  # ten take it two seconds
_MOST_ELIFS = 1_500
_MOST_WORK = 10_000_000  # the parser takes time and memory by the square of an expression: 2 s, half a gigabyte

_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*+"
# Type parameters, type statements (PEP 695), formatted strings, which may nest (701), template strings (750), unpacking
# in comprehensions (798), lazy imports (810). Strings are emptied.
_NEWER = re.compile(
    rb"(?:def|class)\s++" + _NAME + rb"\s*+\["
    rb"|type\s++" + _NAME + rb"\s*+[=\[]"
    rb'|(?<![\w\x80-\xff])(?:[ftFT][rR]?|[rR][ftFT])""'
    rb"|[\[({]\s*+\*"
    rb"|lazy\s++(?:import|from)(?!\w)"
)
# libcst 1.9 does not know "tr" nor two template strings side by side: they are read as formatted ones, whose form is
# theirs.
_TEMPLATE = re.compile(r"(?<!\w)(r?+)t(r?+)(?=[\"'])", re.IGNORECASE)


def parses_as_newer(source: str, parts: Split | Scanned) -> bool:
    """Of a text that the interpreter refuses. Raises TooMuchToParse beyond the limits above."""
    bare = parts.emptied
    if not _NEWER.search(bare):
        return False
    if len(source) > MOST_CHARS:
        raise TooMuchToParse(f"expected at most {MOST_CHARS} characters to parse as newer Python, found {len(source)}")
    fields = "\0".join(s for s in parts.strings if "{" in s).encode("utf-8", "surrogatepass")
    if bare.count(b"elif") > _MOST_ELIFS or _is_too_deep(bare) or _is_too_deep(bytes(_fields(_array(fields)))):
        raise TooMuchToParse("expected Python that can be parsed, found expressions without end")
    return _parses(_TEMPLATE.sub(r"\1f\2", source))


def _parses(source: str) -> bool:
    import libcst

    try:
        libcst.parse_module(source)
    except (libcst.ParserSyntaxError, libcst.CSTValidationError, UnicodeEncodeError):
        return False
    except BaseException as error:  # how its Rust says that it met what it did not foresee: no Exception
        if type(error).__name__ == "PanicException":
            raise TooMuchToParse("expected a text that libcst reads, found one that it fails on") from None
        raise
    return True


def _array(utf8: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(utf8, np.uint8)


def _is_too_deep(bare: bytes) -> bool:
    return bool(_deep(_array(bare), _MOST_BRACKETS, _MOST_TOKENS, _MOST_IN_PATTERN, _MOST_WORK))


_CASE = np.frombuffer(b"case", np.uint8)


@numba.njit(cache=True, nogil=True)
def _fields(strings):  # type: ignore[no-untyped-def]
    """What stands in braces, each on a line of its own; strings are parted by nulls."""
    found, size, depth = np.empty(2 * len(strings), np.uint8), 0, 0
    for byte in strings:
        if byte == 0:
            found[size] = depth = 0
            size += 1
        depth += byte == 0x7B
        if depth:
            found[size] = byte
            size += 1
            if byte == 0x7D:
                depth -= 1
                if depth == 0:
                    found[size] = 0x0A
                    size += 1
    return found[:size]


@numba.njit(cache=True, nogil=True)
def _deep(text, most_brackets, most_tokens, most_in_pattern, most_work):  # type: ignore[no-untyped-def]
    """An expression has more tokens or brackets around each other than the parser stands. A line that begins with
    "case" is a pattern; behind a null nothing is open.
    """
    tokens = np.zeros(most_brackets + 2, np.int64)  # of the present expression, by brackets around it
    depth, total, work, in_word, at_begin, pattern = 0, 0, 0, False, True, False
    for i in range(len(text)):
        byte = text[i]
        word = is_word(byte)
        if word and in_word:
            continue
        in_word = word
        if byte == 0x20 or byte == 0x09 or byte == 0x0C:
            continue
        if byte == 0:
            depth, total, tokens[0] = 0, 0, 0
            continue
        if byte == 0x0A and (depth == 0 or pattern):
            at_begin, pattern = depth == 0, pattern and depth > 0
        if byte == 0x2C or byte == 0x3B or (byte == 0x0A and depth == 0):
            work += tokens[depth] * tokens[depth]
            total -= tokens[depth]
            tokens[depth] = 0
            continue
        if byte == 0x0A:
            continue
        pattern = pattern or (at_begin and is_at(text, i, _CASE, 0, 4))
        at_begin = False
        tokens[depth] += 1
        total += 1
        if byte == 0x28 or byte == 0x5B or byte == 0x7B:
            depth += 1
            tokens[depth] = 0
        elif (byte == 0x29 or byte == 0x5D or byte == 0x7D) and depth:
            work += tokens[depth] * tokens[depth]
            total -= tokens[depth]
            depth -= 1
        if depth > most_brackets or total > most_tokens or work > most_work or (pattern and depth > most_in_pattern):
            return True
    return False
