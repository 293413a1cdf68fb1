"""What a comment at the top of a file is made of: paragraphs, lines that programs read, and lists of fields."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# What is left of a comment line's edges once the words are taken away.
EDGE = " \t\r\n\f\v\ufeff*#/\\=-_~+;%!|.'\"{}()[]<>:@,`^&$"
# Comment markers that are words.
_WORD_MARKERS = ("dnl", "rem", "REM", "Rem", "@rem", "@REM", "@c ")
_INNER_EDGE = EDGE.replace("(", "").replace(":", "").replace("@", "")
# Read by browsers' script managers, WordPress, Haddock and roxygen, the licence among the other fields.
_FIELDS = re.compile(r"==User(?:Script|Style)==|==OpenUserJS==|^[ \t*#/]*(?:Plugin|Theme) Name[ \t]*:|^#'", re.M)
_HADDOCK = tuple(
    re.compile(rf"^[ \t|{{-]*{name}[ \t]*:[ \t]*\S", re.M) for name in ("Module", "(?:License|Copyright|Maintainer)")
)


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
    rest = next(line.removeprefix(word) for word in _WORD_MARKERS if line.startswith(word))
    # "Removes" begins with no marker.
    return line if rest[:1].isalnum() and not line.startswith("@c ") else rest.strip()


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
