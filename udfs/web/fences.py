"""Code in the fences of a text: what is counted of a text is a function of it, whichever capture it came from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_OPENING = re.compile(r"^(`{3,})([^`\n]*)$", re.M)


def fenced_blocks(text: str) -> Iterator[tuple[str, str]]:
    """(language, code) of every block; a fence without an end opens none."""
    at = 0
    while opening := _OPENING.search(text, at):
        ticks, language = opening[1], opening[2].strip()
        begin = opening.end() + 1
        closing = re.compile(rf"^{ticks}`*[ \t]*$", re.M).search(text, begin)
        if closing is None:
            at = begin
            continue
        yield language, text[begin : max(begin, closing.start() - 1)]
        at = closing.end()


def counts_of(text: str) -> tuple[int, int, tuple[str, ...]]:
    """(blocks, bytes of the code in them in UTF-8, languages that they name, the most frequent first)."""
    if "```" not in text:
        return 0, 0, ()
    blocks = list(fenced_blocks(text))
    languages = Counter(language for language, _ in blocks if language)
    ordered = sorted(languages, key=lambda name: (-languages[name], name))
    return len(blocks), sum(len(code.encode()) for _, code in blocks), tuple(ordered)
