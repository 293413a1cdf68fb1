"""Kernels on any text: nothing raises, parts are a partition, shares are shares, the same text has the same values, and
no text takes more time than its size allows.
"""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.cleaning.clean import clean
from udfs.languages import detect as languages
from udfs.signals import Signal, all_signals, measure
from udfs.signals.lexing import split, trimmed
from udfs.signals.registry import KINDS
from udfs.signals.syntax import TooMuchToParse
from udfs.signals.views import View

_FAMILIES = sorted({s.family for s in all_signals()} - {"code", "doc"})
_LANGUAGES = [*_FAMILIES, "tsx", "haskell", "perl", "lua", "json", "markdown", "no such language"]
# Openers, closers and heads of the languages, and characters that some code treats as a line end or a blank.
_PIECES = [
    *"()[]{}<>\"'`\\|=:;,!#$%&*/-+.@?~^_ \n\t\r\0\f\v\x1c\x85\u2028\ufeff\ufffd\ud800\udfffaA0é中\U0001f600",
    *(
        '"""',
        "'''",
        "/*",
        "*/",
        "//",
        "--",
        "<!--",
        "-->",
        "<?php",
        "?>",
        "=>",
        "->",
        "::",
        "!!",
        "${",
        "#{",
        "<<EOF\n",
    ),
    *("EOF\n", "=begin\n", "=end\n", "(*", "*)", "{-", "-}", 'R"x(', ')x"', 'r#"', '"#', "[[", "]]", "#!/bin/sh\n"),
    *("import ", "use ", "def ", "fun ", "fn ", "func ", "function ", "class ", "return ", "echo ", "print(", "val a"),
    *(
        "let a: any",
        "insert into a values (1),\n",
        "copy a from stdin;\n",
        "\\.\n",
        "if ",
        "end\n",
        "case a",
        "x = 1\n",
    ),
]
_ANY_TEXT = st.text(st.characters(), max_size=300) | st.lists(st.sampled_from(_PIECES), max_size=80).map("".join)
_FUZZ = settings(max_examples=60, deadline=None)
# Patterns that make a careless regular expression or parser slow, each repeated to the size of the text.
_WORST = [
    *(
        "a",
        " ",
        "a ",
        "\n",
        "a\n",
        "é",
        "\ud800",
        "(",
        "[",
        "{",
        "<",
        "()",
        "[]",
        "{}",
        "<a>",
        '"',
        "'",
        "`",
        "\\",
        "|",
    ),
    *(
        "a | ",
        "=",
        "a=",
        ":",
        "a: ",
        "a:\n",
        "a,\n",
        "!",
        "a!!",
        "@a ",
        "@a(",
        "$a[",
        "#{",
        "${",
        "?><",
        "<?",
        "<?php ?>",
    ),
    *("/*", "*/", "//", "#", "--", "<!--", "(*", "{-", "=begin\n", "<<A1 ", "<<'", '"""', "0x", "0xF", "=> ", "a=>"),
    *(
        "import ",
        "use ",
        "public static ",
        "export ",
        "pub(a) ",
        "def ",
        "def a",
        "fun ",
        "fun a(",
        "val a",
        "const a = ",
    ),
    *("f(a", "f(a): ", "a<", "case a(", "insert ", "(f(a)", "create or replace ", "alter o", "id int\n", "select"),
    *("copy a from stdin;\n", "export A", "declare -a ", "apt-get --a", "if -a", 'define("",', '""=>', "return a."),
    *("any ", ".unwrap()", "unsafe", "assert", "todo", "null", "try!", "goto ", "printf", "struct ", "#include "),
]
_SIZE = 200_000
_PARSED_SIZE = 30_000  # the parsers, which refuse more than a megabyte, need up to 7 s for a megabyte of a piece
_PARSED = ("javascript", "typescript", "python")
_SECONDS = 6.0  # of CPU for one text: what takes the square of its size in nanoseconds is far beyond


@pytest.fixture(autouse=True, scope="module")
def loaded() -> None:
    """Compiling kernels and importing parsers is no text's time."""
    for family in _FAMILIES:
        measure('a = "b"\n', language=family, kind="code", natural_language="en", authors=True)
    clean("a\n", language="c", kind="code")


def _own(family: str) -> list[Signal]:
    return [s for s in all_signals() if s.family == family]


def _check(text: str, language: str, kind: str, spoken: str) -> None:
    values, failures = measure(text, language=language, kind=kind, natural_language=spoken)
    assert failures == {}
    for name, value in values.items():
        assert value is None or value >= 0, name
        assert value is None or "_frac_" not in name or value <= 1, name
    assert (values, failures) == measure(text, language=language, kind=kind, natural_language=spoken)


