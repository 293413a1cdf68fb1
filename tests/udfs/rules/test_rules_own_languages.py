"""Every active rule of our own languages with one small text just inside its threshold and one just outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from udfs.rules.load import load_rules
from udfs.signals import measure

_BOOK = load_rules()
_SETS = ("typescript", "php", "rust", "ruby", "kotlin", "swift", "scala", "shell", "sql")


@dataclass(frozen=True)
class Mix:
    """A text of `of` lines of code of which `most` may be of the `bad` kind; `#` stands for the line's number."""

    most: int
    bad: str
    good: str
    of: int = 100
    head: str = ""

    def text(self, bad: int) -> str:
        lines = [self.bad] * bad + [self.good] * (self.of - bad - self.head.count("\n"))
        return self.head + "".join(line.replace("#", str(i)) + "\n" for i, line in enumerate(lines))

    def pair(self) -> tuple[str, str]:
        return self.text(self.most), self.text(self.most + 1)


@dataclass(frozen=True)
class Pair:
    inside: str
    outside: str

    def pair(self) -> tuple[str, str]:
        return self.inside, self.outside


def _mixes(good: str, head: str = "") -> Callable[..., Mix]:
    return lambda most, bad, of=100: Mix(most, bad, good, of, head)


_ts = _mixes("total# = scale(total#, # + 1);")
_php = _mixes("$row# = $table->find($key# + 1);", "<?php\n")
_rs = _mixes("    let row# = table.find(key# + 1)?;")
_rb = _mixes("  row# = table.find(key# + 1)")
_kt = _mixes("    row# = table.find(key# + 1)")
_sw = _mixes("    row# = table.find(key# + 1)")
_sc = _mixes("    table.find(key# + 1).foreach(row => keep(row))")
_sh = _mixes("sort -u table#.txt > sorted#.txt")
_sql = _mixes("SELECT name FROM person WHERE id > #;")
_COPY = "COPY person (id) FROM stdin;\n"

