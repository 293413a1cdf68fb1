"""What stands between a function in a language and a program that can be run with a benchmark's tests.

McEval's and MdEval's tests were written for compilers with packages at hand and for people who read what is printed:
here an assertion that fails has to end the program, and packages that only tests use stand beside them as source.
"""

from __future__ import annotations

import re
from typing import NamedTuple

NAMES = {
    "c": "c",
    "c#": "csharp",
    "c++": "cpp",
    "cpp": "cpp",
    "csharp": "csharp",
    "go": "go",
    "java": "java",
    "javascript": "javascript",
    "lua": "lua",
    "php": "php",
    "python": "python",
    "ruby": "ruby",
    "rust": "rust",
    "shell": "shell",
    "typescript": "typescript",
}
"""The benchmarks' names of languages that the sandbox runs."""
_TESTIFY = "github.com/stretchr/testify/assert"
_IMPORTS = re.compile(r"^import\s*\((.*?)^\)|^import\s+(\S*\s*\"[^\"]+\")", re.MULTILINE | re.DOTALL)
_ASSERT_IN_GO = """
type refinelakeAssert struct{ fixed bool }

var assert refinelakeAssert

func refinelakeFail(found ...any) { panic(found) }
func (a refinelakeAssert) New(any) refinelakeAssert { return refinelakeAssert{true} }
func (a refinelakeAssert) rest(given []any) []any {
	if a.fixed { return given }
	return given[1:]
}
func (a refinelakeAssert) Equal(given ...any) {
	if r := a.rest(given); !reflect.DeepEqual(r[0], r[1]) { refinelakeFail("expected", r[0], "found", r[1]) }
}
func (a refinelakeAssert) NotEqual(given ...any) {
	if r := a.rest(given); reflect.DeepEqual(r[0], r[1]) { refinelakeFail("expected another than", r[1]) }
}
func (a refinelakeAssert) True(given ...any) {
	if r := a.rest(given); r[0] != true { refinelakeFail("expected true") }
}
func (a refinelakeAssert) False(given ...any) {
	if r := a.rest(given); r[0] != false { refinelakeFail("expected false") }
}
func (a refinelakeAssert) Nil(given ...any) { if r := a.rest(given); r[0] != nil { refinelakeFail("expected nil") } }
func (a refinelakeAssert) InDelta(given ...any) {
	r := a.rest(given)
	number := func(v any) float64 { return reflect.ValueOf(v).Convert(reflect.TypeOf(0.0)).Float() }
	if d := number(r[0]) - number(r[1]); !(d <= number(r[2]) && -d <= number(r[2])) {
		refinelakeFail("expected", r[0], "found", r[1])
	}
}
"""
"""What tests use of testify's package assert, as far as they do."""
_THROWS = "console.assert = (ok%s, ...said%s) => { if (!ok) throw new Error('assertion failed ' + said.join(' ')); };\n"
_UNITTEST = "found = unittest.main(argv=['tests'], exit=False).result; assert found.testsRun and found.wasSuccessful()"
_LINE_IN_CSHARP = (
    "\nclass RefinelakeCheck {\n    public static void Line(object said) {\n"
    '        if (said is bool && !(bool)said) throw new System.Exception("a check printed False");\n'
    "        System.Console.WriteLine(said);\n    }\n}\n"
)


class Piece(NamedTuple):
    """A program and its tests, as the sandbox takes them: a language's name there, source, tests."""

    language: str
    source: str
    tests: str


def language_of(name: str) -> str:
    """The sandbox's name of a language; the benchmark's own in small letters where the sandbox has none of it."""
    return NAMES.get(name.lower(), name.lower())


def fitted(language: str, source: str, tests: str) -> Piece:
    """Program and tests so that a wrong answer is an end without success."""
    if language == "go":
        return Piece("go_test", _go(source, tests), "")
    if language == "rust":
        return Piece(language, _without_crates(source), _called_by_main(tests))
    if language in ("javascript", "typescript"):
        typed = ("?: any", ": any[]") if language == "typescript" else ("", "")
        return Piece(language, source, _THROWS % typed + tests)
    if language == "csharp":
        return Piece(language, source, tests.replace("Console.WriteLine(", "RefinelakeCheck.Line(") + _LINE_IN_CSHARP)
    if language in ("c", "cpp"):
        return Piece(language, f"#include <assert.h>\n{source}", tests)
    if language == "python":
        return Piece(language, source, tests.replace("unittest.main()", _UNITTEST))
    if language == "php":
        return Piece(language, source, tests.replace("?>", "").replace("<?php", ""))
    return Piece(language, source, tests)


def _go(source: str, tests: str) -> str:
    """One file with every package that program and tests import once, before all else."""
    whole = f"{source}\n{tests}"
    specs = [spec.strip() for many, one in _IMPORTS.findall(whole) for spec in (many.split("\n") if many else [one])]
    body = re.sub(r"^package\s+\w+\s*$", "", _IMPORTS.sub("", whole), flags=re.MULTILINE)
    wanted = {spec for spec in specs if spec and not spec.startswith("//") and _TESTIFY not in spec}
    wanted |= {'"testing"'}
    shim = ""
    if any(_TESTIFY in spec for spec in specs) or re.search(r"\bassert\.\w+\(", tests):
        shim, wanted = _ASSERT_IN_GO, wanted | {'"reflect"'}
    lines = "\n".join(f"\t{spec}" for spec in sorted(wanted))
    return f"package main\n\nimport (\n{lines}\n)\n{shim}\n{body}"


def _without_crates(source: str) -> str:
    """McEval's heads import crates that no solution uses: where that is so, without them."""
    for use, sign in ((r"rand::Rng", r"\bRng\b|rand::"), (r"regex::Regex", r"\bRegex\b"), (r"md5", r"\bmd5\b")):
        line = re.compile(rf"^\s*use {use};\s*$", re.MULTILINE)
        rest = line.sub("", source)
        source = source if re.search(sign, rest) else rest
    return source


def _called_by_main(tests: str) -> str:
    """Rust's test functions as public ones that main calls; as they are where none is marked as a test."""
    names = re.findall(r"#\[test\]\s*(?:pub\s+)?fn\s+(\w+)", tests)
    if not names:
        return tests
    text = re.sub(r"#\[cfg\(test\)\]|#\[test\]", "", tests)
    for name in names:
        text = re.sub(rf"(?:pub\s+)?fn {name}\b", f"pub fn {name}", text)
    inside = re.search(r"\bmod\s+(\w+)", text)
    home = f"{inside[1]}::" if inside else ""
    return f"{text}\nfn main() {{\n" + "".join(f"    {home}{name}();\n" for name in names) + "}\n"
