# ruff: noqa: E501 (programs stand as they are run)
"""A pass is said by somebody whom the program cannot speak for, or its row says that it could have been."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.udfs.execution.conftest import SMALL
from udfs.execution.programs import Program, Test
from udfs.execution.running import Runner

# What a program does at its start, or when it is called, to be told right whatever its tests are.
FORGERIES = {
    "prints words": "import sys\nfor w in ('passed', '0' * 32 + '\\t0\\tpassed\\t\\t'): print(w); print(w, file=sys.stderr)",
    "writes to every descriptor": """
import os
for fd in range(3, 64):
    try: os.write(fd, b"0" * 32 + b"\\t0\\t706173736564\\t\\t6f7574\\n")
    except OSError: pass
""",
    "reads every descriptor of every process": """
import os
for pid in filter(str.isdecimal, os.listdir("/proc")):
    try: names = os.listdir(f"/proc/{pid}/fd")
    except OSError: continue
    if int(pid) == os.getpid(): continue
    for name in names:
        try:
            fd = os.open(f"/proc/{pid}/fd/{name}", os.O_RDWR | os.O_NONBLOCK)
            os.write(fd, os.read(fd, 1 << 16))
        except OSError: pass
""",
    "reads the memory of the other process": """
import os
for pid in {os.getppid(), os.getpid() - 1}:
    try:
        for line in open(f"/proc/{pid}/maps"): print(line)
        open(f"/proc/{pid}/mem", "rb").read(1)
        print("read the memory of", pid)
    except OSError: pass
""",
    "ends with 0 at exit": "import atexit, os\natexit.register(os._exit, 0)",
    "replaces what asserts": "import builtins\nbuiltins.AssertionError = type('A', (BaseException,), {'__init__': lambda *a: __import__('os')._exit(0)})",
    "replaces exec and compile": "import builtins\nbuiltins.exec = lambda *a: None\nbuiltins.compile = lambda *a, **k: 'pass'",
    "replaces os": "import os\nos.write = lambda fd, data: len(data)\nos.read = lambda *a: b''\nos.fork = lambda: 0\nos._exit = lambda *a: None",
    "hides every exception": "import sys\nsys.excepthook = lambda *a: None\nsys.unraisablehook = lambda *a: None",
    "equals everything": "class E:\n    def __eq__(self, other): return True\n    __ne__ = None\ndef f(x): return E()",
    "equals everything, as a list": "class L(list):\n    def __eq__(self, other): return True\ndef f(x): return L([0])",
    "redefines what compares": "def abs(x): return 0\ndef isinstance(*a): return True\ndef f(x): return 0",
    "traces": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
    "hooks audits": "import sys\ndef hook(name, args):\n    if name == 'exec': raise SystemExit(0)\nsys.addaudithook(hook)",
    "breaks pickles": "import copyreg, sys\nfor name in ('pickle', '_pickle', 'marshal', 'io'): sys.modules[name] = None",
}  # fmt: skip
PLAIN = "\ndef f(x): return 0\n"
TESTS = ("assert f(1) == 2", "assert not f(1) != 2 and f(1) == 2", "assert f([1]) == [2], 'wrong'")


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_no_forgery_passes_where_the_program_cannot_reach(runner: Runner, name: str) -> None:
    source = FORGERIES[name] if "def f(" in FORGERIES[name] else FORGERIES[name] + PLAIN
    program = Program("python", source, tuple(Test(t, t) for t in TESTS))
    found = runner.run(program, replace(SMALL, wall=0.5))  # some wait for an answer for ever
    assert "read the memory" not in found.verdicts[0].stdout.text
    for verdict in found.verdicts:
        assert verdict.status != "passed" or (verdict.proof == "same" and name.startswith("equals")), verdict


def test_what_is_left_is_said(best: Runner) -> None:
    """A program that knows this harness answers for a test that has to run in its own process: such a pass is `same`,
    and no test of plain values is passed so with the mark `apart`.
    """
    forging = """
import sys, marshal
frame = sys._getframe()
while frame.f_code.co_name != "serve": frame = frame.f_back
requests, answers = frame.f_locals["requests"], frame.f_locals["answers"]
inside = frame.f_globals
inside["send"](answers, inside["packed"](("loaded", False)))
while True:
    what, *rest = marshal.loads(inside["receive"](requests))
    inside["send"](answers, inside["packed"](("done", rest[-1])))
