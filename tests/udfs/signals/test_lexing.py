"""The splitter: what is code and what is comment, beside Pygments, and its limits."""

from __future__ import annotations

import json
import time
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, String

from udfs.signals.lexing import split, trimmed

_AUTHORS = (Comment.Multiline, Comment.Single, Comment.Hashbang, Comment.Special, String.Doc)
_STYLES = json.loads(resources.files("udfs").joinpath("data/comment_syntax.json").read_text(encoding="utf-8"))["styles"]
_LANGUAGES = sorted(language for style in _STYLES.values() for language in style["languages"])

# language, Pygments name, text: comment marks inside strings, strings inside comments, both kinds of comment.
_SNIPPETS = [
    (
        "c",
        "c",
        '#include <a.h> // why\nint main() {\n  char *s = "/* no */ \\" // no"; /* yes " */ return \'"\'; // end\n}\n',
    ),
    ("cpp", "cpp", 'auto u = "http://x"; // one\n/* two\n lines */ int b = 1;\n'),
    ("java", "java", "/** Doc of A. */\nclass A { String s = \"// no\"; // yes\n char c = '\\''; }\n"),
    ("go", "go", "package a // say\n/* block\n*/\nvar s = `raw // no\n/* no */`\nvar r = '\"' // yes\n"),
    ("javascript", "javascript", "const u = 'http://x'; // one\nlet r = /[\"'/]/g; /* two */ let t = `// no`;\n"),
    ("typescript", "typescript", 'let a: string = "// no"; // yes\n/** doc */ export {};\n'),
    ("csharp", "csharp", 'var p = @"c:\\"; // yes\n/* b */ var q = "// no";\n'),
    (
        "python",
        "python",
        '#!/usr/bin/env python\n"""Module."""\n\ndef f():\n    """Doc # no."""\n    return "# no"  # yes\n',
    ),
    ("ruby", "ruby", "a = '# no' # yes\n=begin\nblock\n=end\nb = \"#{a}\"\n"),
    ("lua", "lua", 'a = "-- no" -- yes\n--[[ long\nblock ]] b = [[ -- no ]]\n'),
    ("sql", "sql", "select '-- no', 'it''s' -- yes\n/* block */ from t;\n"),
    ("shell", "sh", 'echo "# no" # yes\necho a#b $#\n'),
    ("haskell", "haskell", "x = \"-- no\" -- yes\n{- block {- nested -} still -}\ny' = 'a'\n"),
    ("rust", "rust", "let s = \"// no\"; // yes\n/* a /* b */ c */ fn f<'a>(x: &'a str) {} // end\n"),
    ("kotlin", "kotlin", 'val s = "// no" // yes\n/* block */ val t = """// no"""\n'),
    ("html", "html", "<p>it's // text</p>\n<!-- yes\n two -->\n<a href='//x'>y</a>\n"),
    ("xml", "xml", "<a><!-- yes --><b c='--'/></a>\n"),
    ("perl", "perl", "my $n = 1; # yes\n\n=pod\n\ntext\n\n=cut\n\nprint $n;\n"),
]


@pytest.mark.parametrize(("language", "lexer", "text"), _SNIPPETS, ids=[s[0] for s in _SNIPPETS])
def test_comments_are_those_of_pygments(language: str, lexer: str, text: str) -> None:
    tokens = list(get_lexer_by_name(lexer).get_tokens(text))
    # Where a Pygments comment holds the line feed that ends it, ours leaves it to the code; see the module.
    theirs = "".join(value.rstrip("\n") for kind, value in tokens if kind in _AUTHORS)
    assert split(text, language).comments == theirs


def test_code_is_the_rest_and_keeps_its_lines() -> None:
    found = split("\n\nint a; // one\nint b; /* two */ int c;\n\n", "c")
    assert found.code == "int a; \nint b;  int c;\n"
    assert found.comment_tokens == ["// one", "/* two */"]
    assert found.how == "c"


def test_preprocessor_lines_are_code() -> None:
    assert split("#include <a.h>\n#if 0\nint x;\n#endif\n", "c").comments == ""


def test_trimmed_as_a_lexer_does() -> None:
    assert trimmed("\ufeff\r\n\r\na\rb\r\n\r\n") == "a\nb\n"
    assert trimmed("\n \n") == " \n"  # only line feeds are stripped
    assert trimmed("\n\n") == ""


def test_docstring_is_a_statement_only() -> None:
    text = 'x = """no"""\ny = (\n    """no either"""\n)\nclass A:\n    r"""yes"""\n    b = 1\n    """and yes"""\n'
    assert split(text, "python").comment_tokens == ['"""yes"""', '"""and yes"""']


def test_docstring_after_comments_looks_at_the_code_before_them() -> None:
    assert split('x = (  # why\n    # more\n"""no""")\n', "python").comment_tokens == ["# why", "# more"]
    assert split('def f():  # why\n    # more\n    """yes"""\n', "python").comment_tokens[-1] == '"""yes"""'


def test_strings_are_kept_apart() -> None:
    found = split('f("a b", \'c\', `d`) // "e"\n', "javascript")
    assert found.strings == ['"a b"', "'c'"]
    assert found.bare == 'f("", "", `d`) \n'


