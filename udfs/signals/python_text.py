"""A Python text as its signals see it: whether the interpreter parses it, and what its lines define."""

from __future__ import annotations

import ast
import warnings

# The parser without the Python objects of a tree: 16 MB/s instead of 9, and no gigabytes for a list of numbers.
from _symtable import symtable

from udfs.lexing import Split
from udfs.signals.once import once
from udfs.signals.python_lines import PythonFacts, python_facts


class PythonText:
    """One Python text, without a byte order mark."""

    def __init__(self, source: str, parts: Split) -> None:
        self._source, self._parts = source.removeprefix("\ufeff"), parts

    @once
    def facts(self) -> PythonFacts:
        return python_facts(self._parts)

    @once
    def parses(self) -> bool:
        return parses(self._source)


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
