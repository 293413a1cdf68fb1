"""Whether a text is a program of its language, by a parser of it: what a rewritten file has to pass."""

from __future__ import annotations

from udfs.recipes import trust
from udfs.signals.syntax import TooMuchToParse, parse

PARSED = ("python", "javascript", "typescript")
"""Languages with a parser here that takes whole files and refuses damaged ones."""


def parses(language: str, code: str) -> bool:
    """Raises ValueError for a language without a parser."""
    if language not in PARSED:
        raise ValueError(f"rewriting.languages: expected some of {', '.join(PARSED)}, found {language}")
    if language == "python":
        tree = trust.parsed(code)
        return tree is not None and bool(tree.body)
    try:
        root = parse(code.encode("utf-8", "replace"), language).root_node
    except TooMuchToParse:
        return False
    return root.named_child_count > 0 and not root.has_error
