"""Every active rule of the authors' languages with a small text just inside its threshold and one just outside."""

from __future__ import annotations

from typing import Any

import pytest

from udfs.rules.load import draw_of, load_rules
from udfs.signals import measure
from udfs.signals.paths import testfile as is_testfile

_BOOK = load_rules()
_SETS = ("python", "c", "cpp", "csharp", "go", "html", "java", "javascript")


def _mix(bad: str, good: str, most: int, of: int = 100) -> tuple[str, str]:
    """`of` lines of which `most` may be of the bad kind, and one more; @ stands for the line's number."""

    def text(count: int) -> str:
        return "".join((bad if i < count else good).replace("@", str(i)) + "\n" for i in range(of))

    return text(most), text(most + 1)


def _html(words: int) -> str:
    return "<p>" + "a" * words + "</p>"


_C = {
    "frac_lines_func_ratio >": _mix("int f@(int a);", "x@ = 1;", 20),
    "nums_lines_main >": ("int main(void) {}\n", "int main(void) {}\nint main(int c) {\n}\n"),
    "score_lines_no_logic >": _mix("int x@;", "x@ = 1;", 50),
    "frac_lines_print >": _mix("printf(x@);", "x@ = 1;", 40),
    "frac_lines_preprocessor_directives >": _mix("#define A@ 1", "x@ = 1;", 80),
}
_CASES: dict[str, dict[str, tuple[str, str]]] = {
    "python": {
        "cate_ast is": ("print 'a'\n", "print 'a\n"),
        "frac_lines_func_ratio >": _mix("def f@(): x", "x@ = 1", 20),
        "cate_var_zero is": ("a = 1\n", "a += 1\n"),
        "frac_lines_pass >": _mix("if a@: pass", "password@ = 1", 5),
        "frac_lines_import >": _mix("import a@", "important@ = 1", 30),
        "frac_lines_simplefunc >": _mix("def f@(): return 1", "x@ = 1", 10),
        "score_lines_no_logic >": _mix("import a@", "x@ = 1", 50),
        "frac_lines_print >": _mix("print(@)", "fingerprint(@)", 40),
        "cate_python2 is": ("print('a')\n", "print 'a'\n"),
        "mean_lines_func >": ("def f(): x\n" + "x = 1\n" * 199, "def f(): x\n" + "x = 1\n" * 200),
    },
    "c": {**_C, "frac_lines_goto >": _mix("goto a@;", "gotox@ = 1;", 10)},
    "cpp": {**_C, "frac_lines_print >": _mix("std::cout << @;", "x@ = 1;", 40)},
    "csharp": {
        "frac_lines_func_ratio >": _mix("public int F@(int a) { }", "x@ = 1;", 20),
        "cate_var_zero is": ("int a = 1;\n", "F(1);\n"),
        "score_lines_no_logic >": _mix("using A@;", "x@ = 1;", 50),
        "frac_lines_print >": _mix("Console.WriteLine(@);", "x@ = 1;", 40),
    },
    "go": {
        "frac_lines_func_ratio >": _mix("func f@() {", "x@ = 1", 20),
        "cate_var_zero is": ("a := 1\n", "f(1)\n"),
        "score_lines_no_logic >": _mix("return x@", "x@ = 1", 50),
        "frac_lines_print >": _mix("fmt.Println(@)", "x@ = 1", 40),
    },
    "html": {
        "cate_ast is": ("<p>a</p>", "a"),
        # a fifth of the characters, to the character
        "frac_words_text <": (
            "<p>" + "a" * 20 + "</p>" + f"<!--{'-' * 66}-->",
            "<p>" + "a" * 19 + "</p>" + f"<!--{'-' * 67}-->",
        ),
        "num_chars_text <": (_html(100), _html(99)),
    },
    "java": {
        "cate_var_zero is": ("int a = 1;\n", "f(1);\n"),
        "frac_lines_func_ratio >": _mix("public int f@(int a) { }", "x@ = 1;", 20),
        "score_lines_no_logic >": _mix("import a.B@;", "x@ = 1;", 50),
        "frac_lines_print >": _mix("System.out.println(@);", "x@ = 1;", 40),
    },
    "javascript": {
        "cate_ast is": ("a = b ?? 1;\n", "a = = 1;\n"),
        "cate_var_zero is": ("let a = 1;\n", "f(1);\n"),
        "frac_lines_func_ratio >": _mix("function f@() { }", "x@ = 1;", 20),
        "score_lines_no_logic >": _mix("import a@ from 'a';", "x@ = 1;", 50),
        "frac_lines_print >": _mix("console.log(@);", "x@ = 1;", 40),
    },
}


def _hits(language: str, text: str) -> set[str]:
    values, failures = measure(text, language=language, kind="code", natural_language="en")
    assert failures == {}
    prefix = f"qsc_code{language}_"
    return {
        f"{s.removeprefix(prefix)} {op}" for s, op, _, _ in _BOOK.evaluate(language, values) if s.startswith(prefix)
    }


@pytest.mark.parametrize(
    ("language", "rule", "inside", "outside"),
    [(language, rule, *pair) for language, rules in _CASES.items() for rule, pair in rules.items()],
    ids=[f"{language}-{rule}" for language, rules in _CASES.items() for rule in rules],
)
def test_rule_from_both_sides(language: str, rule: str, inside: str, outside: str) -> None:
    assert rule not in _hits(language, inside)
    assert rule in _hits(language, outside)


def test_every_rule_of_a_language_is_tried() -> None:
    for name in _SETS:
        prefix = f"qsc_code{name}_"
        rules = {f"{r.signal.removeprefix(prefix)} {r.op}" for r in _BOOK.sets[name] if r.signal.startswith(prefix)}
        assert rules - {"cate_testfile is"} == set(_CASES[name]), name


def test_go_test_files() -> None:
    name = "qsc_codego_cate_testfile"
    for path, hit in (("a/b_test.go", True), ("a/b.go", False)):
        values: dict[str, Any] = {name: is_testfile(path, None)}
        assert bool(_BOOK.evaluate("go", values)) is hit


def test_a_chance_is_decided_by_the_text() -> None:
    name = "qsc_codepython_score_lines_no_logic"
    ids = [f"{i:064x}" for i in range(2_000)]
    hit = [i for i in ids if _BOOK.evaluate("python", {name: 0.6}, i)]
    assert (
        hit
        == [i for i in ids if _BOOK.evaluate("python", {name: 0.6}, i)]
        == [i for i in ids if draw_of(i, name) < 0.8]
    )
    assert 1_540 < len(hit) < 1_660
    assert _BOOK.evaluate("python", {name: 0.6}) and not _BOOK.evaluate("python", {name: 0.5})
    assert all(0 <= draw_of(i, name) < 1 for i in ids) and draw_of(ids[0], name) != draw_of(ids[0], "other")


@pytest.mark.parametrize("chance", ["0", "1.1", "-0.5", "true", '"0.8"'])
def test_a_wrong_chance_is_an_error(chance: str, tmp_path: Any) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'[sets.go.rules]\nqsc_code_num_words = {{ "<" = 3, chance = {chance} }}')
    with pytest.raises(ValueError, match="expected a chance above 0 and at most 1"):
        load_rules(file)
