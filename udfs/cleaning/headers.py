"""Leading copyright and licence comments: found in any comment style, removed, the rest of the file untouched.

Paper (OpenCoder): about 15 % of source files start with a copyright notice, highly repetitive and without use for the
model, so the leading block goes. Where it ends is decided here by paragraphs: of each comment before the first line of
code, the paragraphs from the first to the last that speaks of rights go, and a description before or after them stays.
Shebangs, encoding lines, modelines, build tags and the like are stepped over and stay. A file that is nothing but such
a comment stays as it is: an empty text would be worse than a licence.

Phrases: the openings of the licences in the SPDX list and its guide to short identifiers (spdx.dev/learn).
"""

from __future__ import annotations

import re

from udfs.cleaning.header_hints import has_hint
from udfs.cleaning.header_lines import is_directive, is_read
from udfs.cleaning.header_notices import DATA as PHRASES
from udfs.cleaning.header_notices import is_legal, is_notice, leads, said
from udfs.cleaning.header_paragraphs import EDGE, Comment, has_fields, paragraphs
from udfs.cleaning.header_styles import DATA as STYLES
from udfs.cleaning.header_styles import Style, style_of
from udfs.cleaning.header_unglued import unglued

DATA = (STYLES, PHRASES)
# Where a header is looked for; a whole GPL takes 35 KB.
_HEAD_CHARS = 65_536
# Most headers end before this, and then no more is cut into lines.
_FIRST_CHARS = 6_144

_SCRIPT = re.compile(r"# /// \w+$")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
# Not a directive (`.. note::`), a target (`.. _name:`), a substitution, a footnote.
_RST_COMMENT = re.compile(r"\.\.(?:[ \t](?![ \t]*[_|\[])(?!.{0,80}::)|[ \t]*$)")
_DOCSTRING_PREFIX = re.compile(r"[rRuU](?=\"\"\"|''')")


def strip(text: str, language: str | None, kind: str) -> tuple[str, int]:
    """The text without its leading notices, and how many bytes of UTF-8 that took away."""
    style = style_of(language, kind)
    removed = 0
    while True:
        head = text[:_HEAD_CHARS]
        if not has_hint(head):
            return text, removed
        lines, left = _first_lines(head, style) or _all_lines(head, len(text) <= _HEAD_CHARS, style)
        end = sum(map(len, lines))
        if left == lines or not _says_something(left, text, end):
            return text, removed
        start = "".join(left)
        removed += max(_size(text[:end]) - _size(start), 0)
        text = start + text[end:]


def _first_lines(head: str, style: Style) -> tuple[list[str], list[str]] | None:
    """The lines of the head's beginning, and those without notices; None unless code is met there."""
    cut = head.rfind("\n", 0, _FIRST_CHARS) + 1
    if cut == 0 or len(head) <= _FIRST_CHARS or head.find("/// ", 0, cut) >= 0:
        return None
    lines = _lines(head[:cut])
    left, at = _without_notices(lines, style)
    if at == len(lines) or any(opener in lines[at] for opener, _ in style.block):
        return None
    return lines, left


def _all_lines(head: str, whole: bool, style: Style) -> tuple[list[str], list[str]]:
    lines = _lines(head)
    if not whole:
        lines.pop()
    return lines, _without_notices(lines, style)[0]


def _lines(head: str) -> list[str]:
    """The lines with their ends. Most texts have one kind of end, and then splitting is several times faster."""
    if "\r" in head:
        return _LINE.findall(head)
    *whole, last = head.split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _says_something(left: list[str], text: str, end: int) -> bool:
    """Whether more than blank and kept lines remain."""
    return any(line.strip() and not is_read(line.lstrip(" \t\ufeff")) for line in left) or bool(text[end:].strip())


def _without_notices(lines: list[str], style: Style) -> tuple[list[str], int]:
    """The lines of the head without the notices of the comments before the first code, and where that is."""
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
            end = _script_end(lines, at) if _SCRIPT.match(stripped) else at + 1
            left += lines[at:end]
            at, trim = end, False
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
    return left + lines[at:], at


