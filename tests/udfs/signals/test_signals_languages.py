"""C#, Go, HTML, Java and JavaScript signals: values by hand, what was corrected, and bounded time."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from bs4 import BeautifulSoup

from udfs.signals import all_signals, applicable, measure
from udfs.signals.html import scan
from udfs.signals.paths import testfile as is_testfile
from udfs.signals.syntax import TooMuchToParse
from udfs.signals.views import View


def value(language: str, name: str, text: str) -> Any:
    values, failures = measure(text, language=language, kind="code", natural_language="en")
    assert failures == {}
    return values[f"qsc_code{language}_{name}"]


_GO_IMPORTS = 'import (\n\t"a"\n\tb "c/d"\n)\n'
_BY_HAND = [
    ("csharp", "frac_lines_func_ratio", "public int F(int a) {\n}\nint X() => 3;\nreturn G(1);\n", 0.5),
    ("csharp", "frac_lines_func_ratio", "// none\n", None),
    ("csharp", "cate_var_zero", "using A;\nclass B {\n}\n", True),  # B3: never true for the authors
    ("csharp", "cate_var_zero", "int x = 1;\n", False),
    ("csharp", "cate_var_zero", "public int X { get; set; }\n", False),
    ("csharp", "cate_var_zero", "foreach (var x in y) {\n", False),
    ("csharp", "cate_var_zero", "void F(int a) {\n", False),
    ("csharp", "cate_var_zero", "F(out x);\nG(a, b);\n", True),
    ("csharp", "score_lines_no_logic", "using A;\nclass B {\nint F() {\nint x;\nreturn 1 + x;\nx = 2;\n}\n}\n", 0.625),
    ("csharp", "frac_lines_print", 'Console.WriteLine("a");\nx("Console.WriteLine");\n', 0.5),
    ("go", "frac_lines_func_ratio", "func f() {\nfunc (a B) g() {\nx := func() {}\nfunction()\n", 0.5),
    ("go", "cate_var_zero", 'package a\nimport "b"\nfunc f() {\n}\n', True),  # B3
    ("go", "cate_var_zero", "x := 1\n", False),
    ("go", "cate_var_zero", "func (a *B) f() {\n", False),
    ("go", "cate_var_zero", "type a struct {\n\tb int\n}\n", False),
    ("go", "cate_var_zero", "s(`x := 1`)\n", True),  # a raw string is none
    (
        "go",
        "score_lines_no_logic",
        _GO_IMPORTS + "var x int\nvar y = 1\nfunc f() {\nreturn 1\n}\ntype t struct {\n}\n",
        6 / 11,
    ),
    ("go", "frac_lines_print", "fmt.Println(1)\nfmt.Printf(1)\nfmt.Sprint(1)\nmyfmt.Print(1)\n", 0.5),
    ("html", "cate_ast", "<p>a</p>", True),
    ("html", "cate_ast", "plain text, 1 < 2", False),
    ("html", "num_chars_text", "<p>ab&amp;c</p><!-- d --><script>e</script><style>f</style><template>g</template>", 4),
    ("html", "num_chars_text", "<p>a</p>\n\n  <p>b</p><pre>  \n</pre>", 6),  # white space between tags is one character
    ("html", "frac_words_text", "<b>abc</b>", 0.3),
    ("html", "frac_words_text", "", None),
    ("java", "cate_var_zero", "interface A {\nint f(int a);\nreturn x;\n}\n", True),
    ("java", "cate_var_zero", "  private final List<String> a = b;\n", False),
    ("java", "frac_lines_func_ratio", "public Map<A, B> f(int a) throws C, D {\n}\nif (x) {\nreturn f(1);\n", 0.25),
    (
        "java",
        "score_lines_no_logic",
        "import a.B;\nclass C {\nint x;\nint f() {\nreturn x;\nx = f() + 1;\n}\n}\n",
        0.625,
    ),
    ("java", "frac_words_no_modifier", "public class A {\nint f() {\n}\nprivate int g() {\n}\n}\n", 1 / 3),  # B12
    ("java", "frac_words_legal_var_name", "int aB = 1;\nint a_b = 2;\nstatic final int A_B = 3;\nint C1, d_e;\n", 0.6),
    ("java", "frac_words_legal_func_name", "int aB() {\nint Ab() {\npublic Ab(int x) {\n", 0.5),
    ("java", "frac_words_legal_class_name", "class Ab {\nclass ab {\ninterface C {\nenum d_e {\n", 0.5),
    ("java", "frac_words_legal_class_name", "x;\n", None),
    ("java", "frac_lines_print", 'System.out.println("a");\nSystem.err.print(1);\n', 0.5),
    ("javascript", "cate_ast", "#!/usr/bin/env node\nconst a = b?.c ?? <d/>;\n", True),  # B7
    ("javascript", "cate_ast", "class A { #x = 1n; static { } }\ntry { a } catch { b }\n", True),
    ("javascript", "cate_ast", "\ufeffx = 1;\n", True),
    ("javascript", "cate_ast", "const a: number = 1;\n", False),  # TypeScript or Flow
    ("javascript", "cate_ast", "function (\n", False),
    ("javascript", "cate_var_zero", "f(1);\nvar a = function () {};\nexports.b = function () {};\n", True),
    ("javascript", "cate_var_zero", "const a = () => 1;\n", False),
    ("javascript", "cate_var_zero", "module.exports = { a: 1 };\n", False),
    ("javascript", "cate_var_zero", "for (const a of b) f(a);\n", False),
    ("javascript", "cate_var_zero", "(((\n", None),
    (
        "javascript",
        "frac_lines_func_ratio",
        "function f() {}\nvar g = function () {};\nexports.h = function () {};\nvar i = () => 1;\n",
        0.75,
    ),
    ("javascript", "frac_lines_func_ratio", "export default function () {}\nclass A { m() {} }\n", 0.5),
    ("javascript", "num_statement_line", "// c\na();\nif (b) {\n  c();\n}\n", 0.5),
    (
        "javascript",
        "score_lines_no_logic",
        "import a from 'a';\nlet b;\nlet c = d(1) + 2;\nclass E {}\nfunction f() {\n  return;\n}\n",
        5 / 7,
    ),
    ("javascript", "frac_words_legal_var_name", "let aB, a_b, A_B;\n", 2 / 3),
    ("javascript", "frac_words_legal_func_name", "function aB() {}\nfunction Ab() {}\n", 0.5),
    ("javascript", "frac_words_legal_class_name", "class A {}\nclass b {}\n", 0.5),
    ("javascript", "frac_words_legal_class_name", "a();\n", None),
    ("javascript", "frac_lines_print", "console.log(1);\nmyconsole.log('console.log');\n", 0.5),
]


@pytest.mark.parametrize(("language", "name", "text", "expected"), _BY_HAND)
def test_value_by_hand(language: str, name: str, text: str, expected: Any) -> None:
    found = value(language, name, text)
    assert found == (round(expected, 8) if isinstance(expected, float) else expected)
    assert type(found) is type(expected)


def test_every_signal_has_a_value_by_hand() -> None:
    tested = {f"qsc_code{language}_{name}" for language, name, _, _ in _BY_HAND}
    families = {language for language, _, _, _ in _BY_HAND}
    assert tested == {s.name for s in all_signals() if s.family in families and s.number < 300}


def test_go_test_file_is_told_by_its_path() -> None:  # B10
    assert is_testfile("a/b_test.go", 1) and not is_testfile("a/b_test.go/c.go", 1) and not is_testfile("test.go", 1)


@pytest.mark.parametrize(
    "page",
    [
        "<html><title>T</title><p>a &lt; b &nbsp; c</p>\n\n<ul><li>x</li> <li>y</li></ul></html>",
        "<!DOCTYPE html>\n<p title='a > b'>c</p><br/><!-- d -- e --><SCRIPT>if (a < b) {}</SCRIPT>f",
        "<pre>\n a\n\n</pre><textarea> </textarea> <div>\n</div>",
        "<style>p {}</style><noscript>a</noscript><template><p>b<template>c</template></p></template>d",
        "a\n<p>b",
        "<p>&#233;&eacute;&copy</p>",
        "<div" + " class=a" * 50 + ">t</div>" * 3,
    ],
)
def test_html_text_is_that_of_beautifulsoup(page: str) -> None:
    """Equal on all 362 pages tried: of the demo packages and of /usr/share."""
    assert scan(page)[0] == len(BeautifulSoup(page, "html.parser").get_text())


_PARTS = {
    "csharp": ["(a b, ", "public\n", "int f(\n", "using ", "class A ", "(out ", '"', "f(() "],
    "go": ["import (\n", "\nimport (", "`", "func (", "struct {", "type A ", "var a ", "func f[\n"],
    "html": [
        "<a ",
        '<a ="',
        "<a ='",
        "<script>",
        "<script",
        "<!--",
        "<",
        "&",
        "<template>",
        "</script",
        "<div>",
        "<![CDATA[",
    ],
    "java": ["f() throws", "int f() throws A\n", "int f() ", "@A ", "class ", "public ", "a<", "int a, "],
    "javascript": [
        "(",
        "[",
        "{{(",
        "a b(",
        "lambda x: ",
        "<a ",
        '"',
        "/",
        "`${",
        "a=>",
        "var a=b;",
        "a?b:",
        "exports.a=1;",
    ],
}


@pytest.mark.parametrize(("language", "part"), [(name, part) for name, parts in _PARTS.items() for part in parts])
def test_time_is_bounded(language: str, part: str) -> None:
    """Within the 10 s that no file may take: what grows with the square of these sizes takes minutes."""
    size = 100_000 if language == "javascript" else 500_000
    view = View(part * (size // len(part)), language, "en")
    begin = time.process_time()
    for each in applicable("code", language):
        if each.family == language:
            with contextlib.suppress(TooMuchToParse):  # damage that JavaScript's parser gives up is recorded
                each.function(view)
    assert time.process_time() - begin < 10
