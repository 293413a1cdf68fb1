"""What a comment at the top of a file is made of: paragraphs, lines that programs read, and lists of fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

# What is left of a comment line's edges once the words are taken away.
EDGE = " \t\r\n\f\v\ufeff*#/\\=-_~+;%!|.'\"{}()[]<>:@,`^&$"
# Comment markers that are words.
_WORD_MARKERS = ("dnl", "rem", "REM", "Rem", "@rem", "@REM", "@c ")
_INNER_EDGE = EDGE.replace("(", "").replace(":", "").replace("@", "")
# Lines inside of a block comment that a tool reads.
_DIRECTIVE = re.compile(
    r"[\s*#/!]*(?:@(?:(?:no)?flow|jsx\w*|format|prettier|ts-[\w-]+|(?:jest|vitest)-environment)\b"
    r"|(?:eslint|jshint|jslint|tslint|istanbul|clang-format|clang-tidy|prettier|stylelint|biome)\b[-: ]"
    r"|globals?[ \t]\w+)"
    # Emacs' packages.
    r"|;+[ \t]*(?:Package-Requires|(?:Package-)?Version|Keywords|URL|Homepage|Author|Maintainer|Created)[ \t]*:"
)
# Read by browsers' script managers, WordPress, Haddock and roxygen, the licence among the other fields.
_FIELDS = re.compile(r"==User(?:Script|Style)==|==OpenUserJS==|^[ \t*#/]*(?:Plugin|Theme) Name[ \t]*:|^#'", re.M)
_HADDOCK = tuple(
    re.compile(rf"^[ \t|{{-]*{name}[ \t]*:[ \t]*\S", re.M) for name in ("Module", "(?:License|Copyright|Maintainer)")
)
_OWN_LINE = re.compile(r"\W*(?:spdx-[\w-]+:|(?:copyright|\(c\)|©).*(?:19|20)\d\d)", re.I)
_MARKER = re.compile(r"\s*(//[/!]?|#'|--[ \t]\||)")
_SENTENCE = re.compile(r"^\W*(?:package [\w./]+\W+\w+ \w+|(?:[\w.-]+\.\w{1,4}|\w+)[ \t]+--?[ \t]+\w+ \w+)", re.I)
_SMALL_WORD = re.compile(r"(?<![\w.@-])[a-z]{2,}(?![\w.@])")


@dataclass(frozen=True, slots=True)
class Comment:
    """Lines first to last (exclusive) of the head; opener and closer are empty for line comments."""

    first: int
    last: int
    opener: str = ""
    closer: str = ""


def words(line: str, comment: Comment) -> str:
    """A comment line without its markers and ornaments, the end of a sentence and of a bracket kept."""
    line = line.strip(_INNER_EDGE)
    if comment.opener or not line.startswith(_WORD_MARKERS):
        return line
    return next(line.removeprefix(word).strip() for word in _WORD_MARKERS if line.startswith(word))


def is_directive(line: str) -> bool:
    return _DIRECTIVE.match(line) is not None


def has_fields(lines: Sequence[str], comment: Comment) -> bool:
    """Whether a program reads the comment as a list of fields, of which none may go."""
    text = "".join(lines[comment.first : comment.last])
    return _FIELDS.search(text) is not None or all(field.search(text) for field in _HADDOCK)


def paragraphs(lines: Sequence[str], comment: Comment) -> list[tuple[int, int]]:
    """Runs of lines that say something; a modeline inside of a comment stands alone."""
    found: list[tuple[int, int]] = []
    start: int | None = None
    for i in range(comment.first, comment.last):
        alone = "-*-" in lines[i]
        if alone or not words(lines[i], comment):
            if start is not None:
                found.append((start, i))
            start = None
            if alone:
                found.append((i, i + 1))
        elif start is None:
            start = i
    return found if start is None else [*found, (start, comment.last)]


def unglued(lines: Sequence[str], comment: Comment, start: int, end: int) -> list[tuple[int, int]]:
    """A paragraph cut where a description is glued to lines of SPDX or copyright, or has a marker of its own."""
    own = [i for i in range(start, end) if _OWN_LINE.match(words(lines[i], comment))]
    cuts = {own[0], own[-1] + 1} if own else set()
    marked: set[int] = set()
    if not comment.opener:
        marks = [_MARKER.match(line).group(1) for line in lines[start:end]]  # type: ignore[union-attr]
        marked = {start + i for i in range(1, len(marks)) if marks[i] != marks[i - 1]}
    bounds = [start, *sorted(cut for cut in cuts | marked if start < cut < end), end]
    parts: list[tuple[int, int]] = []
    for part in pairwise(bounds):
        is_own = part[0] in own or part[0] in marked
        if parts and not (is_own or _describes(lines, comment, *part)):
            parts[-1] = (parts[-1][0], part[1])
        elif len(parts) == 1 and not _describes(lines, comment, *parts[0]) and not set(own) & set(range(*parts[0])):
            parts[0] = (parts[0][0], part[1])
        else:
            parts.append(part)
    return parts


def _describes(lines: Sequence[str], comment: Comment, start: int, end: int) -> bool:
    """Whether the lines are prose, not the names and addresses that go on after a copyright."""
    text = " ".join(words(lines[i], comment) for i in range(start, end))
    if text[:1].islower() and not _SENTENCE.match(text):
        return False
    return _SENTENCE.match(text) is not None or len(_SMALL_WORD.findall(text)) >= 3
