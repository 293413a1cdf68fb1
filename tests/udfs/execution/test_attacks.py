# ruff: noqa: E501 (programs stand as they are run)
"""What programs try, at every level that holds here, against the table of docs/execution.md: no more is asserted."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.udfs.execution.conftest import SMALL
from udfs.execution import kernel, watching
from udfs.execution.programs import MB, Program, Result, Test
from udfs.execution.running import Runner

ROOT = os.geteuid() == 0
SECRET = "the-secret-of-this-test"


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder that anybody may read and write, so that only a wall and no permission keeps a program out."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o777)
        (place / "secret").write_text(SECRET)
        (place / "secret").chmod(0o666)
        yield place


def attack(runner: Runner, source: str, test: str = "assert True", **limits: float) -> Result:
    return runner.run(Program("python", source, (Test("attack", test),)), replace(runner.limits, **limits))


def walled(runner: Runner) -> bool:
    return runner.level in ("landlock", "bubblewrap")


def apart_from_us(runner: Runner) -> bool:
    """Whether a signal to a process of ours is refused: by a namespace, by Landlock's scope, or as another user's."""
    return runner.level == "bubblewrap" or ROOT or (runner.level == "landlock" and kernel.landlock_version() >= 6)


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("while True: pass", "cpu_limit"),
        ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", "cpu_limit"),
        ("import signal\nsignal.signal(signal.SIGALRM, print)\nsignal.signal(signal.SIGTERM, print)\nsignal.signal(signal.SIGXCPU, print)\nwhile True: pass", "cpu_limit"),
        ("import itertools\nfor _ in itertools.product(range(10**6), repeat=6): pass", "cpu_limit"),
        ("import os\nfor _ in range(4):\n    if not os.fork():\n        while True: pass\nos.wait()", "cpu_limit"),
        ("import os, signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nfor _ in range(2): os.fork()\nwhile True: pass", "cpu_limit"),
        ("import time\ntime.sleep(1000)", "wall_limit"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "wall_limit"),
        ("x = bytearray(10 << 30)", "memory_limit"),
        ("x = []\nwhile True: x.append(bytearray(1 << 20))", "memory_limit"),
        ("import mmap\nx = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): x[i] = 1", "memory_limit"),
        ("import os\nfor _ in range(6):\n    if not os.fork(): break\nx = bytearray(b'x' * (64 << 20))\nimport time\ntime.sleep(60)", "memory_limit"),
        ("while True: print('x' * 1000)", "output_limit"),
        ("import sys\nwhile True: sys.stderr.write('x' * 1000)", "output_limit"),
        ("import os\nwhile True: os.write(1, b'x' * (1 << 20))", "output_limit"),
        ("def f(): f()\nf()", "error"),
        ("import sys\nsys.setrecursionlimit(10**8)\ndef f(): f()\nf()", "memory_limit or cpu_limit"),
        ("input()", "error"),
        ("open('big', 'wb').write(b'x' * (64 << 20))", "error"),
        ("x = [open('f', 'w') for _ in range(1000)]", "error"),
        ("import os\nos.kill(os.getpid(), 9)", "error"),
        ("class E(Exception):\n    def __str__(self): return 'x' * 10**7\nraise E", "error"),
        ("raise Exception('x' * 10**7)", "error"),
        ("def f(n):\n    if n: f(n - 1)\n    else: raise ValueError('y' * 100000)\nf(900)", "error"),
    ],
)  # fmt: skip
def test_what_is_too_much_is_ended(runner: Runner, source: str, status: str) -> None:
    limits = {"wall": 0.5} if status == "wall_limit" else {}
    begun = time.monotonic()
    (found,) = attack(runner, source, **limits).verdicts
    assert found.status in status.split(" or "), found
    assert time.monotonic() - begun < 60
    assert len(found.detail) < 5000 and len(found.stdout.text) < 2 * SMALL.shown
    assert found.cpu_seconds < 2 * SMALL.cpu_seconds + 1
    assert found.peak_memory < 2 * SMALL.memory


@pytest.mark.parametrize(
    "source",
    [
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "import os\nwhile True:\n    try:\n        if not os.fork(): os.setsid()\n    except OSError: pass",
        "import subprocess, sys\nwhile True: subprocess.Popen(['sh', '-c', 'sleep 100 & sleep 100 & sleep 100'])",
    ],
    ids=["forks", "sessions", "shells"],
)
def test_a_fork_bomb_is_ended_whole(runner: Runner, source: str) -> None:
    before, most = count_of_processes(), [0]
    watched = threading.Event()

    def watch() -> None:
        while not watched.wait(0.05):
            most[0] = max(most[0], count_of_processes() - before)

    thread = threading.Thread(target=watch)
    thread.start()
    (found,) = attack(runner, source).verdicts
    watched.set()
    thread.join()
    assert found.status in ("killed", "cpu_limit", "memory_limit", "error", "wall_limit"), found
    assert most[0] < (4 * SMALL.processes if ROOT else 2000), "root's programs are counted by the kernel"
    assert not any(watching.descendants(keeper.process.pid) for keeper in runner._keepers._idle)
    assert attack(runner, "pass").passed


def count_of_processes() -> int:
    """Of users that only programs have; of this user where it is not root, who has many others."""
    found = 0
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            user = os.stat(f"/proc/{name}").st_uid
            found += user >= 61_000 and user != 65_534 if ROOT else user == os.getuid()
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\nsubprocess.Popen(['sleep', '987.25'])",
        "import subprocess\nsubprocess.Popen(['sleep', '987.25'], start_new_session=True)",
        "import os\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n        os.execvp('sleep', ['sleep', '987.25'])\n    os._exit(0)\nos.wait()",
        "import subprocess\nsubprocess.Popen(['sh', '-c', 'trap \"\" TERM HUP INT; (sleep 987.25 &) ; (setsid sleep 987.25 &)'])",
    ],
)  # fmt: skip
def test_nobody_is_left_behind(runner: Runner, source: str) -> None:
    assert attack(runner, source).passed
    assert not subprocess.run(["pgrep", "-f", "sleep 987.25"], capture_output=True, check=False).stdout


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos._exit(0)",
        "import sys\nsys.exit(0)",
        "raise SystemExit",
        "import os\nos.execvp('true', ['true'])",
        "import os, signal\nos.kill(0, signal.SIGKILL)",
        "import os\nos.kill(os.getppid(), 9)",
        "import ctypes\nctypes.string_at(0)",
        "import os\nfor fd in range(256):\n    try: os.close(fd)\n    except OSError: pass\nos._exit(0)",
    ],
)
def test_an_early_end_is_no_pass(runner: Runner, source: str) -> None:
    """Where the program ends, and where the function that is tested does."""
    assert not attack(runner, source, "assert False").passed
    body = "\n".join("    " + line for line in source.splitlines())
    found = attack(runner, f"def f():\n{body}\n", "f()\nassert False")
    assert not found.passed and found.status in ("error", "killed"), found
    assert not attack(runner, "import sys", f"{source}\nassert False").passed


def test_nothing_outside_is_written_or_read(runner: Runner, outside: Path) -> None:
    """At rlimits only what permissions keep: the program of root's is nobody, that of a user is the user."""
    program = f"""
import os
for path in ({str(outside / "secret")!r}, {str(outside / "new")!r}, "/etc/refinelake", "/usr/bin/refinelake", "/root/x"):
    try:
        open(path, "a").write("overwritten")
    except OSError:
        pass
try:
    print(open({str(outside / "secret")!r}).read())
except OSError:
    print("kept out")
"""
    found = attack(runner, program)
    assert found.passed
    if walled(runner):
        assert (outside / "secret").read_text() == SECRET and not (outside / "new").exists()
        assert found.verdicts[0].stdout.text == "kept out\n"
    else:
        assert SECRET in found.verdicts[0].stdout.text
    if ROOT or walled(runner):
        assert not Path("/etc/refinelake").exists() and not Path("/usr/bin/refinelake").exists()


