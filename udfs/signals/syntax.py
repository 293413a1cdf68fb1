"""Concrete syntax trees by tree-sitter, parsed once per text and only for a signal that asks.

A parse is bounded by bytes and by the parser's own steps, so the same text gives the same answer on every machine.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

# The worst inputs found (a megabyte of quotes) take tree-sitter 5 s; real code of this size takes 0.1 s.
MOST_BYTES = 1_000_000
# The parser reports every hundred operations or so: about once in 20 bytes of any code, of damaged code too. Where it
# follows many readings of an ambiguous text at once, as in 4,000 times "{-", it reports 20 times a byte.
_MOST_REPORTS = 2_000
_BYTES_PER_REPORT = 8
# And it reads ordinary code once or twice, but the whole rest of the text again for each comment that is never closed.
_MOST_READINGS = 40
_CHUNK = 4096

# Our language -> (package, function that gives the grammar).
GRAMMARS = {
    "javascript": ("tree_sitter_javascript", "language"),
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


def parse(source: bytes, language: str) -> Any:
    """The tree of UTF-8 `source`.

    Raises TooMuchToParse beyond MOST_BYTES, and where it takes the parser far more steps or readings than code of this
    size does: the text is recorded as one that was not parsed.
    """
    if len(source) > MOST_BYTES:
        raise TooMuchToParse(f"expected at most {MOST_BYTES} bytes to parse, found {len(source)}")
    parser, view = _parser(language), memoryview(source)
    reports, most_reports = 0, _MOST_REPORTS + len(source) // _BYTES_PER_REPORT
    fetched, most_fetched = 0, _MOST_READINGS * (len(source) // _CHUNK + 16)

    def fetch(offset: int, _: object) -> memoryview:
        # The parser keeps all that it ever fetched: views cost nothing where copies took gigabytes.
        nonlocal fetched
        fetched += 1
        return view[offset : offset + _CHUNK] if fetched <= most_fetched else view[:0]

    def enough(offset: int, damaged: bool) -> bool:
        nonlocal reports
        reports += 1
        return reports > most_reports or fetched > most_fetched

    try:
        tree = parser.parse(fetch, progress_callback=enough)
    except ValueError:  # how it says that it was told to stop
        tree = None
    if tree is None or fetched > most_fetched:
        parser.reset()
        raise TooMuchToParse(f"expected a text that {language} can be read from, found damage without end")
    return tree
