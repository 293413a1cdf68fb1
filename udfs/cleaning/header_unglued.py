"""Descriptions that stand in one paragraph with a notice: the sentences before its lines of rights, and after them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from udfs.cleaning.header_notices import goes_along, is_notice, said
from udfs.cleaning.header_paragraphs import Comment, words

_OWN_LINE = re.compile(
    r"\W*(?:spdx-[\w-]+:|(?:portions )?(?:copyright|\(c\)|©).*(?:19|20)\d\d"
    r"|(?:authors?|maintainers?|contact|e-?mail|(?:written|created|maintained) by)\b)",
    re.I,
)
_OWN_FIRST = frozenset("sScCpPaAmMeEwW(\u00a9")
_MARKER = re.compile(r"\s*(//[/!]?|#'|--[ \t]\||)")
_ENDS, _CLOSING = frozenset(".!?:"), frozenset("\"')]>")
# Lines that begin a description, whatever stands before them.
_SENTENCE = re.compile(
    r"^\W*(?:package [\w./]+\W+\w+ \w+|(?:[\w.-]+\.\w{1,4}|\w+)[ \t]+--?[ \t]+\w+ \w+"
    r"|(?:usage|synopsis|description|purpose|summary|examples?|options|arguments|parameters|inputs?|outputs?|returns|todo"
    r"|fixme|overview|abstract|features|requirements|dependencies|functions?|[@\\](?:file|brief|module|package|overview"
    r"|fileoverview|summary|description|namespace|see|param|returns?))\b[ \t]*:?)",
    re.I,
)
_SMALL_WORD = re.compile(r"(?<![\w.@-])[a-z]{2,}(?![\w.@])")
_FILE_NAME = re.compile(r"^\W*[\w./-]+\.\w{1,5}\b[\s:-]*")


def unglued(lines: Sequence[str], comment: Comment, start: int, end: int) -> list[tuple[int, int, bool]]:
    """A paragraph with a notice cut in up to three: a description, the notice, which is marked, and a description."""
    begin, at = start, _next_cut(lines, comment, start, end)
    if at == end:
        return [(start, end, True)]
    first, described = (start, at), False
    while not is_notice(said(lines, comment, *first), lines, comment, first[0]):
        if at == end:
            return [(start, end, True)]
        if not goes_along(said(lines, comment, *first)):
            described |= _describes(lines, comment, *first, lead=True)
            begin = at
        at = _next_cut(lines, comment, at, end)
        first = (first[1], at)
    begin = begin if described else start
    stop = last = end
    while last > first[1]:
        at = next(i for i in range(last - 1, first[1] - 1, -1) if i == first[1] or _is_cut(lines, comment, i))
        text = said(lines, comment, at, last)
        if goes_along(text) or is_notice(text, lines, comment, at):
            break
        if _is_marked(lines, comment, at) or _describes(lines, comment, at, last):
            stop = at
        last = at
    return [part for part in ((start, begin, False), (begin, stop, True), (stop, end, False)) if part[0] < part[1]]


def _next_cut(lines: Sequence[str], comment: Comment, start: int, end: int) -> int:
    return next((i for i in range(start + 1, end) if _is_cut(lines, comment, i)), end)


def _is_cut(lines: Sequence[str], comment: Comment, at: int) -> bool:
    """Whether a sentence, a line of SPDX or of copyright, or another marker of comments begins with this line."""
    if _has_ended(lines[at - 1]) or _is_marked(lines, comment, at):
        return True
    said, before = words(lines[at], comment), words(lines[at - 1], comment)
    return _is_own(said) != _is_own(before) or _SENTENCE.match(said) is not None


def _has_ended(line: str) -> bool:
    """Whether a sentence ends with the line."""
    end = line.rstrip(" \t\r\n*#/;%-")[-2:]
    return end[-1:] in _ENDS or (end[-1:] in _CLOSING and end[:1] in _ENDS)


def _is_marked(lines: Sequence[str], comment: Comment, at: int) -> bool:
    """Whether the line has another sign of a comment than the one before it."""
    return not comment.opener and _marker(lines[at].lstrip()[:4]) != _marker(lines[at - 1].lstrip()[:4])


@lru_cache(maxsize=1024)
def _marker(begin: str) -> str:
    return _MARKER.match(begin).group(1)  # type: ignore[union-attr]


def _is_own(said: str) -> bool:
    return said[:1] in _OWN_FIRST and _OWN_LINE.match(said) is not None


def _describes(lines: Sequence[str], comment: Comment, start: int, end: int, *, lead: bool = False) -> bool:
    """Whether the lines are prose, not the names and addresses that go on after a copyright."""
    text = " ".join(words(lines[i], comment) for i in range(start, end))
    if _SENTENCE.match(text):
        return True
    # A small letter goes on with the sentence of the notice.
    if text[:1].islower() and not lead and not _FILE_NAME.match(text):
        return False
    return len(_SMALL_WORD.findall(_FILE_NAME.sub("", text))) >= (2 if lead and _has_ended(lines[end - 1]) else 3)
