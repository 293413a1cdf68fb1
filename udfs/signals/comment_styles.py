"""How each language writes its comments and strings, compiled: the patterns of data/comment_syntax.json, for the styles
that udfs/signals/comment_programs.py has no program for.

Every alternative of a style's pattern always matches once its opener is met (an unclosed string ends at the line, an
unclosed block at the text's end) and all repeats are possessive, so no input makes the scan quadratic.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

# What a string of PHP and of Nix fills in by an expression, which may hold strings: of bounded length, so that a text
# of openers is passed in linear time.
_FILLED = (
    r"(?:[^{}\"'\\]|\"[^\"\\\n]{0,200}+(?:\\[^\n][^\"\\\n]{0,200}+){0,20}+\""
    r"|'[^'\\\n]{0,200}+'|\{[^{}\n]{0,200}+\}){0,400}+\}"
)
# How strings look, but for those that only a compiled scan reads.
# "_raw" knows no backslash, "m" may span lines; a doubled quote reads as two strings side by side.
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
    "lua_long": r"\[\[(?s:.*?)(?:\]\]|\Z)",
    "php_dq": rf'"[^"\\{{]*+(?:(?:\\[\s\S]|\{{(?:\${_FILLED})?)[^"\\{{]*+)*+"?',
    "nix_dq": rf'"[^"\\$]*+(?:(?:\\[\s\S]|\$(?:\{{{_FILLED})?)[^"\\$]*+)*+"?',
    "nix_raw": r"''(?s:.*?)(?:''(?![$'\\])|\Z)",
}
CODE, STRING, COMMENT, NESTED, DOC = range(5)
"""What a token is: code like any other, a string, a comment, the opener of a nested one, perhaps a docstring."""


class Mark(NamedTuple):
    """The group that says that a token is of a kind. `own` is the group of just the comment where its pattern takes
    the start of its line too, else 0.
    """

    kind: int
    group: int
    own: int


class Style(NamedTuple):
    """The syntax of some languages. The first group of `pattern` is the whole token; without a mark it is a string."""

    name: str
    pattern: re.Pattern[str] | None
    marks: tuple[Mark, ...]
    nested: dict[str, tuple[re.Pattern[str], str]]  # by opener: the marks of both ends, the closer
    at_line: bool  # the pattern looks for line feeds, so the first line needs one before it
    island: str  # code starts behind this mark, markup before it


@cache
def syntax() -> dict[str, dict[str, Any]]:
    """What data/comment_syntax.json says of each style."""
    file = resources.files("udfs").joinpath("data/comment_syntax.json")
    styles: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["styles"]
    return styles


@cache
def languages() -> dict[str, str]:
    """The name of the style of each language that has one."""
    return {language: name for name, style in syntax().items() for language in style["languages"]}


@cache
def style(name: str) -> Style:
    """Compile a style. Longer openers come first: blocks, then triple quotes, then line comments and strings. The
    programs of udfs/signals/comment_programs.py keep this order.
    """
    data = syntax()[name]
    triple = [s for s in data.get("strings", ()) if s in ("tdq", "tsq")]
    single = [s for s in data.get("strings", ()) if s not in triple]
    alternatives = [
        *((COMMENT, _block(a, b)) for a, b in data.get("block", ())),
        *((COMMENT, _line_block(a, b)) for a, b in data.get("block_at_line", ())),
        *((NESTED, re.escape(a)) for a, _ in data.get("nested", ())),
        *((DOC if data.get("doc") else STRING, STRINGS[s]) for s in triple),
        *((COMMENT, p) for p in data.get("comments", ())),
        *((COMMENT, rf"\n[ \t]*+({re.escape(m)}[^\n]*+)") for m in data.get("first", ())),
        *((COMMENT, re.escape(m) + _rest(data)) for m in data.get("line", ())),
        *((COMMENT, rf"{re.escape(m)}(?<!\S{re.escape(m)})[^\n]*+") for m in data.get("word", ())),
        *((COMMENT, rf"{re.escape(m)}(?<!:{re.escape(m)})[^\n]*+") for m in data.get("line_not_url", ())),
        *((CODE, p) for p in data.get("skip", ())),
        *((CODE if s.startswith(("bt", "lua", "nix")) else STRING, STRINGS[s]) for s in single),
    ]
    if "island" in data:
        alternatives.append((CODE, r"\?>[^<]*+(?:<(?!\?)[^<]*+)*+(?:<\?)?"))
    if not alternatives:
        return Style(name, None, (), {}, False, "")
    pattern, marks = _compiled(alternatives)
    nested = {a: (re.compile(f"{re.escape(a)}|{re.escape(b)}"), b) for a, b in data.get("nested", ())}
    at_line = any(body.startswith(r"\n") for _, body in alternatives)
    return Style(name, pattern, marks, nested, at_line, data.get("island", [""])[0])


def _compiled(alternatives: list[tuple[int, str]]) -> tuple[re.Pattern[str], tuple[Mark, ...]]:
    """One pattern for all, and its marks. Strings, which are most tokens, need none. The alternatives stay side by
    side, so that `re` looks for their first characters only.
    """
    parts, marks, groups = [], [], 1
    for kind, body in alternatives:
        own = re.compile(body).groups  # of groups inside each other the first holds the others
        groups += own + (kind != STRING)
        parts.append(body if kind == STRING else f"{body}()")
        if kind != STRING:
            marks.append(Mark(kind, groups, groups - own if own and kind == COMMENT else 0))
    return re.compile(f"({'|'.join(parts)})"), tuple(marks)


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
