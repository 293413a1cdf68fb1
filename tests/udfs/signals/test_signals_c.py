"""C and C++ signals: values by hand, what is a function and what is none, and bounded time."""

from __future__ import annotations

import time
from typing import Any

import pytest

from udfs.signals import measure


def value(text: str, name: str, language: str = "c") -> Any:
    values, failures = measure(text, language=language, kind="code", natural_language="en")
    assert failures == {}
    return values[f"qsc_code{language}_{name}"]


@pytest.mark.parametrize("language", ["c", "cpp"])
@pytest.mark.parametrize(
    "text",
    [
        "int f(int a) {",
        "static const char *f(void);",
        "int\nfoo (int a)\n{",
        "unsigned long long f(int a, int (*g)(int));",
        "Foo::Foo(int a) : b(a) {",
        "virtual int f() const = 0;",
        "bool operator==(const A& b) const {",
        "void f() noexcept(true) {",
        "Foo& operator=(Foo&&) = default;",
        "auto f(int x) -> int {",
        "~Foo() {",
        "std::vector<int> f(std::function<void(int)> g);",
    ],
)
def test_is_a_function(text: str, language: str) -> None:
    assert value(text + "\n", "frac_lines_func_ratio", language) == round(1 / (text.count("\n") + 1), 8)


@pytest.mark.parametrize(
    "text",
    [
        "return f(x);",
        "else if (x) {",
        "} else if (x) {",
        "new X();",
        "if (a) {",
        "f(x);",
        "x = f(x);",
        "int x = f(y);",
        "while (x) {",
        "foo.bar(x);",
        "foo->bar (x);",
        "throw new X(a);",
        "case F(x):",
        "struct foo {",
        "// int f(int a) {",
        's = "int f(int a) {";',
    ],
)
def test_is_no_function(text: str) -> None:
    assert value(text + "\nx;\n", "frac_lines_func_ratio", "cpp") == 0.0


@pytest.mark.parametrize("language", ["c", "cpp"])
@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("cate_bitsstdc", "#include <bits/stdc++.h>\n", True),
        ("cate_bitsstdc", "x;\n" * 80 + "#include <bits/stdc++.h>\n", False),
        ("nums_lines_main", "int main(void) {\n}\nint main(int c, char **v)\n{\n}\nint domain() {}\nx = main(1);\n", 2),
        ("frac_lines_goto", 'goto end;\nint got, gotox;\nputs("goto");\nend: ;\n', 0.25),  # B14
        ("cate_var_zero", "f(x);\nreturn x;\ngoto end;\nstruct foo;\n", True),
        ("cate_var_zero", "  unsigned int x;\n", False),
        ("cate_var_zero", "const char *s = 0;\n", False),
        # function, include, basic declaration, simple return, struct; the assignment and the brace are logic
        (
            "score_lines_no_logic",
            "#include <a.h>\nint f(void);\nint x;\nreturn x;\nstruct a {\nx = f(1) + 2;\nreturn f(1);\n}\n",
            0.625,
        ),
        ("frac_lines_print", "printf(1);\nfprintf(f);\nvfprintf(f);\nsprintf(s);\nx;\n", 0.6),
        (
            "frac_lines_preprocessor_directives",
            "#define A 1\n  # ifdef B\nstruct a;\nusing b;\nconstruct(1);\n",
            0.8,
        ),  # B14
        ("frac_lines_preprocessor_directives", "/* only */\n", None),
        ("frac_lines_func_ratio", "", None),
    ],
)
def test_value_by_hand(name: str, text: str, expected: float | None, language: str) -> None:
    found = value(text, name, language)
    assert found == expected and type(found) is type(expected)


def test_cout_prints_in_cpp_only() -> None:
    assert value("std::cout << 1;\nx;\n", "frac_lines_print", "cpp") == 0.5
    assert value("std::cout << 1;\nx;\n", "frac_lines_print", "c") == 0.0


_PARTS = [
    "(",
    "int f(",
    "int f(\n",
    "int f(()\n",
    "int f(a)\n int g(\n",
    "a b(",
    "a*",
    "a::",
    "template <",
    "public\n",
    "main(() ",
]
_PARTS += [
    "int operator",
    "class A\n",
    "# define\n",
    "goto ",
    "printf ",
    '"',
    "/*",
    "\\\n",
    "x = ",
    "int f()\n",
    "\n",
    "é(",
]


@pytest.mark.parametrize("part", _PARTS)
@pytest.mark.parametrize("language", ["c", "cpp"])
def test_time_is_linear(part: str, language: str) -> None:
    text = part * (1_000_000 // len(part))
    from udfs.signals import applicable
    from udfs.signals.views import View

    view = View(text, language, "en")
    own = [s for s in applicable("code", language, True) if s.family == language]
    begin = time.process_time()
    assert [s.name for s in own if s.function(view) is NotImplemented] == []
    assert time.process_time() - begin < 3
