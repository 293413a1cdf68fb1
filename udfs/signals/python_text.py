"""A Python text as its signals see it: whether the interpreter parses it, and what its lines define."""

from __future__ import annotations

import warnings
from _symtable import symtable
from dataclasses import dataclass

from udfs.signals.lexing import Split
from udfs.signals.once import once
from udfs.signals.python_lines import counted
from udfs.signals.python_newer import parses_as_newer
from udfs.signals.scanned import Scanned


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

    def __init__(self, source: str, parts: Split | Scanned) -> None:
        self._source, self._parts = source.removeprefix("\ufeff"), parts

    @once
    def facts(self) -> PythonFacts:
        found = counted(self._parts.emptied)
        return PythonFacts(found[0], found[1], found[2], found[3], bool(found[4]))

    @once
    def parses(self) -> bool:
        """By the running interpreter."""
        return parses(self._source)

    @once
    def parses_as_newer(self) -> bool:
        """By a grammar that no interpreter decides on. Raises TooMuchToParse."""
        return parses_as_newer(self._source, self._parts)


# A future statement that Python refuses, but only when it has read the whole text: so the parser runs alone, without
# the tables of names that are made of its tree (an eighth of the time) or the objects of the tree (three times).
_REFUSED, _REFUSAL = "from __future__ import braces\n", "not a chance"


def parses(source: str) -> bool:
    """Whether Python's own parser takes the text. Raises RecursionError and MemoryError where it gives up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            symtable(_REFUSED + source, "", "exec")  # no file has an empty name: none is read for the message
        except SyntaxError as error:
            return error.msg == _REFUSAL
        except ValueError:  # a null character or half a surrogate pair
            return False
    raise AssertionError("Python took braces from the future")
