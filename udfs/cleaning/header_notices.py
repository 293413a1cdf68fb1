"""Whether a paragraph of a comment is a notice of rights, or prose of a program about licences."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from schemas.identity import data_bytes
from udfs.cleaning.header_paragraphs import Comment, words

DATA = "header_phrases.json"
PHRASES: dict[str, Any] = json.loads(data_bytes(DATA))
# One of these makes a comment a notice. "license" or "copyright" alone do not: programs are about them, too.
_NOTICE = re.compile("|".join(PHRASES["notice"]))
# A part of each of them, which is found ten times faster.
NOTICE_PARTS = tuple(PHRASES["notice_parts"])
# These only stretch a notice over its later paragraphs and sentences, and over the one before it.
_LEGAL = re.compile("|".join(PHRASES["legal"]))
_BESIDE = re.compile("|".join(PHRASES["beside"]))
_BEFORE = re.compile("|".join(PHRASES["before"]))
# A sentence that begins so says what a program does.
_DOES = re.compile(rf"\W*(?:(?:it|this|which|that|and|to|function|method|class|script) )?(?:{PHRASES['does']})\b")
_SENTENCE_END = re.compile(r"[.!?;]\s|:\s(?!\()")
_QUOTES = tuple("\"'`\u201c\u2018\u00ab")
# (C) as a letter of a list or of a standard.
_CITED = re.compile(rf"(?:^|\W)(?:{PHRASES['cited']}) \Z")
_SAME_LINE = re.compile(r"[^.\n]{0,60}\b(?:lines?|headers?|notices?|comments?|statements?|strings?|tags?|fields?)\b")


def said(lines: Sequence[str], comment: Comment, start: int, end: int) -> str:
    """What the lines say, in small letters."""
    text = " ".join([words(line, comment) for line in lines[start:end]]).lower()
    # The third of a list is no sign of a copyright.
    return text.replace("(c)", "( )") if "(b)" in text else text


def is_notice(text: str, lines: Sequence[str], comment: Comment, start: int) -> bool:
    """Whether the text that the lines from `start` say holds a notice."""
    for part in NOTICE_PARTS:
        if part in text:
            match = _NOTICE.search(text)
            while match and _is_prose(match, lines, comment, start):
                match = _NOTICE.search(text, match.end())
            return match is not None
    return False


def is_legal(text: str) -> bool:
    return _LEGAL.search(text) is not None


def goes_along(text: str) -> bool:
    """Whether a sentence beside a notice in its paragraph belongs to it."""
    return is_legal(text) or _BESIDE.search(text) is not None


def leads(text: str) -> bool:
    """Whether the paragraph before a notice belongs to it."""
    return _BEFORE.search(text) is not None


def _is_prose(match: re.Match[str], lines: Sequence[str], comment: Comment, start: int) -> bool:
    """Whether the phrase is quoted, cited, or part of a sentence about what the program does."""
    text, at = match.string, match.start()
    if at == 0:
        return False
    before = text[:at]
    if before.endswith(_QUOTES) and not match[0].startswith("beer"):
        return True
    if match[0].startswith("(c)") and _CITED.search(before):
        return True
    line_at, line = _line_of(at, lines, comment, start)
    if line_at == at and not line[:1].islower():
        return False
    if match[0].startswith(("copyright", "(c)", "\u00a9")) and _SAME_LINE.match(line[at - line_at + len(match[0]) :]):
        return True
    ends = [end.end() for end in _SENTENCE_END.finditer(before)]
    return _DOES.match(before, ends[-1] if ends else 0) is not None


def _line_of(at: int, lines: Sequence[str], comment: Comment, start: int) -> tuple[int, str]:
    """Where in the text the line begins that holds this place, and the line as written."""
    begin = 0
    while True:
        line = words(lines[start], comment)
        if at <= begin + len(line) or start + 1 >= len(lines):
            return begin, line
        begin += len(line) + 1
        start += 1
