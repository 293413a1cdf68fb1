"""Leading copyright and licence comments: found in any comment style, removed, the rest of the file untouched.

Paper (OpenCoder): about 15 % of source files start with a copyright notice, highly repetitive and without use for the
model, so the leading block goes. Where it ends is decided here by paragraphs: of each comment before the first line of
code, the paragraphs from the first to the last that speaks of rights go, and a description before or after them stays.
Shebangs, encoding lines, modelines, build tags and the like are stepped over and stay. A file that is nothing but such
a comment stays as it is: an empty text would be worse than a licence.

Phrases: the openings of the licences in the SPDX list and its guide to short identifiers (spdx.dev/learn).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache

from schemas.identity import data_bytes

DATA = ("header_styles.json", "header_phrases.json")
# Where a header is looked for; a whole GPL takes 35 KB.
_HEAD_CHARS = 65_536

_PHRASES: dict[str, list[str]] = json.loads(data_bytes(DATA[1]))
# One of these makes a comment a notice. "license" or "copyright" alone do not: programs are about them, too.
_NOTICE = re.compile("|".join(_PHRASES["notice"]))
# These only stretch a notice over its later paragraphs, and over the one before it.
_LEGAL = re.compile("|".join(_PHRASES["legal"]))
_BEFORE = re.compile("|".join(_PHRASES["before"]))
_KEPT_LINE = re.compile("|".join(_PHRASES["kept_lines"]), re.I)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
# What is left of a comment line's edges once the words are taken away.
_EDGE = " \t\r\n\f\v\ufeff*#/\\=-_~+;%!|.'\"{}()[]<>:@,`^&$"
# Not a directive (`.. note::`), a target (`.. _name:`), a substitution, a footnote.
_RST_COMMENT = re.compile(r"\.\.(?:[ \t](?![ \t]*[_|\[])(?!.{0,80}::)|[ \t]*$)")
_DOCSTRING_PREFIX = re.compile(r"[rRuU](?=\"\"\"|''')")


@dataclass(frozen=True)
class _Style:
    line: tuple[str, ...]
    block: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Comment:
    """Lines first to last (exclusive) of the head; opener and closer are empty for line comments."""

    first: int
    last: int
    opener: str = ""
    closer: str = ""


@cache
def _styles() -> dict[str, _Style]:
    """Comment markers by language; names without a language stand for what is unknown."""
    found: dict[str, _Style] = {}
    for name, data in json.loads(data_bytes(DATA[0])).items():
        style = _Style(tuple(m.lower() for m in data["line"]), tuple((a, b) for a, b in data["block"]))
        found[name if not data["languages"] else f"family {name}"] = style
        found.update(dict.fromkeys(data["languages"], style))
    return found


def strip(text: str, language: str | None, kind: str) -> tuple[str, int]:
    """The text without its leading notices, and how many bytes of UTF-8 that took away."""
    style = _style(language, kind)
    removed = 0
    while True:
        head = text[:_HEAD_CHARS]
        lower = head.lower()
        if not any(hint in lower for hint in _PHRASES["hints"]):
            return text, removed
        lines = _LINE.findall(head)
        whole = len(text) <= _HEAD_CHARS
        if not whole:
            lines.pop()
        left = _without_notices(lines, style)
        end = sum(map(len, lines))
        if left == lines or not _says_something(left, text, end):
            return text, removed
        start = "".join(left)
        removed += max(_size(text[:end]) - _size(start), 0)
        text = start + text[end:]


def _style(language: str | None, kind: str) -> _Style:
    styles = _styles()
    name = (language or "").lower()
    if kind == "text":
        # In prose a hash is a heading and a dash a list: only comments that no reader sees count.
        prose = styles["unknown prose"]
        known = styles.get(name, prose)
        return known if not known.line else prose
    return styles.get({"c++": "cpp", "c#": "csharp"}.get(name, name), styles["unknown"])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _says_something(left: list[str], text: str, end: int) -> bool:
    """Whether more than blank and kept lines remain."""
    return any(line.strip() and not _KEPT_LINE.match(line.lstrip(" \t\ufeff")) for line in left) or bool(
        text[end:].strip()
    )


def _without_notices(lines: list[str], style: _Style) -> list[str]:
    """The lines of the head without the notices of the comments that stand before the first code."""
    left: list[str] = []
    at = 0
    trim = False
    while at < len(lines):
        stripped = lines[at].strip(" \t\r\n\f\v\ufeff")
        if not stripped:
            if not trim:
                left.append(lines[at])
            at += 1
            continue
        if _is_kept(stripped, style):
            left.append(lines[at])
            at, trim = at + 1, False
            continue
        comment = _comment(lines, at, style)
        if comment is None:
            break
        kept = _without_notice(lines, comment)
        if not kept and not any(line.strip(" \t\r\n\ufeff") for line in left):
            left = ["\ufeff"] if lines[0].startswith("\ufeff") else []
        left += kept
        trim = not kept
        at = comment.last
    return left + lines[at:]


def _is_kept(stripped: str, style: _Style) -> bool:
    """Whether this line is an instruction to a tool. A block comment must close on the line to be one."""
    if not _KEPT_LINE.match(stripped):
        return False
    return all(closer in stripped[len(a) :] for a, closer in style.block if closer and stripped.startswith(a))


def _comment(lines: list[str], at: int, style: _Style) -> _Comment | None:
    """The comment that starts at this line, if it is one and nothing else stands on its last line."""
    text = lines[at].lstrip(" \t\ufeff")
    body = _DOCSTRING_PREFIX.sub("", text, count=1)
    for opener, closer in style.block:
        if not body.startswith(opener):
            continue
        if opener == "..":
            return _indented(lines, at) if _RST_COMMENT.match(body) else None
        rest = body[len(opener) :]
        for i in range(at, len(lines)):
            rest = rest if i == at else lines[i]
            if closer in rest:
                after = rest[rest.index(closer) + len(closer) :]
                return None if after.strip() else _Comment(at, i + 1, opener, closer)
        return None
    end = at
    while (
        end < len(lines)
        and _is_line_comment(lines[end], style)
        and (end == at or not _is_kept(lines[end].strip(), style))
    ):
        end += 1
    return _Comment(at, end) if end > at else None


def _indented(lines: list[str], at: int) -> _Comment:
    """A reStructuredText comment: the lines indented under it."""
    end = at + 1
    for i in range(at + 1, len(lines)):
        if not lines[i].strip():
            continue
        if not lines[i].startswith((" ", "\t")):
            break
        end = i + 1
    return _Comment(at, end, "..", "")


def _is_line_comment(line: str, style: _Style) -> bool:
    return bool(style.line) and line.lstrip(" \t\ufeff").lower().startswith(style.line)


def _without_notice(lines: list[str], comment: _Comment) -> list[str]:
    """The comment's lines without the paragraphs from the first to the last that belongs to a notice."""
    paragraphs = _paragraphs(lines, comment)
    texts = [" ".join(_words(lines[i], comment) for i in range(a, b)).lower() for a, b in paragraphs]
    notices = [i for i, t in enumerate(texts) if _NOTICE.search(t)]
    every = lines[comment.first : comment.last]
    if not notices:
        return every
    last = max(i for i in range(notices[0], len(texts)) if i in notices or _LEGAL.search(texts[i]))
    first = notices[0] - (notices[0] > 0 and bool(_BEFORE.search(texts[notices[0] - 1])))
    before, after = paragraphs[:first], paragraphs[last + 1 :]
    if not before and not after:
        return []
    start = paragraphs[first][0] if before else comment.first
    end = after[0][0] if after else comment.last
    kept = [lines[i] for i in range(comment.first, comment.last) if not start <= i < end]
    while not after and len(kept) > 1 and not kept[-1].strip(_EDGE):
        kept.pop()
    return _closed(kept, every, comment, start == comment.first, end == comment.last) if comment.opener else kept


