# ruff: noqa: E501 (programs stand as they are run)
"""Every language that is there judges a right, a wrong, a broken and an early program; each absent one is named."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from udfs.execution import languages as known
from udfs.execution.building import build
from udfs.execution.languages import Missing, Tools, available, language, languages, tools
from udfs.execution.programs import Limits, Program, Test
from udfs.execution.running import Runner

# Source, a test with %d for the right number 2, a statement that ends a program with 0, a whole program that doubles.
PROGRAMS = {
    "python": ("def f(x):\n    return x + 1\n", "assert f(1) == %d", "import os; os._exit(0)", "print(int(input()) * 2)"),
    "javascript": ("function f(x) { return x + 1 }", "require('assert').equal(f(1), %d)", "process.exit(0)", "console.log(2 * require('fs').readFileSync(0, 'utf8'))"),
    "typescript": ("function f(x: number): number { return x + 1 }", "if (f(1) !== %d) throw new Error('wrong')", "declare var process: any; process.exit(0)", "declare var require: any; console.log(2 * Number(require('fs').readFileSync(0, 'utf8')))"),
    "java": ("public class Main {\n  static int f(int x) { return x + 1; }", "  public static void main(String[] a) { assert f(1) == %d; } }", "static { if (true) System.exit(0); }", "class Main { public static void main(String[] a) { System.out.println(2 * new java.util.Scanner(System.in).nextInt()); } }"),
    "c": ("#include <assert.h>\n#include <stdlib.h>\nint f(int x) { return x + 1; }", "int main(void) { assert(f(1) == %d); return 0; } // end", "__attribute__((constructor)) void g(void) { _Exit(0); }", "#include <stdio.h>\nint main(void) { int x; scanf(\"%d\", &x); printf(\"%d\\n\", 2 * x); return 0; }"),
    "cpp": ("#include <cassert>\n#include <cstdlib>\nint f(int x) { return x + 1; }", "int main() { assert(f(1) == %d); }", "struct S { S() { std::exit(0); } } s;", "#include <iostream>\nint main() { int x; std::cin >> x; std::cout << 2 * x << std::endl; }"),
    "csharp": ("using System;\nusing System.Diagnostics;\nclass P { static int f(int x) { return x + 1; }", "static void Main(string[] a) { Debug.Assert(f(1) == %d); } }", "static P() { Environment.Exit(0); }", "class P { static void Main() { System.Console.WriteLine(2 * int.Parse(System.Console.ReadLine())); } }"),
    "go": ("package main\nimport \"os\"\nvar out = os.Stdout\nfunc f(x int) int { return x + 1 }", "func main() { if f(1) != %d { panic(\"wrong\") } }", "func init() { os.Exit(0) }", "package main\nimport \"fmt\"\nfunc main() { var x int; fmt.Scan(&x); fmt.Println(2 * x) }"),
    "go_test": ("package a_test\nimport (\"testing\"; \"os\")\nvar out = os.Stdout\nfunc f(x int) int { return x + 1 }", "func TestF(t *testing.T) { if f(1) != %d { t.Fatal(\"wrong\") } }", "func init() { os.Exit(0) }", ""),
    "rust": ("fn f(x: i32) -> i32 { x + 1 }", "fn main() { assert_eq!(f(1), %d); }", "fn f(x: i32) -> i32 { std::process::exit(0); }", "fn main() { let mut s = String::new(); std::io::stdin().read_line(&mut s).unwrap(); println!(\"{}\", 2 * s.trim().parse::<i32>().unwrap()); }"),
    "shell": ("f() { echo $(($1 + 1)); }", "set -e\n[[ $(f 1) == %d ]]", "exit 0", "read x; echo $((2 * x))"),
    "php": ("<?php\nfunction f($x) { return $x + 1; }", "assert(f(1) === %d);\n?>\n", "exit(0);", "<?php echo 2 * (int)fgets(STDIN);"),
    "ruby": ("def f(x) = x + 1", "raise 'wrong' unless f(1) == %d", "exit!(0)", "puts 2 * gets.to_i"),
    "lua": ("function f(x) return x + 1 end", "assert(f(1) == %d)", "os.exit(0)", "print(2 * io.read('n'))"),
}  # fmt: skip
SLOW = Limits(cpu_seconds=20)


@pytest.fixture(scope="module")
def runner() -> Runner:
    return Runner(limits=SLOW)


def test_every_language_has_a_program_here() -> None:
    assert set(PROGRAMS) == set(languages()) >= {"python", "javascript", "typescript", "java", "c", "cpp", "csharp", "go", "rust", "shell", "php", "ruby"}  # fmt: skip


SLOW_TO_BEGIN = {"go", "go_test"}
"""Their library is compiled first, which takes as long as all other tests here."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.long] * (n in SLOW_TO_BEGIN)) for n in sorted(PROGRAMS)]
)
def test_programs_are_judged(name: str, runner: Runner) -> None:
    if isinstance(found := runner.tools(name), Missing):
        pytest.skip(str(found))
    source, test, early, doubles = PROGRAMS[name]
    tests = (Test("right", test % 2), Test("wrong", test % 3))
    result = runner.run(Program(name, source, tests))
    assert [v.status for v in result.verdicts] == ["passed", "failed"], result
    assert result.version and result.verdicts[0].cpu_seconds > 0 and result.verdicts[0].peak_memory > 1 << 20
    ended = f"{early}\n" if name == "rust" else f"{source}\n{early}\n"
    (verdict,) = runner.run(Program(name, ended, tests[1:])).verdicts
    assert verdict.status == "error", verdict
    broken = runner.run(Program(name, f"{source}\n(((", tests[:1]))
    compiles = name == "python" or languages()[name].compile
    assert broken.status == ("compile_error" if compiles else "failed"), broken
    if doubles:
        outputs = (Test("4", stdin="2\n", stdout="4"), Test("6", stdin="3\n", stdout="7"))
        result = runner.run(Program(name, doubles, outputs))
        assert [(v.status, v.proof) for v in result.verdicts] == [("passed", "outside"), ("failed", "")], result


