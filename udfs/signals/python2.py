"""Whether a text is Python 2: by fissix, the kept-up fork of lib2to3, whose grammar knows print and exec statements.

tree-sitter's Python grammar knows them too, but repairs damage at any price: 15 kB of "/*" lines took it 8 GB. This
parser is slower (half a megabyte a second) and stops at the first error; a token costs at most 80 microseconds.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

from udfs.signals.syntax import TooMuchToParse

MOST_CHARS = 100_000


def parses_as_python2(source: str) -> bool:
    """Raises TooMuchToParse beyond MOST_CHARS."""
    if len(source) > MOST_CHARS:
        raise TooMuchToParse(f"expected at most {MOST_CHARS} characters to parse as Python 2, found {len(source)}")
    driver, errors = _driver()
    try:
        driver.parse_string(source if source.endswith("\n") else source + "\n")
    except errors:
        return False
    return True


@cache
def _driver() -> tuple[Any, tuple[type[Exception], ...]]:
    """The parser without its tree, and what it raises on a text that is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fissix import pygram
        from fissix.pgen2 import driver, parse, tokenize
    made = driver.Driver(pygram.python_grammar, convert=lambda grammar, node: None)
    return made, (parse.ParseError, tokenize.TokenError, IndentationError, ValueError)
