"""Code part and comment part of a text, by one linear scan over the comment and string syntax of its language.

The split follows the Pygments token types that the RefineCode filter counts as comments (Comment.Single, .Multiline,
.Hashbang, .Special and String.Doc), with its input rules: a byte order mark goes, blank lines at both ends go, one
line feed ends the text. Three differences, on purpose: plain `Comment` tokens (CSS, makefiles, CMake) count too; a
line comment never holds the line feed that ends it, else `a; // x` and the next line of code become one line; and
every language of data/comment_syntax.json is split, where the authors fall back to a splitter that takes the rest of
the file for a comment (their defect B4). Preprocessor lines are code.

Every alternative of a style's pattern always matches once its opener is met (an unclosed string ends at the line, an
unclosed block at the text's end) and all repeats are possessive, so no input makes the scan quadratic.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

# How strings look. "_raw" knows no backslash, "m" may span lines; a doubled quote reads as two strings side by side.
STRINGS = {
    "dq": r'"[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*+"?',
    "sq": r"'[^'\\\n]*+(?:\\[\s\S][^'\\\n]*+)*+'?",
    "dqm": r'"[^"\\]*+(?:\\[\s\S][^"\\]*+)*+"?',
    "sqm": r"'[^'\\]*+(?:\\[\s\S][^'\\]*+)*+'?",
    "bt": r"`[^`\\]*+(?:\\[\s\S][^`\\]*+)*+`?",
    "dq_raw": r'"[^"\n]*+"?',
    "sq_raw": r"'[^'\n]*+'?",
    "dqm_raw": r'"[^"]*+"?',
    "sqm_raw": r"'[^']*+'?",
    "bt_raw": r"`[^`]*+`?",
    "bt_raw_line": r"`[^`\n]*+`?",
    "tdq": r'"""[^"\\]*+(?:(?:\\[\s\S]|"(?!""))[^"\\]*+)*+(?:""")?',
    "tsq": r"'''[^'\\]*+(?:(?:\\[\s\S]|'(?!''))[^'\\]*+)*+(?:''')?",
    "char": r"'(?:[^'\\\n]|\\[^\n][^'\\\n]{0,10})'",
    # A quote after a letter or a closing bracket is an apostrophe or a transpose, not an opener.
    "dq_open": r'"(?<![\w)\]}]")[^"\\\n]*+(?:\\[\s\S][^"\\\n]*+)*+"?',
    "sq_open": r"'(?<![\w)\]}.']')[^'\\\n]*+(?:\\[\s\S][^'\\\n]*+)*+'?",
    "at_raw": r'"(?:(?<=@")|(?<=@\$"))[^"]*+"?',
    "cpp_raw": r'"(?<=R")(?P<mark>[^()\\\s]{0,16})\((?s:.*?)(?:\)(?P=mark)"|\Z)',
    "hash_raw": r'"(?:(?<=\br#")(?s:.*?)(?:"#|\Z)|(?<=\br##")(?s:.*?)(?:"##|\Z)|(?<=\br")[^"]*+"?)',
    "lua_long": r"\[\[(?s:.*?)(?:\]\]|\Z)",
    "nix_raw": r"''(?s:.*?)(?:''(?![$'\\])|\Z)",
}
_CODE, _COMMENT, _NESTED, _STRING, _DOC = range(5)
_OPERATORS = frozenset("([{,=+-*/%|&^~<>\\@")  # a string after one of these continues a statement
_PREFIXES = frozenset(("", "r", "u", "b", "rb", "br"))


@dataclass(frozen=True, slots=True)
class Split:
    """`code` and `comments` partition the trimmed text; `how` names the style that was used, or "unknown"."""

    code: str
    comments: str
    how: str
    pieces: list[str]  # the code, cut so that each quoted string is one piece
    string_at: list[int]  # where in `pieces` the quoted strings are
    comment_tokens: list[str]
    comment_at: list[int]  # behind which of `pieces` each comment stands

    @property
    def strings(self) -> list[str]:
        """Quoted strings with their quotes, in order."""
        return [self.pieces[i] for i in self.string_at]

    @property
    def bare(self) -> str:
        """The code with every quoted string emptied."""
        pieces = self.pieces.copy()
        for i in self.string_at:
            pieces[i] = '""'
        return "".join(pieces)


