"""The authors' own versions: measured on request only, with the defects that rules_compat.toml reproduces."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from udfs.rules.load import load_rules, registered
from udfs.signals import AUTHORS, all_signals, measure
from udfs.signals.authors import without_lexer

_BOOK = load_rules("compat")


def authors(name: str, text: str, language: str, kind: str = "code", spoken: str = "en") -> Any:
    values, failures = measure(text, language=language, kind=kind, natural_language=spoken, authors=True)
    assert failures == {}
    return values[name + AUTHORS]


_CODE = [
    ("frac_chars_comments", "protocol buffer", "a = 1\n-- b\nc\n", round(7 / 13, 8)),  # B4
    ("frac_chars_comments", "python", "'''d'''\na # b\n", round((1 + 2) / 14, 8)),  # without quotes and hash
    ("frac_chars_comments", "python", "a = (\n", 0.0),
    ("frac_chars_comments", "go", "a // b\n", round(4 / 7, 8)),
    ("frac_lines_dupe_lines", "protocol buffer", "ab\nab\n# c\nde\n", 1.0),
    ("cate_autogen", "python", "# makes and generates reports\n", True),  # B6
    ("cate_autogen", "python", "x = 1\n", False),
    ("frac_lines_long_string", "go", "it's " + "x " * 25 + "it's\n", 1.0),
    ("frac_chars_string_length", "python", "a = 'bcde'\n", round(4 / 11, 8)),
    ("frac_chars_long_word_length", "python", "a = 'b " + "c" * 21 + "'\n", round(21 / 30, 8)),
    ("cate_encoded_data", "python", "word\n" * 500, True),
    ("frac_chars_hex_words", "python", "a = 0xFF\n", round(4 / 9, 8)),
    ("frac_lines_prompt_comments", "python", "# sobre todo\nx = 1\n", 0.5),  # B14
    ("frac_lines_assert", "python", "reassert(1)\nx = 1\n", 0.5),
]
_OWN = [
    ("python", "cate_ast", "print 'a'\n", False),  # B8
    ("python", "cate_ast", "\ufeffx = 1\n", False),
    ("python", "frac_lines_pass", "password = 1\nx = 1\n", 0.5),
    ("python", "frac_lines_import", "important = 1\nx = 1\n", 0.5),
    ("python", "score_lines_no_logic", "important = 1\nx = 1\n", 0.5),
    ("python", "frac_lines_print", "fingerprint()\nx = 1\n", 0.5),
    *(
        (language, name, text, expected)
        for language in ("c", "cpp")
        for name, text, expected in (
            ("frac_lines_func_ratio", "return f(x);\nx = 1;\n", 0.5),
            ("score_lines_no_logic", "return f(x);\nx = 1;\n", 0.5),
            ("frac_lines_print", "sprintf(x);\nx = 1;\n", 0.5),
            ("frac_lines_preprocessor_directives", "construct(x);\nx = 1;\n", 0.5),
        )
    ),
    ("javascript", "cate_ast", "let a = b ?? c;\n", False),  # B7
    ("javascript", "cate_ast", "let a = b || c;\n", True),
    ("javascript", "cate_ast", "[" * 3000 + "]" * 3000, None),  # B1
    ("javascript", "cate_var_zero", "f(1);\n", True),
    ("javascript", "cate_var_zero", "module.exports = 1;\n", False),
    ("javascript", "cate_var_zero", "let a = <b/>;\n", None),
    ("javascript", "frac_lines_func_ratio", "function f() {}\nvar g = function () {};\nf(1);\nf(2);\n", 0.5),
    ("javascript", "score_lines_no_logic", "import a from 'a';\nlet b = 1;\nf(1);\nclass C {}\n", 0.75),
]


@pytest.mark.parametrize(("name", "language", "text", "expected"), _CODE)
def test_general_value(name: str, language: str, text: str, expected: Any) -> None:
    assert authors("qsc_code_" + name, text, language) == expected


@pytest.mark.parametrize(("language", "name", "text", "expected"), _OWN)
def test_value_of_a_language(language: str, name: str, text: str, expected: Any) -> None:
    if language == "javascript":
        pytest.importorskip("esprima")
    assert authors(f"qsc_code{language}_{name}", text, language) == expected


def test_value_of_a_document() -> None:
    assert authors("qsc_doc_frac_words_full_bracket", "【 a 】\nb【c】!\n", "markdown", "text", "zh") is not None
    assert authors("qsc_doc_frac_chars_alphabet", "ab1\n", "markdown", "text", "fr") is None
    assert authors("qsc_doc_frac_chars_alphabet", "ab12\n", "markdown", "text", "en") == 0.5


def test_every_one_is_tried_and_corrects_a_signal() -> None:
    names = {s.name.removesuffix(AUTHORS) for s in all_signals() if s.name.endswith(AUTHORS)}
    tried = {"qsc_code_" + n for n, *_ in _CODE} | {f"qsc_code{language}_{n}" for language, n, *_ in _OWN}
    assert names == tried | {"qsc_doc_frac_words_full_bracket", "qsc_doc_frac_chars_alphabet"}
    assert names <= {s.name for s in all_signals() if s.number < 300}


def test_none_is_measured_unless_asked_for() -> None:
    for language, kind in (("python", "code"), ("javascript", "code"), ("markdown", "text")):
        values, _ = measure("x = 1\n", language=language, kind=kind, natural_language="en")
        assert not [name for name in values if name.endswith(AUTHORS)]


def test_without_esprima_the_failure_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "esprima", None)
    _, failures = measure("x = 1\n", language="javascript", kind="code", natural_language="en", authors=True)
    assert "refinelake[compat]" in failures["qsc_codejavascript_cate_ast_authors"]


def test_languages_without_a_lexer() -> None:
    assert "protocol buffer" in without_lexer() and "python" not in without_lexer()
    assert 300 < len(without_lexer()) < 500


_COMPAT_SETS = """
others 31 data 28 shell 28 sql 31 python 39 cpp 36 c 36 csharp 34 go 33 html 27 java 35 javascript 36 text/en 26
text/zh 26 typescript 31 rust 31"""


@pytest.mark.parametrize(
    ("name", "active"),
    # Table 3.2 of the catalogue, less what never fired: the lists compared with 0, the Go file name, HTML's ast.
    list(zip(_COMPAT_SETS.split()[::2], map(int, _COMPAT_SETS.split()[1::2]), strict=True)),
)
def test_compat_has_the_rules_of_the_authors(name: str, active: int) -> None:
    assert len({r.signal for r in _BOOK.sets[name]}) == active
    assert {r.severity for r in _BOOK.sets[name]} == {"drop"}


def test_compat_replaces_every_corrected_signal() -> None:
    corrected = {n.removesuffix(AUTHORS) for n in registered() if n.endswith(AUTHORS)}
    used = {r.signal for name, rules in _BOOK.sets.items() if name != "notebook" for r in rules}
    assert not used & corrected
    assert {n + AUTHORS for n in corrected} <= used


def test_compat_decides_as_the_authors() -> None:
    values, _ = measure("print 'a'\n", language="python", kind="code", natural_language="en", authors=True)
    assert "qsc_codepython_cate_ast_authors" in [hit[0] for hit in _BOOK.evaluate("python", values)]
    assert "qsc_codepython_cate_ast" not in [hit[0] for hit in load_rules().evaluate("python", values)]
