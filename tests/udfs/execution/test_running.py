# ruff: noqa: E501 (programs stand as they are run)
"""Statuses, what comes out with them, and that neither load nor company changes any."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.udfs.execution.conftest import SMALL
from udfs.execution.programs import MB, Limits, Output, Program, Result, Test, Verdict
from udfs.execution.running import Runner, alone_again

# Ends, loops, sleeps, allocations, floods: of each kind programs that end well and others.
MIXED = [
    ("def f(x): return sorted(x)", "assert f([2, 1]) == [1, 2]", "passed"),
    ("def f(x): return x", "assert f([2, 1]) == [1, 2]", "failed"),
    ("def f(n): return sum(i * i for i in range(n))", "assert f(600_000) > 0", "passed"),
    ("def f():\n    while True: pass", "f()", "cpu_limit"),
    ("import time\ndef f(): time.sleep(0.2)", "f()", "passed"),
    ("x = bytearray(300 << 20)", "assert x", "memory_limit"),
    ("x = bytearray(60 << 20)", "assert len(x)", "passed"),
    ("while True: print('x' * 4096)", "pass", "output_limit"),
    ("print('x' * 200_000)", "pass", "passed"),
    ("raise KeyError('a')", "pass", "error"),
    ("import sys; sys.exit(0)", "pass", "error"),
    ("def f(: pass", "pass", "compile_error"),
    ("import os\nfor _ in range(3):\n    if not os.fork():\n        sum(range(2_000_000))\n        os._exit(0)\nfor _ in range(3): os.wait()", "pass", "passed"),
    ("import os\npid = os.fork()\nif not pid: os.kill(os.getpid(), 11)\nassert os.waitpid(pid, 0)[1] == 11", "pass", "passed"),
]  # fmt: skip
PROGRAMS = [Program("python", source, (Test("t", test),)) for source, test, _ in MIXED]
WANTED = [status for _, _, status in MIXED]


def test_verdicts_are_as_they_should_be(runner: Runner) -> None:
    assert [r.status for r in runner.run_all(PROGRAMS)] == WANTED


@pytest.fixture
def busy() -> Iterator[None]:
    """Twelve processes that never rest, on however few cores."""
    pids = []
    for _ in range(12):
        pid = os.fork()
        if not pid:
            signal.alarm(120)
            while True:
                pass
        pids.append(pid)
    yield
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_load_changes_no_verdict(best: Runner, busy: None) -> None:
    """Four at once beside twelve busy processes: a program gets a sixteenth of the cores, and the same verdict."""
    found = best.run_all(PROGRAMS, workers=4)
    assert [r.status for r in found] == WANTED
    assert all(r.is_measure for r in found)


def test_what_the_wall_clock_ended_is_tried_again_alone() -> None:
    asked: list[tuple[str, int]] = []
    at_once = threading.Semaphore(2)

    def run(name: str) -> Result:
        assert at_once.acquire(blocking=False)
        asked.append((name, len(asked)))
        at_once.release()
        late = name == "late" or (name == "starved" and sum(n == name for n, _ in asked) == 1)
        return Result("rlimits", (Verdict("t", "wall_limit" if late else "passed"),))

    found = alone_again(run, ["a", "starved", "late", "b"], workers=2)
    assert [r.status for r in found] == ["passed", "passed", "wall_limit", "passed"]
    assert sorted(name for name, _ in asked) == ["a", "b", "late", "late", "starved", "starved"]
    assert not found[2].is_measure and found[1].is_measure


def test_a_test_that_breaks_a_limit_takes_none_with_it(runner: Runner) -> None:
    bodies = {
        "first": ("assert f(1) == 1", "passed"),
        "loops": ("while True: f(1)", "cpu_limit"),
        "second": ("assert f(2) == 2", "passed"),
        "eats": ("x = []\nwhile True: x.append(bytearray(1 << 20))", "memory_limit"),
        "ends": ("import os; os._exit(0)", "error"),
        "exits": ("import sys; sys.exit()", "error"),
        "broken": ("assert f(", "error"),
        "floods": ("while True: print('x' * 10000)", "output_limit"),
        "last": ("assert f(3) == 3", "passed"),
    }
    tests = tuple(Test(name, code) for name, (code, _) in bodies.items())
    result = runner.run(Program("python", "def f(x): return x", tests))
    assert {v.name: v.status for v in result.verdicts} == {name: status for name, (_, status) in bodies.items()}
    assert result.status == "cpu_limit" and not result.passed


def test_limits_are_those_of_one_test(runner: Runner) -> None:
    """Together these use more CPU seconds and sleep longer than one may."""
    tests = [
        Test(str(i), "import time\nuntil = time.process_time() + 0.4\nwhile time.process_time() < until: pass")
        for i in range(5)
    ]
    tests += [Test(f"sleep {i}", "import time\ntime.sleep(0.5)") for i in range(5)]
    found = runner.run(Program("python", "", tuple(tests)), replace(SMALL, cpu_seconds=1.0, wall=1.5))
    assert found.passed, found


def test_no_test_sees_what_another_did(runner: Runner) -> None:
    tests = tuple(Test(str(i), "count.append(1)\nassert f() == [1]") for i in range(3))
    assert runner.run(Program("python", "count = []\ndef f(): return count", tests)).passed


SPENDING = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.{handler})
pids = []
for _ in range(3):
    pids.append(os.fork())
    if not pids[-1]:
        while time.process_time() < 0.25: pass
        os._exit(0)
try:
    for pid in pids: {wait}
except ChildProcessError:
    pass
"""