_TYPESCRIPT: dict[str, Mix | Pair] = {
    "cate_ast": Pair("const a: number = 1;\n", "const a: number = = 1;\n"),
    "frac_lines_func_ratio": _ts(50, "function f#() { return #; }"),
    "frac_lines_import": _ts(60, "export { a# } from './a#';"),
    "score_lines_no_logic": _ts(80, "export declare const A#: string;"),
    "frac_lines_print": _ts(40, "console.log(total#);"),
    "frac_lines_any": _ts(30, "total# = (scale as any)(total#);"),
    "frac_lines_suppressed": _ts(10, "total# = scale(); // @ts-ignore"),
}
_CASES: dict[str, dict[str, Mix | Pair]] = {
    "typescript": {
        **_TYPESCRIPT,
        "frac_chars_error": Pair(
            "const a = 1;\n" * 8 + "const b = ) ) ) ) 2;\n",
            "%%% \\\\ ??? ))) ,,, ;;; ]] }} @@@ ### \\\\\n" * 3 + "const a = 1;\n",
        ),
    },
    "php": {
        "frac_chars_outside": Pair("a" * 79 + "<?php show(1, 2); ?>\n", "a" * 80 + "<?php show(1, 2); ?>\n"),
        "cate_no_tag": Pair("<p><?= $name ?></p>\n", "<p>name</p>\n"),
        "frac_lines_func_ratio": _php(50, "function f#() { return g(#); }"),
        "frac_lines_import": _php(50, "use App\\Model\\Row#;"),
        "score_lines_no_logic": _php(80, "    private $row#;"),
        "frac_lines_print": _php(40, "echo $row#;"),
        "frac_lines_debug": _php(10, "var_dump($row#);"),
        "frac_lines_values": _php(70, "    'key#' => 'value',"),
    },
    "rust": {
        "frac_lines_func_ratio": _rs(30, "fn f#() {}"),
        "frac_lines_import": _rs(50, "pub use model::row#;"),
        "score_lines_no_logic": _rs(80, "pub struct Row#;"),
        "frac_lines_print": _rs(40, '    println!("{}", row#);'),
        "frac_lines_const": _rs(50, "pub const ROW#: u32 = #;"),
        "frac_lines_unsafe": _rs(10, "    unsafe { free(row#) };"),
        "frac_lines_unwrap": _rs(15, "    row#.close().unwrap();"),
        "frac_lines_unfinished": _rs(10, "    todo!();"),
    },
    "ruby": {
        "frac_lines_func_ratio": _rb(40, "  def row#; end"),
        "frac_lines_import": _rb(50, "require 'model/row#'"),
        "score_lines_no_logic": _rb(70, "  attr_reader :row#"),
        "frac_lines_print": _rb(40, "  puts row#"),
        "cate_var_zero": Pair("require 'a'\nclass A\n  b(c)\n  @d = 1\nend\n", "require 'a'\nclass A\n  b(c)\nend\n"),
        "frac_lines_values": _rb(70, "  'key#' => 'value',"),
        "frac_lines_debugger": _rb(5, "  binding.pry"),
    },
    "kotlin": {
        "frac_lines_func_ratio": _kt(60, "    fun row#(): Row"),
        "frac_lines_import": _kt(50, "import model.Row#"),
        "score_lines_no_logic": _kt(85, "    val row#: Row"),
        "frac_lines_print": _kt(40, "    println(row#)"),
        "cate_var_zero": Pair("object A {\n    fun b(c: Int) = d()\n}\n", "object A {\n    fun b() = d()\n}\n"),
        "frac_lines_not_null": _kt(4, "    row#!!.close()"),
    },
    "swift": {
        "frac_lines_func_ratio": _sw(40, "    func row#() -> Row"),
        "frac_lines_import": _sw(30, "import Model#"),
        "score_lines_no_logic": _sw(80, "    var row#: Row { get }"),
        "frac_lines_print": _sw(40, "    print(row#)"),
        "frac_lines_force_unwrap": _sw(5, "    row#!.close()"),
        "frac_lines_force_try": _sw(5, "    try! row#.close()"),
    },
    "scala": {
        "frac_lines_func_ratio": _sc(70, "    def row#: Row"),
        "frac_lines_import": _sc(50, "import model.Row#"),
        "score_lines_no_logic": _sc(90, "    val row#: Row"),
        "frac_lines_print": _sc(40, "    println(row#)"),
        "cate_var_zero": Pair("object A {\n  b.foreach(c => d(c))\n}\n", "object A {\n  b.foreach(d)\n}\n"),
        "frac_lines_var": _sc(15, "    var row# = find(#)"),
        "frac_lines_unsafe": _sc(25, "    keep(row#.asInstanceOf[Row])"),
    },
    "shell": {
        "frac_lines_print": _sh(40, "echo step #"),
        "score_lines_no_logic": _sh(70, "export ROW#=table#.txt"),
        "frac_chars_heredoc": Pair(
            f"cat <<EOF\n{'a' * 55}\nEOF\n" + "x" * 29 + "\n", f"cat <<EOF\n{'a' * 56}\nEOF\n" + "x" * 29 + "\n"
        ),
        "cate_no_command": Pair("A=1\necho a\nls\n", "A=1\necho a\n"),
        "frac_lines_install": _sh(40, "apt-get install -y package#"),
        "frac_lines_long_pipe": _sh(2, "cat a# | grep b | cut -f 1 | sort | uniq -c | sort -n"),
    },
    "sql": {
        "frac_lines_insert": _sql(50, "INSERT INTO person VALUES (#, 'name');"),
        "frac_lines_admin": _sql(50, "GRANT SELECT ON person# TO guest;"),
        "cate_no_statement": Pair("SELECT name\nFROM person\n", "name of a person\n"),
        "cate_insert_only": Pair(
            "INSERT INTO a VALUES (1);\nUPDATE a SET b = 2;\n", "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);\n"
        ),
        "frac_lines_copy": Pair(
            _COPY + "1\n" * 30 + "\\.\n" + "SELECT 1;\n" * 68, _COPY + "1\n" * 31 + "\\.\n" + "SELECT 1;\n" * 67
        ),
        "frac_lines_declare": _sql(70, "    column# integer,"),
        "frac_lines_print": _sql(40, "PRINT 'step #';"),
    },
}
_PAIRS = [(s, f"qsc_code{s}_{name}", case) for s, cases in _CASES.items() for name, case in cases.items()]


def _hits(set_name: str, language: str, text: str) -> list[str]:
    values, failures = measure(text, language=language, kind="code", natural_language="en")
    assert failures == {}
    return [signal for signal, *_ in _BOOK.evaluate(set_name, values)]


@pytest.mark.parametrize(("set_name", "signal", "case"), _PAIRS, ids=[signal for _, signal, _ in _PAIRS])
def test_a_text_just_inside_and_one_just_outside(set_name: str, signal: str, case: Mix | Pair) -> None:
    inside, outside = case.pair()
    assert signal not in _hits(set_name, set_name, inside)
    assert signal in _hits(set_name, set_name, outside)


@pytest.mark.parametrize("name", _TYPESCRIPT)
def test_tsx_takes_the_rules_of_typescript(name: str) -> None:
    inside, outside = _CASES["typescript"][name].pair()
    assert f"qsc_codetypescript_{name}" not in _hits("tsx", "tsx", inside)
    assert f"qsc_codetypescript_{name}" in _hits("tsx", "tsx", outside)


def test_every_active_rule_has_a_pair() -> None:
    general = ("qsc_code_", "qsc_doc_")
    active = {(s, r.signal) for s in _SETS for r in _BOOK.sets[s] if not r.signal.startswith(general)}
    assert {(set_name, signal) for set_name, signal, _ in _PAIRS} == active
    assert _BOOK.sets["tsx"] == _BOOK.sets["typescript"]


def test_rules_of_our_own_say_so() -> None:
    for name in _SETS:
        own = [r for r in _BOOK.sets[name] if r.signal.startswith(f"qsc_code{name}_")]
        assert 6 <= len(own) <= 8
        assert all(rule.source == "ours" and rule.why for rule in own)
        assert {rule.severity for rule in own} == {"drop", "flag"} or name == "php"