def test_packages_of_this_python_are_there(runner: Runner) -> None:
    if runner.level != "bubblewrap" and os.geteuid() == 0:
        pytest.skip("where only their owner may read")
    assert runner.run(Program("python", "import numpy, yaml", (Test("t"),))).passed


@pytest.mark.parametrize(("short", "name"), [("py", "python"), ("C++", "cpp"), ("rs", "rust"), ("go_test.go", "go_test"), ("Bash", "shell")])  # fmt: skip
def test_short_names(short: str, name: str) -> None:
    assert language(short).name == name


def test_an_unknown_language_is_refused(runner: Runner) -> None:
    with pytest.raises(ValueError, match=r"language cobol: expected one of .*python.*, found none"):
        runner.run(Program("cobol", ""))


def test_an_absent_language_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tools.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    try:
        found = available()
        assert isinstance(found["python"], Tools), "this very interpreter runs"
        assert str(found["php"]) == "php: found no php; apt-get install php-cli"
        assert str(found["typescript"]) == "typescript: found no tsc and node; apt-get install node-typescript nodejs"
        with Runner(level="rlimits") as runner:
            result = runner.run(Program("php", "<?php", (Test("a"), Test("b"))))
        assert [v.status for v in result.verdicts] == ["no_tool"] * 2 and not result.is_measure
    finally:
        tools.cache_clear()


def test_tools_of_a_closed_home_are_not_given_to_another_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As with an interpreter below /root: what runs the program there is another one, or nothing."""
    closed = tmp_path / "closed"
    (closed / "bin").mkdir(parents=True)
    closed.chmod(0o700)
    (closed / "bin/php").write_text("#!/bin/sh\necho 'PHP 9'\n")
    (closed / "bin/php").chmod(0o755)
    monkeypatch.setenv("PATH", f"{closed / 'bin'}:{os.environ['PATH']}")
    tools.cache_clear()
    try:
        found = tools("php", shared=True)
        assert isinstance(found, Missing) and "where only the owner may read" in str(found)
        assert isinstance(tools("php"), Tools)
    finally:
        tools.cache_clear()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("c", "int main() { f(); return 0; }", "f(); \nEND\nreturn 0; }"),
        ("c", "int main() { f(); }\n/* done */\n", "f(); \nEND\n}"),
        ("cpp", "int main() { f(); return EXIT_SUCCESS; } // }", "\nEND\nreturn EXIT_SUCCESS; }"),
        ("cpp", "/" * 300 + "\n// a\n" * 300 + "int main() { f(); }" + "// b\n" * 300, "f(); \nEND\n}"),
        ("rust", "fn main() { f(); }\n", "f(); \nEND\n}"),
        ("php", "<?php f(); ?>\n", "<?php f(); \nEND\n"),
        ("ruby", "f", "f\nEND\n"),
    ],
)
def test_the_end_stands_where_main_ends(name: str, text: str, expected: str) -> None:
    row = dataclasses.replace(language(name), end="END")
    made = build(row, text, "word", 1)
    assert expected in made.files[row.file].decode()


@pytest.mark.parametrize(
    ("text", "file", "main"),
    [
        ("class Problem { public static void main(String[] a) {} }", "Problem.java", "Problem"),
        ("public class A {}\nclass B { public static void main(String[] a) {} }", "A.java", "B"),
        ("package p.q;\npublic final class A { static final void main(String[] a) {} }", "A.java", "p.q.A"),
    ],
)
def test_a_java_file_is_named_by_its_public_class_and_run_by_its_main(text: str, file: str, main: str) -> None:
    made = build(language("java"), text, "word", 1)
    assert made.files[file] == text.encode() and f"{main}.main(given)" in made.files["RefinelakeEnd.java"].decode()
    assert build(language("java"), text, None, 1).run[-1] == main


def test_the_data_file_is_whole() -> None:
    for row in known.languages().values():
        assert row.packages and row.needs and row.version and row.run and row.file, row
        assert row.name == "python" or "{word}" in row.end + "".join(row.beside.values()), row
        assert not row.compile or "{program}" not in "".join(row.compile), "a compiler runs in the program's folder"
