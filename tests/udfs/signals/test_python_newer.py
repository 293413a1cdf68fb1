"""Python newer than the interpreter: taken by every interpreter, and damage refused by every one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from udfs.signals import measure, python_text
from udfs.signals.python import cate_ast, cate_python2
from udfs.signals.python_newer import parses_as_newer
from udfs.signals.syntax import TooMuchToParse
from udfs.signals.views import View

NEWER = [
    "type X = int\n",
    "if a: type Pair[T] = tuple[T, T]\n",
    "def f[T](x: T) -> T:\n    return x\n",
    "async def f[T: (int, str), *Ts, **P](*a: *Ts) -> T: ...\n",
    "class A[T = int](B[T]):\n    def g[U = T](self, u: U): ...\n",  # 696
    "x = f'{y['a']}'\n",
    "x = f'{'\\n'.join(y)}'\n",
    "x = f'''{\n    y  # why\n}'''\n",
    "x = f'{f'{f'{1}'}'}'\n",
    'x = f"{y!r:{"a"}}"\n',
    "x = rf'{y:%H:%M}{\nz}'\n",
    't"Hello {name}"\n',
    "x = rt'{y!r:>3}' t'{z}'\n",
    "x = tR'''\\d{y}\n'''\n",
    "x = f'{a}'\ntry: x\nexcept A, B: pass\n",  # 758
    "y = [*x for x in z]\n",  # 798
    "lazy import a\n",  # 810
]
DAMAGED = [
    "type X = \n",
    "type = = 1\n",
    "def f[T(x): pass\n",
    "def f[](x): pass\n",
    "class A[T: pass\n",
    "f() = 1\nx = f'{y['a']}'\n",
    "x = f'{y['a']'\n",
    "x = f'{}'\n",
    "x = f'{a b}'\n",
    "x = f'{a!z}'\n",
    "t'{a'\n",
    "t'a' = 1\n",
    "def f[T](a=1, b): pass\n",
    "y = [*x for x in]\n",
    "type X = int\nif a:\nb\n",
]
OLD = [
    "print 'a'\n",
    "try: x\nexcept E, e: pass\n",
    "exec 'x' in f(*a)\n",
    "print 'type X = int'\n",
    "x = 0777; f(**k)\n",
]


@pytest.mark.parametrize("text", NEWER)
def test_newer_python_parses_on_any_interpreter(text: str) -> None:
    view = View(text, "python", "en")
    assert (cate_ast(view), cate_python2(view)) == (True, False)


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_newer_python_does_not(text: str) -> None:
    view = View(text, "python", "en")
    assert (cate_ast(view), cate_python2(view)) == (False, False)


@pytest.mark.parametrize("text", OLD)
def test_python_2_stays_python_2(text: str) -> None:
    view = View(text, "python", "en")
    assert (cate_ast(view), cate_python2(view)) == (True, True)


def _interpreters() -> list[str]:
    """Every CPython of 3.11 or later on this machine: those on the path, and those that pyenv keeps."""
    names = [f"python3.{minor}" for minor in range(11, 16)]
    kept = [str(Path.home() / ".pyenv/versions" / version) for version in ("3.11*", "3.12*", "3.13*", "3.14*")]
    found = [path for name in names if (path := shutil.which(name))]
    for pattern in kept:
        found += [str(path) for path in Path("/").glob(f"{pattern[1:]}/bin/python")]
    asked = "import sys; print(sys.version_info[:2])"
    versions = {}
    for path in found:
        answer = subprocess.run([path, "-c", asked], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            versions[answer.stdout.strip()] = path
    return list(versions.values())


_ASK = """
import json, sys
from _symtable import symtable
import warnings; warnings.simplefilter("ignore")
def parses(text):
    try:
        symtable("from __future__ import braces\\n" + text, "", "exec")
    except SyntaxError as error:
        return error.msg == "not a chance"
print(json.dumps([parses(text) for text in json.load(sys.stdin)]))
"""


def test_the_answer_is_the_same_whichever_interpreter_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each interpreter that is here is asked what its own parser says; the two signals must not hang on it."""
    texts = [*NEWER, *DAMAGED, *OLD, "x = 1\n", "async def f(): return [x async for x in y]\n"]
    found = {}
    for path in {sys.executable, *_interpreters()}:
        said = subprocess.run([path, "-c", _ASK], input=json.dumps(texts), capture_output=True, text=True, check=True)
        answers = dict(zip(texts, json.loads(said.stdout), strict=True))
        monkeypatch.setattr(python_text, "parses", answers.__getitem__)
        views = [View(text, "python", "en") for text in texts]
        found[path] = [(cate_ast(view), cate_python2(view)) for view in views]
    expected = [(True, False)] * len(NEWER) + [(False, False)] * len(DAMAGED) + [(True, True)] * len(OLD)
    assert all(answers == [*expected, (True, False), (True, False)] for answers in found.values()), found


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000,
        "x = " + "-" * 20_000 + "1",
        "x = " + "lambda: " * 8_000 + "1",
        "x = f'{" + "[" * 5_000 + "]" * 5_000 + "}'",
        "f" + "()" * 10_000,
        "match x:\n    case " + "(" * 12 + "a" + " for b in c)" * 12 + ": pass",
        "if a: b\n" + "elif a: b\n" * 10_000,
        "x = 1\n" * 100_000,
    ],
    ids=lambda text: text[:20].strip(),
)
def test_what_the_parser_cannot_stand_is_refused_before_it(text: str) -> None:
    """The first seven kill it or take it minutes."""
    begin, view = time.process_time(), View("type X = int\n" + text + "\n", "python", "en")
    with pytest.raises(TooMuchToParse, match="expected"):
        parses_as_newer(view.raw, view.parts)
    assert time.process_time() - begin < 5


def test_braces_of_other_strings_are_not_counted_together() -> None:
    view = View("type X = int\n" + "x = ['{', 'a{', f'{y}']\n" * 200, "python", "en")
    assert parses_as_newer(view.raw, view.parts)


def test_what_is_too_much_is_a_failure_with_its_reason() -> None:
    _, failures = measure("type X = " + "(" * 300, language="python", kind="code", natural_language="en")
    assert failures["qsc_codepython_cate_ast"].startswith("TooMuchToParse: expected Python that can be parsed")