def test_apostrophes_open_no_string() -> None:
    assert split("fn f<'a>(x: &'a str) {} // yes\n", "rust").comments == "// yes"
    assert split("int n = 1'000'000; // yes\n", "cpp").comments == "// yes"
    assert split("y = x'; % yes\n", "matlab").comments == "% yes"


def test_raw_strings_hide_marks() -> None:
    assert split('auto s = R"x(// no " )" )x"; // yes\n', "cpp").comments == "// yes"
    assert split('let s = r#"// " no"#; // yes\n', "rust").comments == "// yes"


def test_unclosed_string_ends_at_its_line_and_unclosed_block_at_the_end() -> None:
    assert split('a = "b\nc = 1; // yes\n', "c").comments == "// yes"
    assert split("a; /* b\nc;\n", "c").comments == "/* b\nc;\n"


def test_php_is_code_only_inside_its_tags() -> None:
    text = "<p>don't // no</p>\n<?php $a = 1; // yes ?> # no\n<?php # too\n#[Attribute]\n"
    assert split(text, "php").comment_tokens == ["// yes ", "# too"]
    assert split("<p>// no tag at all</p>\n", "php").comments == ""


@pytest.mark.parametrize(
    ("language", "text", "comments"),
    [
        ("batchfile", "rem one\necho rem no\n:: two\n", ["rem one", ":: two"]),
        ("vue", "<p>http://no</p>\n<!-- one -->\n  // two\n", ["<!-- one -->", "// two"]),
        ("visual basic .net", "Dim a = \"'no\" ' one\nREM two\n", ["' one", "REM two"]),
        ("common lisp", '(a "; no") ; one\n#| two #| in |# |# (b #\\;)\n', ["; one", "#| two #| in |# |#"]),
        ("emacs lisp", '(setq a "; no") ; one\n', ["; one"]),
        ("vim script", '" one\nlet a = "no"\n', ['" one']),
        ("protocol buffer", 'string a = 1; // one\n/* two */ import "//no";\n', ["// one", "/* two */"]),
        ("assembly", "mov a, b ; one\n# two\nmov r0, #1\n", ["; one", "# two"]),
        ("cmake", 'set(a "# no") # one\n#[[ two ]] set(b)\n', ["# one", "#[[ two ]]"]),
        ("scss", "a { b: url(http://no); } // one\n", ["// one"]),
        ("cobol", "000100* one\n000200 MOVE A TO B. *> two\n", ["* one", "*> two"]),
        ("yaml", "a: don't # one\nb: x#no\nc: '# no'\n", ["# one"]),
    ],
)
def test_languages_without_a_lexer_of_that_name(language: str, text: str, comments: list[str]) -> None:
    """Defect B4: after the first comment mark the authors took the rest of such a file for a comment."""
    assert split(text, language).comment_tokens == comments


def test_unknown_language_is_all_code() -> None:
    found = split("a // b # c\n", "no such language")
    assert (found.code, found.comments, found.how) == ("a // b # c\n", "", "unknown")


def test_each_language_has_one_style() -> None:
    assert len(_LANGUAGES) == len(set(_LANGUAGES))
    assert len(_LANGUAGES) > 600


@pytest.mark.parametrize("style", _STYLES)
def test_every_style_finds_its_own_comments(style: str) -> None:
    data = _STYLES[style]
    language = data["languages"][0]
    text = "<? \n" if "island" in data else "x\n"
    for mark in [*data.get("line", ()), *data.get("word", ()), *data.get("first", ()), *data.get("line_not_url", ())]:
        assert split(f"{text}{mark} here\ny\n", language).comment_tokens == [f"{mark} here"], mark
    for begin, end in [*data.get("block", ()), *data.get("nested", ())]:
        assert split(f"{text}a {begin} here {end} y\n", language).comment_tokens == [f"{begin} here {end}"], begin


_MARKS = st.sampled_from(
    ["'", '"', "/*", "*/", "//", "#", "\n", "\\", "(*", "{-", "--", "=", "<?", "`", '"""', " ", "a", "é"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_MARKS, max_size=40).map("".join), st.sampled_from(_LANGUAGES))
def test_parts_account_for_the_trimmed_text(text: str, language: str) -> None:
    found = split(text, language)
    assert len(found.code) + len(found.comments) == len(trimmed(text))
    assert sorted(found.code + found.comments) == sorted(trimmed(text))
    assert "".join(found.pieces) == found.code


@pytest.mark.parametrize("language", ["c", "python", "javascript", "rust", "shell", "php", "perl", "ocaml"])
@pytest.mark.parametrize(
    "unit", ['\\"', "'", '"', "/*", "(*", "=/[", "\n#", "\n=a", '"""a"""\n', "<?", "x", ' r#"'], ids=ascii
)
def test_time_is_linear_on_hostile_text(language: str, unit: str) -> None:
    """Half a megabyte of one unit; a quadratic scan would take minutes."""
    begin = time.process_time()
    split(unit * (500_000 // len(unit)), language)
    assert time.process_time() - begin < 3
