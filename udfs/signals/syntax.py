"""Concrete syntax trees by tree-sitter, parsed once per text and only for a signal that asks.

A parse is bounded by bytes and by the parser's own steps, so the same text gives the same answer on every machine.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

# The worst inputs found (a megabyte of quotes) take tree-sitter 5 s; real code of this size takes 0.1 s.
MOST_BYTES = 1_000_000
# The parser reports every hundred operations or so. Once it repairs damage a report can stand for a millisecond.
MOST_REPAIRS = 2_000
_CHUNK = 1 << 20

# Our language -> (package, function that gives the grammar).
GRAMMARS = {
    "javascript": ("tree_sitter_javascript", "language"),
    "python": ("tree_sitter_python", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
}


class TooMuchToParse(ValueError):
    """The text passes a limit of the parser; the message names limit and size."""


@cache
def grammar(language: str) -> Any:
    from tree_sitter import Language

    package, function = GRAMMARS[language]
    return Language(getattr(import_module(package), function)())


@cache
def query(language: str, pattern: str) -> Any:
    """A compiled tree-sitter query."""
    from tree_sitter import Query

    return Query(grammar(language), pattern)


def captures(language: str, pattern: str, node: Any) -> dict[str, list[Any]]:
    """Nodes under `node` by capture name."""
    from tree_sitter import QueryCursor

    found: dict[str, list[Any]] = QueryCursor(query(language, pattern)).captures(node)
    return found


@cache
def _parser(language: str) -> Any:
    from tree_sitter import Parser

    return Parser(grammar(language))


def parse(source: bytes, language: str) -> Any | None:
    """The tree of UTF-8 `source`, or None where repairing its errors passes MOST_REPAIRS reports of the parser.

    Raises TooMuchToParse beyond MOST_BYTES.
    """
    if len(source) > MOST_BYTES:
        raise TooMuchToParse(f"expected at most {MOST_BYTES} bytes to parse, found {len(source)}")
    parser = _parser(language)
    repairs = 0

    def enough(_: int, damaged: bool) -> bool:
        nonlocal repairs
        repairs += damaged
        return repairs > MOST_REPAIRS

    # A parser takes a progress callback only if it fetches its bytes itself.
    try:
        return parser.parse(lambda offset, _: source[offset : offset + _CHUNK], progress_callback=enough)
    except ValueError:  # how it says that it was told to stop
        parser.reset()
        return None