def _closed(kept: list[str], every: list[str], comment: _Comment, open_it: bool, close_it: bool) -> list[str]:
    """The lines of a block comment with the markers put back whose lines went away."""
    newline = "\r\n" if every[0].endswith("\r\n") else "\n"
    if open_it:
        indent = every[0][: every[0].index(comment.opener)]
        kept = [f"{indent}{comment.opener}{newline}", *kept]
    if close_it and comment.closer:
        ending = every[-1]
        space = ending[: len(ending) - len(ending.lstrip(" \t"))] if len(every) > 1 else ""
        kept = [*kept, f"{space}{comment.closer}{newline if ending.endswith(newline) else ''}"]
    return kept


def _words(line: str, comment: _Comment) -> str:
    """A comment line without its markers and ornaments, the end of a sentence and of a bracket kept."""
    line = line.strip(_EDGE.replace("(", "").replace(":", "").replace("@", ""))
    for word in ("dnl", "rem", "REM", "Rem", "@rem", "@REM", "@c "):
        if not comment.opener and line.startswith(word):
            return line.removeprefix(word).strip()
    return line


def _paragraphs(lines: list[str], comment: _Comment) -> list[tuple[int, int]]:
    """Runs of lines that say something; a modeline inside of a comment stands alone."""
    found: list[tuple[int, int]] = []
    start: int | None = None
    for i in range(comment.first, comment.last):
        alone = "-*-" in lines[i]
        if alone or not _words(lines[i], comment):
            if start is not None:
                found.append((start, i))
            start = None
            if alone:
                found.append((i, i + 1))
        elif start is None:
            start = i
    return found if start is None else [*found, (start, comment.last)]