def _script_end(lines: list[str], at: int) -> int:
    """Behind the block of PEP 723 that starts at this line: Python's installers read it."""
    end = next((i + 1 for i in range(at + 1, min(len(lines), at + 200)) if lines[i].strip() == "# ///"), None)
    return end if end and all(line.startswith("#") for line in lines[at:end]) else at + 1


def _is_kept(stripped: str, style: Style) -> bool:
    """Whether this line is an instruction to a tool. A block comment must close on the line to be one."""
    if not is_read(stripped):
        return False
    return all(closer in stripped[len(a) :] for a, closer in style.block if closer and stripped.startswith(a))


def _comment(lines: list[str], at: int, style: Style) -> Comment | None:
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
                return None if after.strip() else Comment(at, i + 1, opener, closer)
        return None
    end = at
    while (
        end < len(lines)
        and _is_line_comment(lines[end], style)
        and (end == at or not _is_kept(lines[end].strip(), style))
    ):
        end += 1
    return Comment(at, end) if end > at else None


def _indented(lines: list[str], at: int) -> Comment:
    """A reStructuredText comment: the lines indented under it."""
    end = at + 1
    for i in range(at + 1, len(lines)):
        if not lines[i].strip():
            continue
        if not lines[i].startswith((" ", "\t")):
            break
        end = i + 1
    return Comment(at, end, "..", "")


def _is_line_comment(line: str, style: Style) -> bool:
    return bool(style.line) and line.lstrip(" \t\ufeff").lower().startswith(style.line)


def _without_notice(lines: list[str], comment: Comment) -> list[str]:
    """The comment's lines without the paragraphs from the first to the last that belongs to a notice."""
    parts: list[tuple[int, int]] = []
    texts: list[str] = []
    notices: list[int] = []
    for whole in paragraphs(lines, comment):
        text = said(lines, comment, *whole)
        if not is_notice(text, lines, comment, whole[0]):
            parts.append(whole)
            texts.append(text)
            continue
        for start, end, rights in unglued(lines, comment, *whole):
            if rights:
                notices.append(len(parts))
            parts.append((start, end))
            texts.append(text if (start, end) == whole else said(lines, comment, start, end))
    every = lines[comment.first : comment.last]
    if not notices or has_fields(lines, comment):
        return every
    last = max(i for i in range(notices[0], len(texts)) if i in notices or is_legal(texts[i]))
    first = notices[0] - (notices[0] > 0 and leads(texts[notices[0] - 1]))
    before, after = parts[:first], parts[last + 1 :]
    tried = (i for i in range(comment.first, comment.last) if comment.opener or lines[i].lstrip().startswith(";"))
    read = {i for i in tried if is_directive(lines[i])}
    if not before and not after and not read:
        return []
    start = parts[first][0] if before else comment.first
    end = after[0][0] if after else comment.last
    kept = [lines[i] for i in range(comment.first, comment.last) if not start <= i < end or i in read]
    while not after and not read and len(kept) > 1 and not kept[-1].strip(EDGE):
        kept.pop()
    if not comment.opener:
        return kept
    open_it = start == comment.first and comment.first not in read
    return _closed(kept, every, comment, open_it, end == comment.last and comment.last - 1 not in read)


def _closed(kept: list[str], every: list[str], comment: Comment, open_it: bool, close_it: bool) -> list[str]:
    """The lines of a block comment with the markers put back whose lines went away."""
    newline = "\r\n" if every[0].endswith("\r\n") else "\n"
    if open_it:
        indent = every[0][: every[0].index(comment.opener)]
        # /**, /*! and {-| are read by the makers of documentation.
        sign = re.match(r"(?: ?[|^]|--|\+|[*!]{0,2})(?=\s)", every[0][len(indent) + len(comment.opener) :])
        kept = [f"{indent}{comment.opener}{sign.group() if sign else ''}{newline}", *kept]
    if close_it and comment.closer:
        ending = every[-1]
        space = ending[: len(ending) - len(ending.lstrip(" \t"))] if len(every) > 1 else ""
        kept = [*kept, f"{space}{comment.closer}{newline if ending.endswith(newline) else ''}"]
    return kept