@pytest.mark.parametrize("language", [*_FAMILIES, "tsx"])
@settings(_FUZZ, max_examples=30)
@given(_ANY_TEXT)
def test_signals_of_a_language_on_any_text(language: str, text: str) -> None:
    _check(text, language, "code", "en")


@_FUZZ
@given(_ANY_TEXT, st.sampled_from(_LANGUAGES), st.sampled_from(KINDS), st.sampled_from(["en", "zh", "ja"]))
def test_signals_of_a_kind_on_any_text(text: str, language: str, kind: str, spoken: str) -> None:
    _check(text, language, kind, spoken)


@_FUZZ
@given(_ANY_TEXT, st.sampled_from(_LANGUAGES))
def test_code_and_comments_are_a_partition(text: str, language: str) -> None:
    parts = split(text, language)
    assert len(parts.code) + len(parts.comments) == len(trimmed(text))
    assert "".join(parts.pieces) == parts.code
    assert "".join(parts.comment_tokens) == parts.comments
    assert sorted(parts.code + parts.comments) == sorted(trimmed(text))
    assert len(parts.strings) == parts.bare.count('""') or '""' in "".join(parts.pieces)


@_FUZZ
@given(_ANY_TEXT, st.sampled_from(_LANGUAGES), st.sampled_from(KINDS))
def test_cleaning_of_any_text(text: str, language: str, kind: str) -> None:
    cleaned = clean(text, language=language, kind=kind)
    assert (cleaned.text is None) == (cleaned.failure is not None)
    assert cleaned == clean(text, language=language, kind=kind)


_NAMES = st.sampled_from(["a", "a.h", "a.m", "a.pl", "a.v", "a.ts", "a.inc", "a.cls", "Makefile", ".x", "a.b.c", "a."])


@_FUZZ
@given(_NAMES | st.text(st.characters(), max_size=30), _ANY_TEXT)
def test_language_of_any_text(path: str, text: str) -> None:
    found = languages.detect(path, text)
    assert found == languages.detect(path, text)
    assert (found.language is None) == (found.by is None)


def _measure_own(text: str, language: str) -> float:
    """Seconds of CPU for the signals of one language and the views they need. A text that is too large or too deep for
    a parser fails, and may: it is no pass.
    """
    begin = time.process_time()
    view = View(text, language, "en")
    for each in _own(language):
        try:
            each.function(view)
        except (ValueError, MemoryError, RecursionError) as error:
            assert not isinstance(error, ValueError) or isinstance(error, TooMuchToParse)
    return time.process_time() - begin


@pytest.mark.parametrize("bracket", ["()", "[]", "{}", "<>", "/**/", "(**)", "{--}", '""', "``", "${}"])
def test_deep_nesting(bracket: str) -> None:
    depth, middle = 20_000, len(bracket) // 2
    text = bracket[:middle] * depth + bracket[middle:] * depth
    for family in _FAMILIES:
        assert _measure_own(text, family) < _SECONDS, family
    for language in ("c", "ruby", "no such language"):
        clean(text, language=language, kind="code")
        languages.detect("a.h", text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_code_point_in_one_text(kind: str) -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    for spoken in ("en", "zh"):
        assert measure(every, language="", kind=kind, natural_language=spoken)[1] == {}
    for family in _FAMILIES if kind == "code" else ():
        assert measure(every[::16], language=family, kind=kind, natural_language="en")[1] == {}


@pytest.mark.parametrize("text", ["x = 1; " * 30_000, "a\n" * 100_000], ids=["one line", "short lines"])
def test_extreme_lines(text: str) -> None:
    for family in _FAMILIES:
        assert _measure_own(text, family) < _SECONDS, family
    for kind in KINDS:
        values, failures = measure(text, language="no such language", kind=kind, natural_language="en")
        assert failures == {}
        assert values[f"qsc_{'doc' if kind == 'text' else 'code'}_num_lines"] == max(1, text.count("\n"))
    for name in ("a.h", "a.m", "a.pl"):
        languages.detect(name, text)


@pytest.mark.parametrize("family", _FAMILIES)
def test_no_text_takes_a_language_long(family: str) -> None:
    size = _PARSED_SIZE if family in _PARSED else _SIZE
    for piece in _WORST:
        assert _measure_own(piece * (size // len(piece) - 1), family) < _SECONDS, piece


@pytest.mark.parametrize("kind", ["code", "text"])
def test_no_text_takes_the_general_signals_long(kind: str) -> None:
    for piece in _WORST:
        text = piece * (_SIZE // len(piece))
        begin = time.process_time()
        _, failures = measure(text, language="no such language", kind=kind, natural_language="en")
        assert failures == {}
        assert time.process_time() - begin < _SECONDS, piece