def test_no_secret_is_in_the_environment(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_TOKEN", SECRET)
    found = attack(runner, "import os\nprint(dict(os.environ))\nprint(open('/proc/self/environ').read())")
    assert found.passed and SECRET not in found.verdicts[0].stdout.text


def test_other_processes_say_nothing(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """/proc of all processes: environments, memory, descriptors. At rlimits a user's own are open to his programs."""
    monkeypatch.setenv("CLOUD_TOKEN", SECRET)
    with subprocess.Popen(["sleep", "30"]) as ours:  # has the secret in its environment
        found = attack(
            runner,
            """
import os
me = {str(os.getpid()), str(os.getppid())}
for pid in filter(str.isdecimal, os.listdir("/proc")):
    for name in ("environ", "maps", "fd"):
        try:
            print(os.listdir(f"/proc/{pid}/fd") if name == "fd" else open(f"/proc/{pid}/{name}").read(), pid in me)
        except OSError:
            pass
""",
        )
        ours.kill()
    if walled(runner) or ROOT:
        assert SECRET not in found.verdicts[0].stdout.text
    assert found.status in ("passed", "output_limit")


@pytest.fixture
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A TCP port and a UDP port of the same number, and what came in."""
    came: list[bytes] = []
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        port = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        for each in (tcp, udp):
            each.settimeout(5)

        def accept() -> None:
            try:
                came.append(tcp.accept()[0].recv(10))
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield port, came
        udp.settimeout(0.1)
        with contextlib.suppress(OSError):
            came.append(udp.recv(10))


def test_no_network(runner: Runner, listening: tuple[int, list[bytes]]) -> None:
    port, came = listening
    program = f"""
import socket
try:
    with socket.create_connection(("127.0.0.1", {port}), 2) as out:
        out.sendall(b"tcp")
    print("reached")
except OSError as error:
    print("refused")
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"udp", ("127.0.0.1", {port}))
except OSError as error:
    print("refused")
"""
    found = attack(runner, program)
    assert found.passed, found
    time.sleep(0.2)
    assert ("reached" in found.verdicts[0].stdout.text) == (not walled(runner))
    assert not walled(runner) or came == []


def test_signals_do_not_get_out(runner: Runner) -> None:
    if not apart_from_us(runner):
        pytest.skip("a user's program may signal his processes at this level, as docs/execution.md says")
    with subprocess.Popen(["sleep", "60"]) as ours:
        program = (
            f"import os\nfor pid in ({ours.pid}, {os.getpid()}):\n    try: os.kill(pid, 9)\n    except OSError: pass"
        )
        assert attack(runner, program).status in ("passed", "error", "killed")
        assert ours.poll() is None
        if runner.level == "bubblewrap" or ROOT:  # everybody it may reach
            found = attack(runner, "import os\nos.kill(-1, 9)")
            assert not found.passed and ours.poll() is None
        ours.kill()
    assert attack(runner, "pass").passed


def test_a_keeper_that_is_killed_is_replaced(best: Runner) -> None:
    """As the machine may do it: the run is tried once more, and nothing is left of the first."""
    with Runner(level="rlimits", limits=SMALL) as runner:
        attack(runner, "pass")
        (keeper,) = runner._keepers._idle
        killer = threading.Timer(0.7, os.kill, (keeper.process.pid, signal.SIGKILL))
        killer.start()
        found = attack(runner, "import subprocess, time\nsubprocess.Popen(['sleep', '986.5'], start_new_session=True)\ntime.sleep(1.2)")  # fmt: skip
        assert found.passed and keeper.process.returncode == -signal.SIGKILL
        assert not subprocess.run(["pgrep", "-f", "sleep 986.5"], capture_output=True, check=False).stdout


def test_links_are_not_followed(runner: Runner, outside: Path) -> None:
    """Neither by what is written for the next run nor by what is removed behind it."""
    kept = outside / "kept"
    kept.mkdir()
    (kept / "file").write_text("kept")
    (kept / "file").chmod(0o444)
    program = f"""
import os, shutil
os.symlink({str(kept)!r}, "link")
os.symlink("/etc/passwd", "passwd")
for place in ("../program", os.path.dirname(os.path.abspath(__file__))):
    try:
        os.symlink({str(kept / "file")!r}, place + "/program.sh")
        os.symlink({str(kept)!r}, place + "/more")
    except OSError:
        pass
os.mkdir("closed")
open("closed/file", "w").close()
os.chmod("closed", 0)
os.mkfifo("fifo")
"""
    assert attack(runner, program).passed
    shell = Program("shell", "echo here", (Test("t"),), {"in/file": b"1"})
    assert runner.run(shell).passed
    assert (kept / "file").read_text() == "kept" and sorted(os.listdir(kept)) == ["file"]
    base = Path(runner._keepers.base)
    assert not [p for p in base.rglob("*") if p.name in ("link", "closed", "fifo", "more")]


def test_disk_is_bounded_where_it_is_said_to_be(runner: Runner) -> None:
    program = """
import os
written = 0
for place in (".", "/tmp", "/dev/shm", "/", "/dev", "/box", "/box/program", "/run", "/var/tmp"):
    try:
        for number in range(20):
            with open(f"{place}/fill{number}", "wb") as out:
                written += out.write(b"x" * (3 << 20))
    except OSError:
        pass
print(written)
for place in (".", "/tmp", "/dev/shm"):
    for number in range(20):
        try: os.remove(f"{place}/fill{number}")
        except OSError: pass
"""
    found = attack(runner, program, memory=400 * MB)
    if runner.level == "bubblewrap":
        assert int(found.verdicts[0].stdout.text) <= 3 * SMALL.disk
    assert found.passed


def test_no_privilege_comes_back(runner: Runner) -> None:
    """No set-user-id program, no namespace of its own, no debugging, no kernel keys where calls are filtered."""
    found = attack(
        runner,
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print("new privileges", libc.prctl(39, 0, 0, 0, 0) == 0)
print("namespace", libc.unshare(0x10000000) == 0)
print("traced", libc.ptrace(16, os.getppid(), 0, 0) == 0)
print("user", os.getuid())
""",
    )
    text = found.verdicts[0].stdout.text
    assert "new privileges False" in text
    assert not ROOT or "user 0\n" not in text
    if walled(runner):
        assert "namespace False" in text and "traced False" in text


def test_this_process_is_as_it_was(runner: Runner) -> None:
    """No limit, no handler and no working folder of ours is changed by running a program."""
    before = resource.getrlimit(resource.RLIMIT_DATA), os.getcwd(), signal.getsignal(signal.SIGCHLD), sys.path[:]
    attack(runner, "pass")
    assert before == (resource.getrlimit(resource.RLIMIT_DATA), os.getcwd(), signal.getsignal(signal.SIGCHLD), sys.path)
