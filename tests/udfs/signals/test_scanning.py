"""The compiled scan finds the tokens of the patterns: code, comments and strings are the same, whatever the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.signals.comment_programs import program_of
from udfs.signals.comment_styles import STRINGS, languages, style, syntax
from udfs.signals.lexing import _split, split, trimmed
from udfs.signals.scanned import Scanned

_SCAN_ONLY = {"line_operator", "word_no_hole", "heredoc"}
_BY_STYLE = {
    name: language
    for language, name in languages().items()
    if program_of(name)
    and _SCAN_ONLY.isdisjoint(syntax()[name])
    and all(strings in STRINGS for strings in syntax()[name].get("strings", ()))
}
_PARTS = (
    '"',
    "'",
    "`",
    '"""',
    "'''",
    "\\",
    "\\n",
    "''",
    '"a"',
    "'x'",
    "'\\n'",
    "r",
    "b",
    'R"(',
    '@"',
    'r#"',
    "\n",
    "\n  ",
    " ",
    "\t",
    "\x1c",
    "\u2003",
    "a",
    "x = ",
    "return ",
    "é",
    "字",
    "\ud800",
    "0123456789" * 3,
    "//",
    "/*",
    "*/",
    "#",
    "--",
    "<!--",
    "-->",
    "{",
    "}",
    "(*",
    "*)",
    "[",
    "]",
    "/",
    ";",
    "%",
    "!",
    "<#",
    "#>",
    "###",
    "{-",
    "-}",
    "#|",
    "|#",
    "#[",
    "]#",
    "*",
    "&&",
    "⍝",
    ":",
    "NB.",
    "{{!",
    "}}",
    ".",
    "=",
    "(",
    ",",
    "+",
    "http://",
)


def test_most_styles_have_a_program() -> None:
    without = {name for name in syntax() if program_of(name) is None}
    assert {"c", "csharp", "hash_doc", "nested", "script", "shell", "ruby", "yaml"}.isdisjoint(without)
    assert len(without) < 25 and len(_BY_STYLE) > 60


@settings(deadline=None)  # the first text compiles
@given(st.lists(st.sampled_from(_PARTS), max_size=25).map("".join), st.sampled_from(sorted(_BY_STYLE)))
def test_a_scan_is_what_the_pattern_finds(text: str, name: str) -> None:
    _check(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('"""a"""\n# b\n"""c"""\nx = """d"""\n(\n"""e""")\n"""f"""', "hash_doc"),
        ("a = b / c; d = (/[/]\\//g); return /x/ / y\n/\n", "script"),
        ("it's 'a' and '\\u1234' or 'ab' '\\'", "c"),
        ('don\'t: "say" x"y" \'z\'', "yaml"),
        ("/* a /* b */ c */ d /* e", "nested"),
        ('"' * 7, "java"),
        ('"' * 8, "hash_doc"),
    ],
)
def test_odd_ends(text: str, name: str) -> None:
    _check(text, name)


def _check(text: str, name: str) -> None:
    found = split(text, _BY_STYLE[name])
    if any(mark in text for mark, before in syntax()[name].get("holes", {}).values() if not before):
        return  # a pattern sees no code in a string: see test_nesting.py
    if isinstance(found, Scanned):
        made, whole = style(name), trimmed(text)
        expected = _split(made, "\n" + whole if made.at_line else whole, name)
        for each in ("code", "bare", "comment_tokens", "strings", "comments", "quoted", "emptied", "code_utf8"):
            assert getattr(found, each) == getattr(expected, each), each
        assert (found.comment_text, found.comment_chars) == (expected.comment_text, expected.comment_chars)
