"""Signals of our own for nine languages: a value by hand for each, and what must not count."""

from __future__ import annotations

from typing import Any

import pytest

from udfs.signals import all_signals, applicable, measure

LANGUAGES = ("typescript", "php", "rust", "ruby", "kotlin", "swift", "scala", "shell", "sql")


def value(text: str, language: str, name: str) -> Any:
    family = "typescript" if language == "tsx" else language
    values, failures = measure(text, language=language, kind="code", natural_language="en")
    assert failures == {}
    return values[f"qsc_code{family}_{name}"]


_TYPESCRIPT = [
    ("cate_ast", "const a: number = 1;\n", True),
    ("cate_ast", "const a: = 1;\n", False),
    ("cate_ast", "const a = <p/>;\n", False),  # JSX is not TypeScript
    ("frac_lines_func_ratio", "function f() {\n  return 1;\n}\n", round(1 / 3, 8)),
    ("frac_lines_func_ratio", "const f = (a: number) => a;\nlet b = 1;\n", 0.5),
    (
        "frac_lines_func_ratio",
        "class A {\n  async f(a: number): void {\n    if (a) {\n    }\n  }\n}\n",
        round(1 / 6, 8),
    ),
    ("frac_lines_func_ratio", "declare function f(): void;\n", 0.0),  # no body
    ("frac_lines_func_ratio", "it(a, () => {\n});\n", 0.0),  # a call, not a method
    ("frac_lines_import", "import { a } from 'b';\nexport * from './c';\nf(a);\nimport('d');\n", 0.5),
    ("frac_lines_import", "import {\n  a,\n} from 'b';\nf(a);\n", 0.5),
    ("score_lines_no_logic", "export interface A {\n  b?: string;\n  c(d: number): void;\n}\n", 0.75),
    ("score_lines_no_logic", "export declare const a: number;\nenum B {\n  C,\n}\n", 0.75),
    ("score_lines_no_logic", "const a = f(1);\nreturn a;\n", 0.5),
    ("frac_lines_print", "console.log(a);\nlog(console);\n", 0.5),
    ("frac_lines_any", "let a: any;\nlet b = c as any;\nany(d);\nlet company = 1;\n", 0.5),
    ("frac_lines_suppressed", "// @ts-ignore\na.b();\n/* eslint-disable */\nc();\n", 1.0),
    ("frac_lines_suppressed", "const a = '@ts-ignore';\n", 0.0),
    ("frac_chars_error", "const a: number = 1;\n", 0.0),
    ("frac_chars_error", "\\\\\\\\\\\\\\\\", 1.0),
]
_PHP = [
    ("frac_chars_outside", "<p>a</p>\n<?php f(); ?>\n", round(10 / 23, 8)),
    ("frac_chars_outside", "<?php f(); ?>\n<b>\n", round(5 / 18, 8)),
    ("frac_chars_outside", "<p>a</p>\n", 1.0),
    ("cate_no_tag", "<p>a</p>\n", True),
    ("cate_no_tag", "<p><?= $a ?></p>\n", False),
    ("frac_lines_func_ratio", "<?php\nfinal public static function a() {\n}\nfunction b() {}\n", 0.5),
    ("frac_lines_import", "<?php\nuse A\\B;\nrequire_once 'a.php';\n$a = 1;\n", 0.5),
    ("frac_lines_import", "<p>\nuse A;\n</p>\n", 0.0),  # words of the markup are not code
    (
        "score_lines_no_logic",
        "<?php\nnamespace A;\nabstract class B {\n  const C = 1;\n  private $d = 2;\n}\n",
        round(4 / 6, 8),
    ),
    ("score_lines_no_logic", "<?php\nfunction a() {\n  return $this->b;\n}\n", 0.5),
    ("frac_lines_print", "<?php\necho 'a';\nprintf('b');\n$echo = 1;\n", 0.5),
    ("frac_lines_print", "<p><?= $a ?></p>\n<p>b</p>\n", 0.5),
    ("frac_lines_debug", "<?php\nvar_dump($a);\nprint_r($b);\n$c->dump();\n", 0.5),
    ("frac_lines_values", "<?php\nreturn [\n  'a' => 'b',\n  'c' => 1,\n  'd' => f(),\n];\n", round(2 / 6, 8)),
    ("frac_lines_values", "<?php\n$a['b'] = 'c';\ndefine('D', 1);\n$e = 2;\n", 0.5),
]
_RUST = [
    ("frac_lines_func_ratio", "pub(crate) async fn a() {\n}\nfn b() {}\nlet fnord = 1;\n", 0.5),
    ("frac_lines_import", "use a::b;\npub mod c;\nmod d {\n}\n", 0.5),
    ("score_lines_no_logic", "#[derive(Debug)]\npub struct A {\n    b: u8,\n}\n", 0.75),
    ("score_lines_no_logic", "enum A {\n    B,\n}\nlet c = f();\n", 0.5),
    ("frac_lines_print", 'println!("a");\neprint!("b");\nlet a = print();\n', round(2 / 3, 8)),
    ("frac_lines_const", "const A: u8 = 1;\npub static mut B: u8 = 2;\nlet c = 3;\nconst fn d() {}\n", 0.5),
    ("frac_lines_unsafe", "unsafe { a() }\nlet unsafe_a = 1;\n", 0.5),
    ("frac_lines_unwrap", "a.unwrap().unwrap();\nb.expect(c);\nd.unwrap_or(e);\nf();\n", 0.5),
    ("frac_lines_unfinished", "todo!();\nunimplemented!()\ndone!();\nf();\n", 0.5),
]
_RUBY = [
    ("frac_lines_func_ratio", "def a\n  b\nend\nprivate def c; end\n", 0.5),
    ("frac_lines_import", "require 'a'\nrequire_relative 'b'\nload = 1\nf\n", 0.5),
    ("score_lines_no_logic", "class A < B\n  attr_reader :c\n  f(d)\nend\n", 0.5),
    ("score_lines_no_logic", "module A\n  private\n  alias b c\n  has_many :d\nend\n", 0.8),
    ("frac_lines_print", "puts 'a'\np a\np = 1\n$stderr.puts(b)\n", 0.75),
    ("cate_var_zero", "require 'a'\ndef b\n  c == 1\nend\n", True),
    ("cate_var_zero", "a = 1\n", False),
    ("cate_var_zero", "a.each { |b| f(b) }\n", False),
    ("frac_lines_values", "A = {\n  'a' => 1,\n  b: :c,\n  'd',\n  e: f(1),\n}\n", 0.5),
    ("frac_lines_debugger", "binding.pry\nbyebug\nf\ndebugger = 1\n", 0.5),
]
_KOTLIN = [
    ("frac_lines_func_ratio", "override suspend fun a() {\n}\nfun b() = 1\nval c = 2\n", 0.5),
    ("frac_lines_import", "package a.b\nimport c.d\nval e = f()\nval g = 1\n", 0.5),
    ("score_lines_no_logic", "data class A(\n    val b: Int,\n    val c: String\n)\n", 0.75),
    ("score_lines_no_logic", "enum class A {\n    B,\n    C(1);\n}\nfun d() = f(1)\nval e = f(2)\n", 0.5),
    ("frac_lines_print", 'println("a")\nSystem.out.println(b)\nval print = 1\nf()\n', 0.5),
    ("cate_var_zero", "object A {\n    fun b() = c()\n}\n", True),
    ("cate_var_zero", "fun a(b: Int) = b\n", False),
    ("cate_var_zero", "f { a -> a + 1 }\n", False),
    ("frac_lines_not_null", "a!!.b!!\nc!!\nif (!!d) e()\nf != g\n", 0.5),
]
_SWIFT = [
    ("frac_lines_func_ratio", "public func a() {\n}\ninit() {}\nlet b = 1\n", 0.5),
    ("frac_lines_import", "import Foundation\n@testable import A\nf()\nlet b = 1\n", 0.5),
    ("score_lines_no_logic", 'enum A: String {\n  case b = "c"\n  case d(Int)\n}\n', 0.75),
    ("score_lines_no_logic", "@objc\nprotocol A {\n  var b: Int { get }\n}\nlet c = f()\nif d { e() }\n", 0.5),
    ("frac_lines_print", 'print("a")\nNSLog("b")\nprinter()\nf()\n', 0.5),
    ("frac_lines_force_unwrap", "a!.b\nvar c: D!\nif e != f {}\nlet g = try! h()\n", 0.5),
    ("frac_lines_force_try", "let g = try! h()\nlet i = j as! K\na!.b\nf()\n", 0.5),
]
_SCALA = [
    ("frac_lines_func_ratio", "override def a = 1\nprivate[b] def c(): Unit = {\n}\nval d = 1\n", 0.5),
    ("frac_lines_import", "package a\nimport b._\nval c = f()\nval d = f()\n", 0.5),
    ("score_lines_no_logic", "case class A(\n  b: Int,\n  c: String)\ndef d = f(1)\n", 0.75),
    ("score_lines_no_logic", "sealed trait A\nval b = 1\nval c = f(1)\nf(2)\n", 0.5),
    ("frac_lines_print", 'println("a")\nConsole.println("b")\nval print = 1\nf()\n', 0.5),
    ("cate_var_zero", "trait A {\n  def b: Int\n}\n", True),
    ("cate_var_zero", "def a(b: Int) = b\n", False),
    ("frac_lines_var", "var a = 1\nprivate var b = 2\nval c = 3\nf(var1)\n", 0.5),
    ("frac_lines_unsafe", "a.asInstanceOf[B]\nval c = null\nnullable\nf()\n", 0.5),
]
_SHELL = [
    ("frac_lines_print", "echo a\nprintf b\nls\necho_all\n", 0.5),
    ("score_lines_no_logic", 'A=1\nexport B="$C"\nalias d=e\n. ./f\nls\nA=1 ls\nG=$(h)\nfoo() {\n', round(5 / 8, 8)),
    ("frac_chars_heredoc", "cat <<EOF\na\nb\nEOF\nls\n", round(8 / 21, 8)),
    ("frac_chars_heredoc", "cat <<-'END'\n\ta\n\tEND\n", round(8 / 21, 8)),
    ("frac_chars_heredoc", "cat <<EOF\na\n", round(2 / 12, 8)),  # never closed
    ("frac_chars_heredoc", "cat <<<EOF\na\n", 0.0),  # a here-string
    ("cate_no_command", "A=1\nif true; then\n  echo a\nfi\n", False),
    ("cate_no_command", "A=1\nexport B=2\necho c\n", True),
    ("cate_no_command", "A=1\nls\n", False),
    ("frac_lines_install", "apt-get -y install a\nsudo pip3 install b\nls\napt-get update\n", 0.5),
    ("frac_lines_long_pipe", "a | b | c | d | e | f\na | b | c || d | e | f\n", 0.5),
    ("frac_lines_long_pipe", "-a | -b | -c | -d | -e | -f)\na | b | c | d | e | f)\n", 0.0),  # of a case
]
_SQL = [
    ("frac_lines_insert", "INSERT INTO a VALUES (1);\nVALUES\n(1, f(2)),\nSELECT 1;\n", 0.75),
    ("frac_lines_admin", "GRANT ALL ON a TO b;\nALTER TABLE a OWNER TO b;\nSELECT 1;\nALTER TABLE a ADD b int;\n", 0.5),
    ("cate_no_statement", "hello world\n", True),
    ("cate_no_statement", "selected\n", True),
    ("cate_no_statement", "SELECT 1;\n", False),
    ("cate_insert_only", "INSERT INTO a VALUES ('select');\n", True),
    ("cate_insert_only", "INSERT INTO a SELECT * FROM b;\n", False),
    ("cate_insert_only", "SELECT 1;\n", False),
    ("frac_lines_copy", "COPY a (b) FROM stdin;\n1\n2\n\\.\n", 0.5),
    ("frac_lines_declare", 'CREATE TABLE a (\n  "b" int,\n  c varchar(9),\n  PRIMARY KEY (b)\n);\n', 0.8),
    ("frac_lines_declare", "CREATE UNIQUE INDEX a ON b (c);\nSELECT date FROM a;\n", 0.5),
    ("frac_lines_print", "PRINT 'a';\n\\echo b\nSELECT 1;\nSELECT print;\n", 0.5),
]
_BY_HAND = [
    (language, name, text, expected)
    for language, cases in zip(
        LANGUAGES, (_TYPESCRIPT, _PHP, _RUST, _RUBY, _KOTLIN, _SWIFT, _SCALA, _SHELL, _SQL), strict=True
    )
    for name, text, expected in cases
]