class _Style(NamedTuple):
    name: str
    pattern: re.Pattern[str] | None
    kinds: tuple[int, ...]  # what an alternative is, by its group number
    nested: dict[str, tuple[re.Pattern[str], str]]
    at_line: bool  # the pattern looks for line feeds, so the first line needs one before it
    island: str  # code starts behind this mark, markup before it


def trimmed(text: str) -> str:
    """The text as a Pygments lexer sees it; "" where nothing but blank lines is left."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.removeprefix("\ufeff").strip("\n")
    return text + "\n" if text else ""


def split(text: str, language: str) -> Split:
    """Split `text` by the syntax of `language`, a name of the RefineCode language table. Unknown: all is code."""
    found = _languages().get(language, "")
    style = _style(found or "plain")
    text = trimmed(text)
    if style.pattern is None or not text:
        return Split(text, "", style.name if found else "unknown", [text], [], [], [])
    pieces, string_at, comments, comment_at = _scan(style, "\n" + text if style.at_line else text)
    if style.at_line:
        pieces[0] = pieces[0][1:]  # the first piece starts with our line feed: no comment holds one at its start
    how = style.name if found else "unknown"
    return Split("".join(pieces), "".join(comments), how, pieces, string_at, comments, comment_at)


def _scan(style: _Style, text: str) -> tuple[list[str], list[int], list[str], list[int]]:
    pieces: list[str] = []
    string_at: list[int] = []
    comments: list[str] = []
    comment_at: list[int] = []
    docs = _Statements(pieces)
    kinds, done, start = style.kinds, 0, 0
    if style.island:
        start = text.find(style.island)
        start = len(text) if start < 0 else start
    assert style.pattern is not None
    while start >= 0:
        resume = -1
        for match in style.pattern.finditer(text, start):
            kind = kinds[match.lastindex]  # type: ignore[index]
            if kind == _CODE:
                continue
            begin, end = match.span()
            if kind == _COMMENT:
                inner = match.start(match.lastindex)  # type: ignore[arg-type]
                begin = inner if inner < end else begin
            pieces.append(text[done:begin])
            if kind == _STRING or (kind == _DOC and not docs.begins(text, done, begin)):
                string_at.append(len(pieces))
                pieces.append(text[begin:end])
                done = end
                continue
            if kind == _NESTED:
                end = resume = _nested_end(style, text, begin, end)
            comment_at.append(len(pieces) - 1)
            comments.append(text[begin:end])
            done = end
            if resume >= 0:
                break
        start = resume
    pieces.append(text[done:])
    return pieces, string_at, comments, comment_at


class _Statements:
    """Says whether a triple-quoted string is a statement of its own. Looks at each piece of code once."""

    def __init__(self, pieces: list[str]) -> None:
        self.pieces, self.seen, self.last = pieces, 0, ""

    def begins(self, text: str, done: int, begin: int) -> bool:
        line = text.rfind("\n", done, begin)
        if (line < 0 and done > 0) or text[max(line + 1, done) : begin].strip().lower() not in _PREFIXES:
            return False
        for i in range(self.seen, len(self.pieces)):
            code = self.pieces[i].rstrip()
            if i == len(self.pieces) - 1 and line >= 0:
                code = text[done:line].rstrip()  # without the string's own prefix letters
            self.last = code[-1] if code else self.last
        self.seen = len(self.pieces)
        return self.last not in _OPERATORS


def _nested_end(style: _Style, text: str, begin: int, end: int) -> int:
    """Where the nested comment that opens at `begin` ends; the text's end if it is never closed."""
    marks, close = style.nested[text[begin:end]]
    depth = 1
    for mark in marks.finditer(text, end):
        depth += -1 if mark.group() == close else 1
        if depth == 0:
            return mark.end()
    return len(text)