@pytest.mark.parametrize(
    ("handler", "wait", "least"),
    [
        ("SIG_DFL", "os.waitpid(pid, 0)", 0.74),
        ("SIG_DFL", "os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)", 0.74),
        ("SIG_IGN", "os.wait()", 0.4),  # nobody is told what they used: what was seen of them counts
    ],
    ids=["waited for", "never waited for", "nobody can wait for them"],
)
def test_cpu_seconds_are_of_all_processes(runner: Runner, handler: str, wait: str, least: float) -> None:
    source = SPENDING.format(handler=handler, wait=wait)
    (found,) = runner.run(Program("python", source, (Test("t", stdout=""),))).verdicts
    assert found.status == "passed" and least < found.cpu_seconds < 1.4, found


def test_peak_memory_is_measured(runner: Runner) -> None:
    (found,) = runner.run(
        Program("python", "x = bytearray(b'1') * (80 << 20)\nimport time\ntime.sleep(0.1)", (Test("t", stdout=""),))
    ).verdicts
    assert 80 * MB < found.peak_memory < 160 * MB


def test_output_is_head_and_tail_with_its_size(runner: Runner) -> None:
    source = "import sys\nprint('first', 'x' * 100_000, 'last')\nsys.stderr.buffer.write(b'\\xff\\xfe!')"
    (found,) = runner.run(Program("python", source, (Test("t", stdout="?"),))).verdicts
    assert found.stdout.text.startswith("first x") and found.stdout.text.endswith("x last\n")
    assert found.stdout.size == 100_012 and len(found.stdout.text) < SMALL.shown + 50
    assert "bytes left out]" in found.stdout.text
    assert found.stderr == Output("\ufffd\ufffd!", 3)


def test_an_exact_size_is_whole(runner: Runner) -> None:
    for size in (SMALL.shown - 2, SMALL.shown - 1, SMALL.shown, SMALL.shown + 1):
        (found,) = runner.run(Program("python", f"print('x' * {size - 1})", (Test("t", stdout="?"),))).verdicts
        assert found.stdout.size == size
        assert ("left out" in found.stdout.text) == (size > SMALL.shown)


def test_files_and_input_are_there(runner: Runner) -> None:
    source = "import sys\nprint(open('data/a.txt').read(), open('b').read(), sys.stdin.read(), __name__)\nopen('new', 'w').write('x')"
    program = Program(
        "python", source, (Test("t", stdin="in\n", stdout="A B in\n __main__"),), {"data/a.txt": b"A", "b": b"B"}
    )
    for _ in range(2):
        assert runner.run(program).passed, "a run finds nothing of the one before"
    told = Program(
        "python",
        "x = input()\ny = open('b').read()",
        (Test("t", "assert (x, y) == ('typed', 'B')", stdin="typed"), Test("u", "assert x == 'other'", stdin="other")),
        {"b": b"B"},
    )
    assert runner.run(told).passed


def test_text_of_any_kind_is_a_verdict(runner: Runner) -> None:
    for source in ("x = '\ud800'", "x = '\x00'", "\ufeffx = 1", "x = 'ä'\nassert len(x) == 1", ""):
        (found,) = runner.run(Program("python", source, (Test("t", "assert True"),))).verdicts
        assert found.status in ("passed", "compile_error"), (source, found)


def test_sets_have_one_order(best: Runner) -> None:
    """Else a program that depends on it would have another verdict every time."""
    program = Program("python", "print(list({'a', 'b', 'c', 'd', 'e'}))", (Test("t", stdout="?"),))
    assert len({best.run(program).verdicts[0].stdout.text for _ in range(4)}) == 1


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "", "a\0b"])
def test_a_file_outside_of_the_folder_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="expected a place below its folder"):
        Program("python", "", files={name: b""})


def test_a_fork_of_this_process_has_runs_of_its_own(best: Runner) -> None:
    """As Spark's workers are: its keepers are not asked by two, and its folder is not removed by the fork."""
    assert best.run(PROGRAMS[0]).passed
    pid = os.fork()
    if not pid:
        fine = best.run(PROGRAMS[0]).passed and best.run(PROGRAMS[1]).status == "failed"
        best.close()
        os._exit(0 if fine else 1)
    assert best.run(PROGRAMS[0]).passed
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert best.run(PROGRAMS[0]).passed


def test_impossible_limits_and_tests_are_refused() -> None:
    with pytest.raises(ValueError, match="expected numbers above 0"):
        Limits(cpu_seconds=0)
    with pytest.raises(ValueError, match="test t: expected code or an output"):
        Test("t", "pass", stdout="x")