@pytest.mark.parametrize(("language", "name", "text", "expected"), _BY_HAND)
def test_value_by_hand(language: str, name: str, text: str, expected: float) -> None:
    found = value(text, language, name)
    assert found == expected
    assert type(found) is type(expected)


def test_every_signal_has_a_value_by_hand() -> None:
    tested = {f"qsc_code{language}_{name}" for language, name, _, _ in _BY_HAND}
    assert tested == {s.name for s in all_signals() if s.family in LANGUAGES}


# A comment that holds every word the signals look for, in the syntax of each language.
_WORDS = (
    "import function return console.log( echo unsafe any var_dump( todo! puts fun print( try! a!! def x | y << EOF "
)
_COMMENTS = {
    "typescript": f"// {_WORDS}\n/*\n{_WORDS}\n*/\n",
    "php": f"<?php\n# {_WORDS}\n/*\n{_WORDS}\n*/\n",
    "rust": f"// {_WORDS}\n/*\n{_WORDS}\n*/\n",
    "ruby": f"# {_WORDS}\n=begin\n{_WORDS}\n=end\n",
    "kotlin": f"// {_WORDS}\n/*\n{_WORDS}\n*/\n",
    "swift": f"// {_WORDS}\n/*\n{_WORDS}\n*/\n",
    "scala": f"// {_WORDS}\n/*\n{_WORDS}\n*/\n",
    "shell": f"# {_WORDS}\n# echo\n",
    "sql": f"-- {_WORDS}\n/*\nINSERT INTO a\n*/\n",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["", "\n\n \n"])
