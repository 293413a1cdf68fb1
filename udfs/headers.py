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
from pathlib import Path

DATA = Path(__file__).parent / "data" / "header_styles.json"
# Where a header is looked for; a whole GPL takes 35 KB.
_HEAD_CHARS = 65_536

_HINTS = ("copyright", "licen", "(c)", "©", "rights reserved", "public domain", "permission", "redistribut", "版权", "著作権")
_LICENCE_NAME = r"(?:mit|x11|isc|zlib|unlicense|wtfpl|cc0|cc[- ]by|[al]?gpl|mpl|epl|bsd|apache|boost|artistic|psf|python|gnu|public domain|proprietary|commercial|see)\b"
# One of these makes a comment a notice. "license" or "copyright" alone do not: programs are about them, too.
_NOTICE = re.compile(
    r"copyright\W{0,8}(?:\(c\)|©|&copy;|(?:19|20)\d\d|by\b|the\b)|copyright\b.{0,80}\b(?:19|20)\d\d\b|\bcopr\. ?(?:19|20)\d\d"
    r"|\(c\) ?(?:copyright|(?:19|20)\d\d|by )|\(c\) .{1,60}\b(?:19|20)\d\d\b|© ?(?:\w)|[:@\\]copyright\b|[@\\]licen[sc]e\b"
    r"|copyright (?:contributors|holders?|notice|and licen[sc]e|of|is|for|owner)\b|see (?:the )?copyright"
    r"|spdx-(?:license-identifier|filecopyrighttext|copyright)|\blicen[sc]ed? ?: ?" + _LICENCE_NAME +
    r"|\blicen[sc]ed (?:under|to|by)\b|\bunder (?:the|an?) (?:[\w.,()-]+ ){0,6}licen[sc]e\b|under the (?:same )?terms\b"
    r"|permission is (?:hereby )?granted|permission to use, copy|redistributions? and use|redistribut(?:e|ed|ion) .{0,40}(?:modify|permitted)"
    r"|all rights reserved|gnu (?:lesser |affero |library )?general public|(?:mit|bsd|isc|x11|apache|zlib|artistic|boost|eclipse|mozilla)"
    r"(?:[/ -](?:style|like|public|software|modified|revised|new|simplified|[234] ?-?clause|expat)){0,3}[ -]licen[sc]e\b"
    r"|use of this (?:source code|software|file) is governed|(?:see|refer to|read|in|of) (?:the )?(?:(?:accompanying|included|attached|top-level|file) )?"
    r"[\"'`]?(?:licen[sc]e|copying)(?:\.(?:txt|md|rst)|[\"'`]? file| for (?:more )?(?:details|terms|licen))|this (?:file|program|software|library|code|module|work|script) is "
    r"(?:free software|licensed|distributed under|released|made available|placed|in the public|public domain|copyright|provided (?:as|under))"
    r"|(?:placed|released|dedicated|donated|put) (?:in|in ?to|to) the public domain|creative commons|confidential and proprietary|版权所有|著作権"
)
# These only stretch a notice over its later paragraphs.
_LEGAL = re.compile(
    r"\bas[ -]is\b|warrant(?:y|ies)|\bliab(?:le|ility)\b|you may not use this|obtain a copy|redistribut|you should have received"
    r"|licen[sc]e (?:agreement|terms|for|version|notice|details|information)|\bcopyright|free software foundation|without fee"
    r"|above copyright|(?:endorse or promote|advertising materials)|fitness for a|implied|\blicen[sc]e[ds]?\W*$|governing permissions"
)
_KEPT_LINE = re.compile(
    r"#!|<\?|<!doctype|#.{0,80}?coding[:=][ \t]*[-\w.]+|.{0,40}-\*-.{1,200}-\*-|.{0,40}\b(?:vim?|ex):[ \t]{0,8}(?:set?[ \t]|\w+=)|//go:|//[ \t]?\+build|#(?:compdef|autoload|pragma|lang|requires)\b"
    r"|(?://|/\*)[ \t]*(?:@flow|@ts-|@jsx|eslint|jshint|jslint|prettier|global[ \t]|swift-tools|tslint|istanbul)|['\"]use (?:strict|client|server)['\"]|@charset\b|@echo off"
    r"|%YAML|---\s*$|\{-#|#[ \t]*(?:frozen_string_literal:|syntax[ \t]*=|cython:|distutils:|type:|pylint:|flake8:|ruff:|mypy:|typed:|yaml-language-server:|-\*-)|%[ \t]*!tex\b",
    re.I,
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
# What is left of a comment line's edges once the words are taken away.
_EDGE = " \t\r\n\f\v\ufeff*#/\\=-_~+;%!|.'\"{}()[]<>:@,`^&$"
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
    for name, data in json.loads(DATA.read_text("utf-8")).items():
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
        if not any(hint in lower for hint in _HINTS):
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
    if kind == "text":
        # In prose a hash is a heading and a dash a list: only comments that no reader sees count.
        prose = styles["unknown prose"]
        known = styles.get(language or "", prose)
        return known if not known.line else prose
    return styles.get(language or "", styles["unknown"])


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _says_something(left: list[str], text: str, end: int) -> bool:
    """Whether more than blank and kept lines remain."""
    return any(line.strip() and not _KEPT_LINE.match(line.lstrip(" \t\ufeff")) for line in left) or bool(text[end:].strip())


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
        if not kept and lines[at].startswith("\ufeff"):
            left.append("\ufeff")
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
            return _indented(lines, at) if body.strip() == ".." or (body[2:3] == " " and "::" not in body and body[3:4] not in "_|[") else None
        rest = body[len(opener) :]
        for i in range(at, len(lines)):
            rest = rest if i == at else lines[i]
            if closer in rest:
                after = rest[rest.index(closer) + len(closer) :]
                return None if after.strip() else _Comment(at, i + 1, opener, closer)
        return None
    end = at
    while end < len(lines) and _is_line_comment(lines[end], style) and (end == at or not _is_kept(lines[end].strip(), style)):
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
    legal = [i for i in range(notices[0], len(texts)) if i in notices or _LEGAL.search(texts[i])]
    before, after = paragraphs[: notices[0]], paragraphs[legal[-1] + 1 :]
    if not before and not after:
        return []
    start = paragraphs[notices[0]][0] if before else comment.first
    end = after[0][0] if after else comment.last
    kept = [lines[i] for i in range(comment.first, comment.last) if not start <= i < end]
    if not comment.opener:
        while not after and kept and not kept[-1].strip(_EDGE):
            kept.pop()
        return kept
    newline = "\r\n" if every[0].endswith("\r\n") else "\n"
    indent = every[0][: every[0].index(comment.opener)]
    if start == comment.first:
        kept.insert(0, f"{indent}{comment.opener}{newline}")
    if end == comment.last and comment.closer:
        ending = every[-1]
        space = ending[: len(ending) - len(ending.lstrip(" \t"))] if len(every) > 1 else ""
        kept.append(f"{space}{comment.closer}{newline if ending.endswith(newline) else ''}")
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
