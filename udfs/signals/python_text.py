"""A Python text as its signals see it: whether the interpreter parses it, and what its lines define."""

from __future__ import annotations

import ast
import warnings

# The parser without the Python objects of a tree: 16 MB/s instead of 9, and no gigabytes for a list of numbers.
from _symtable import symtable
from dataclasses import dataclass

import numpy as np

from udfs.lexing import Split
from udfs.signals.once import once
from udfs.signals.python_lines import counted


@dataclass(frozen=True, slots=True)
class PythonFacts:
    """Counts of one text; `names` says whether it has a plain name as target, loop variable or parameter."""

    defs: int  # without async ones, as the authors count
    simple: int  # of those, whose body is one return and nothing else
    classes: int
    class_names: int  # statements of a class body that assign a plain name
    names: bool


class PythonText:
    """One Python text, without a byte order mark."""

    def __init__(self, source: str, parts: Split) -> None:
        self._source, self._parts = source.removeprefix("\ufeff"), parts

    @once
    def facts(self) -> PythonFacts:
        found = counted(_with_strings_emptied(self._parts).encode("utf-8", "surrogatepass"))
        return PythonFacts(found[0], found[1], found[2], found[3], bool(found[4]))

    @once
    def parses(self) -> bool:
        return parses(self._source)


def _with_strings_emptied(parts: Split) -> str:
    """The code with "" for each string, docstrings included: those are statements of their own."""
    if not any(token[0] in "\"'" for token in parts.comment_tokens):
        return parts.bare
    pieces = parts.pieces.copy()
    for i in parts.string_at:
        pieces[i] = '""'
    # A comment left no piece: it stands behind a piece of code that is followed by another one.
    is_string = np.zeros(len(pieces), bool)
    is_string[parts.string_at] = True
    places = np.flatnonzero(~is_string[:-1] & ~is_string[1:])
    for place, token in zip(places.tolist(), parts.comment_tokens, strict=True):
        if token[0] in "\"'":
            pieces[place] += '""'
    return "".join(pieces)


def parses(source: str) -> bool:
    """Whether Python's own parser takes the text. Raises RecursionError and MemoryError where it gives up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            symtable(source, "text", "exec")
        except SyntaxError:
            # It also refuses what parses and has no meaning, such as one parameter twice.
            return _has_tree(source)
        except ValueError:  # a null character or half a surrogate pair
            return False
    return True


def _has_tree(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True