def test_shares_of_nothing_are_null(language: str, text: str) -> None:
    values, failures = measure(text, language=language, kind="code", natural_language="en")
    assert failures == {}
    for name, found in values.items():
        if (
            name.startswith(f"qsc_code{language}_")
            and "_chars_" not in name
            and not name.endswith(("cate_ast", "no_tag", "no_statement", "insert_only", "frac_lines_copy"))
        ):
            assert found is None, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_comments_do_not_count(language: str) -> None:
    values, failures = measure(_COMMENTS[language], language=language, kind="code", natural_language="en")
    assert failures == {}
    for name, found in values.items():
        if name.startswith(f"qsc_code{language}_frac_") or name.startswith(f"qsc_code{language}_score_"):
            assert not found, name  # null, or nothing found on the line of the opening tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_strings_do_not_count(language: str) -> None:
    quote = "'" if language == "sql" else '"'
    opening = "<?php\n" if language == "php" else ""
    text = f"{opening}x({quote}{_WORDS.replace('!', '')}{quote});\n" * 3
    values, failures = measure(text, language=language, kind="code", natural_language="en")
    assert failures == {}
    for name, found in values.items():
        if name.startswith(f"qsc_code{language}_frac_lines_"):
            assert found == 0, name


def test_tsx_is_measured_as_typescript_with_jsx() -> None:
    assert applicable("code", "tsx") == applicable("code", "typescript")
    assert value("const a = <p>b</p>;\n", "tsx", "cate_ast") is True


@pytest.mark.parametrize("language", ["typescript", "tsx"])
def test_too_large_for_the_parser_is_a_failure_and_no_pass(language: str) -> None:
    _, failures = measure("let a = 1;\n" * 100_000, language=language, kind="code", natural_language="en")
    assert set(failures) == {"qsc_codetypescript_cate_ast", "qsc_codetypescript_frac_chars_error"}
    assert all("expected at most" in failure for failure in failures.values())


def test_numbers_are_those_of_the_plan() -> None:
    first = dict(zip(LANGUAGES, range(150, 240, 10), strict=True))
    for each in all_signals():
        if each.family in first:
            assert first[each.family] <= each.number < first[each.family] + 10