@cache
def _syntax() -> dict[str, dict[str, Any]]:
    file = resources.files("udfs").joinpath("data/comment_syntax.json")
    styles: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["styles"]
    return styles


@cache
def _languages() -> dict[str, str]:
    return {language: name for name, style in _syntax().items() for language in style["languages"]}


@cache
def _style(name: str) -> _Style:
    """Compile a style. Longer openers come first: blocks, then triple quotes, then line comments and strings."""
    data = _syntax()[name]
    triple = [s for s in data.get("strings", ()) if s in ("tdq", "tsq")]
    single = [s for s in data.get("strings", ()) if s not in triple]
    alternatives = [
        *((_COMMENT, _block(a, b)) for a, b in data.get("block", ())),
        *((_COMMENT, _line_block(a, b)) for a, b in data.get("block_at_line", ())),
        *((_NESTED, re.escape(a)) for a, _ in data.get("nested", ())),
        *((_DOC if data.get("doc") else _STRING, STRINGS[s]) for s in triple),
        *((_COMMENT, p) for p in data.get("comments", ())),
        *((_COMMENT, rf"\n[ \t]*+({re.escape(m)}[^\n]*+)") for m in data.get("first", ())),
        *((_COMMENT, re.escape(m) + _rest(data)) for m in data.get("line", ())),
        *((_COMMENT, rf"{re.escape(m)}(?<!\S{re.escape(m)})[^\n]*+") for m in data.get("word", ())),
        *((_COMMENT, rf"{re.escape(m)}(?<!:{re.escape(m)})[^\n]*+") for m in data.get("line_not_url", ())),
        *((_CODE, p) for p in data.get("skip", ())),
        *((_CODE if s.startswith(("bt", "lua", "nix")) else _STRING, STRINGS[s]) for s in single),
    ]
    if "island" in data:
        alternatives.append((_CODE, r"\?>[^<]*+(?:<(?!\?)[^<]*+)*+(?:<\?)?"))
    if not alternatives:
        return _Style(name, None, (), {}, False, "")
    # A group closes each alternative and tells which one matched; a pattern's own group holds the comment itself.
    kinds, parts = [_CODE], []
    for kind, body in alternatives:
        groups = re.compile(body).groups
        parts.append(body if groups else body + "()")
        kinds += [kind] * max(groups, 1)
    nested = {a: (re.compile(f"{re.escape(a)}|{re.escape(b)}"), b) for a, b in data.get("nested", ())}
    at_line = any(body.startswith(r"\n") for _, body in alternatives)
    return _Style(name, re.compile("|".join(parts)), tuple(kinds), nested, at_line, data.get("island", [""])[0])


def _rest(data: dict[str, Any]) -> str:
    """The rest of a line comment; inside an island it also ends before the mark that leaves the island."""
    return r"[^\n?]*+(?:\?(?!>)[^\n?]*+)*+" if "island" in data else r"[^\n]*+"


def _block(begin: str, end: str) -> str:
    """A block comment, unrolled on the first character of its closer."""
    first, rest = re.escape(end[0]), re.escape(end[1:])
    if not rest:
        return rf"{re.escape(begin)}[^{first}]*+{first}?"
    return rf"{re.escape(begin)}[^{first}]*+(?:{first}(?!{rest})[^{first}]*+)*+(?:{re.escape(end)})?"


def _line_block(begin: str, end: str) -> str:
    """A block whose marks stand at the start of a line; a bare "=" opens any POD command."""
    mark = r"=[a-zA-Z]" if begin == "=" else re.escape(begin) + r"(?!\w)"
    return rf"\n({mark}[^\n]*+(?:\n(?!{re.escape(end)})[^\n]*+)*+(?:\n{re.escape(end)}[^\n]*+)?)"