"""
    (found,) = best.run(Program("python", forging, (Test("t", "assert f(1) == 2"),))).verdicts
    assert (found.status, found.proof) == ("passed", "same")


@pytest.mark.parametrize(
    ("source", "test", "proof"),
    [
        ("def f(x): return x + 1", "assert f(1) == 2", "apart"),
        ("def f(x): return x + 1", "def check(c):\n    assert c(1) == 2\ncheck(f)", "apart"),
        ("def f(a, *, b=(1,)): return {a: b}", "assert f('x', b=(2, 3)) == {'x': (2, 3)}", "apart"),
        ("def f(): return {1, 2}, frozenset([3]), 1j, b'x', None, 1 << 200, range(3), 0.1", "assert f() == ({1, 2}, frozenset([3]), 1j, b'x', None, 1 << 200, range(3), 0.1)", "apart"),
        ("def f(x): x.append(1); x[0] = 9", "a = [0]\nf(a)\nassert a == [9, 1]", "apart"),
        ("def f(x): x['k'] = 1; del x['j']", "a = {'j': 0}\nf(a)\nassert a == {'k': 1}", "apart"),
        ("def f(x):\n    if x < 0: raise ValueError('negative', x)\n    return x", "try:\n    f(-1)\nexcept ValueError as e:\n    assert e.args == ('negative', -1)\nelse:\n    assert False", "apart"),
        ("import math\ndef f(x): return math.sqrt(x)", "assert math.isclose(f(2), 1.41421356, rel_tol=1e-6)", "apart"),
        ("from collections import Counter\nfrom typing import List\ndef f(x: List[int]): return sorted(x)", "assert Counter(f([2, 1])) == Counter([1, 2])\nx: List[int] = []", "apart"),
        ("LIMIT = 3\ndef f(): return LIMIT", "assert f() == LIMIT", "apart"),
        ("from functools import lru_cache\n@lru_cache\ndef f(n): return n if n < 2 else f(n - 1) + f(n - 2)", "assert f(80) == 23416728348467685", "apart"),
        ("f = lambda x: x * 2", "assert f(2) == 4", "apart"),
        ("class P:\n    def __init__(self, x): self.x = x", "assert P(3).x == 3", "same"),
        ("def f(g): return g(1)", "assert f(lambda x: x + 1) == 2", "same"),
        ("def f():\n    yield 1", "assert list(f()) == [1]", "same"),
        ("def f(x): return x", "a = []\nassert f(a) is a", "same"),
        ("class E(Exception): pass\ndef f(): raise E", "try:\n    f()\nexcept E:\n    pass\nelse:\n    assert False", "same"),
        ("def f(): print('said')", "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as out:\n    f()\nassert out.getvalue() == 'said\\n'", "same"),
        ("import random\ndef f(): return random.random()", "import random\nrandom.seed(1)\na = f()\nrandom.seed(1)\nassert a == f()", "same"),
        ("state = []\ndef f(): state.append(1)", "f()\nassert state == [1]", "same"),
        ("import threading\nt = threading.Thread(target=threading.Event().wait, daemon=True)\nt.start()\ndef f(): return t.is_alive()", "assert f()", "same"),
        ("import concurrent.futures\npool = concurrent.futures.ThreadPoolExecutor(2)\nlist(pool.map(abs, [1]))\ndef f(): return list(pool.map(abs, [-1]))", "assert f() == [1]", "same"),
        ("def sum(a, b): return a + b", "assert sum(1, 2) == 3", "same"),
        ("import numpy as np\ndef f(): return np.zeros(2)", "assert f().sum() == 0", "same"),
        ("import asyncio\nasync def f(): return 1", "import asyncio\nassert asyncio.run(f()) == 1", "same"),
        ("from dataclasses import dataclass\n@dataclass\nclass D:\n    a: int\nif __name__ == '__main__':\n    x = D(1)", "assert x == D(1)", "same"),
    ],
)  # fmt: skip
def test_a_right_program_passes_and_says_how(best: Runner, source: str, test: str, proof: str) -> None:
    if "numpy" in source and best.level != "bubblewrap":
        pytest.skip("packages are where only their owner may read")
    (found,) = best.run(Program("python", source, (Test("t", test),))).verdicts
    assert (found.status, found.proof) == ("passed", proof), found


def test_output_that_is_compared_outside_needs_no_word(runner: Runner) -> None:
    tests = (Test("sum", stdin="1 2\n", stdout="3\n"), Test("spaces", stdin="4 5", stdout="9  \n\n"), Test("no", stdin="1 1", stdout="3"))  # fmt: skip
    program = Program("python", "print(sum(map(int, input().split())))", tests)
    found = runner.run(program)
    assert [(v.status, v.proof) for v in found.verdicts] == [
        ("passed", "outside"),
        ("passed", "outside"),
        ("failed", ""),
    ]
    shown = runner.run(Program("python", "print('x' * 100000)", (Test("long", stdout="x" * 100000),)))
    assert shown.passed
    ended = runner.run(Program("python", "print(3)\nraise SystemExit(1)", (Test("code", stdout="3"),)))
    assert ended.status == "failed"


@pytest.mark.parametrize(
    ("language", "source", "test"),
    [
        ("shell", "f() { exit 0; }", "f\nfalse"),
        ("javascript", "function f() { process.exit(0) }", "f(); throw 1"),
        ("javascript", "process.on('exit', () => process.exitCode = 0)", "throw 1"),
        ("shell", "trap 'exit 0' EXIT ERR", "set -e\nfalse"),
        ("c", "#include <stdlib.h>\nvoid f(void) { exit(0); }", "int main() { f(); return 0; }"),
        ("cpp", "#include <cstdlib>\nstruct S { ~S() { std::_Exit(0); } } s;\nvoid f() { std::quick_exit(0); }", "int main() { f(); }"),
    ],
)  # fmt: skip
def test_an_exit_code_of_0_is_no_pass(best: Runner, language: str, source: str, test: str) -> None:
    (found,) = best.run(Program(language, source, (Test("t", test),))).verdicts
    assert found.status in ("error", "failed", "no_tool"), found
