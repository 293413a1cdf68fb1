"""From a request to a running process: descriptors, limits, a user of its own, the walls of its level, exec."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from udfs.execution import bubblewrap, kernel, seccomp
from udfs.execution.programs import Limits

_USERS = ((0x60000000, 1 << 22), (61_000, 4_000))
"""Ranges of users that are nobody's: a program of root's runs as one of them, which its count of processes needs. The
second is for a container that knows 65,536 users.
"""
_BRAKE = 512
REPORT, CONFIG = 3, 4
"""Descriptors of the program: what its harness reports to, and what it is told."""
_FIRST_OTHER = 5


def own_user() -> int | None:
    """The user that programs of this process run as, None where it is no other than this process's own."""
    if os.geteuid() != 0:
        return None
    known = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    wanted = [first + os.getpid() % count for first, count in _USERS]
    return next((user for user in wanted for first, _, count in known if first <= user < first + count), None)


@cache
def namespace() -> int | None:
    """For bubblewrap under root: a namespace in which nobody is this keeper's own user. None where it cannot be had:
    then the kernel counts no processes, and only looking at them ends a fork bomb.
    """
    user = own_user()
    if user is None or not seccomp.known_machine() or shutil.which("setpriv") is None:
        return None
    try:
        return kernel.user_namespace(bubblewrap.NOBODY, user)
    except OSError:
        return None


@dataclass(frozen=True)
class Launch:
    """One process to start in a folder that has `program` and `work` in it."""

    argv: Sequence[str]
    level: str
    limits: Limits
    folder: Path
    tools: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    stdin: bytes = b""
    config: bytes = b""
    compiles: bool = False
    user: int | None = None
    """Whom it runs as, None where as this process."""


@dataclass
class Started:
    """A process and the reading ends of what it writes."""

    pid: int
    stdout: int
    stderr: int
    report: int


def start(launch: Launch) -> Started:
    """Start it. A process that cannot be executed says so on its stderr and ends with 127."""
    ends = [os.pipe() for _ in range(3)]
    given = [_memory_file("stdin", launch.stdin), *(write for _, write in ends), _memory_file("config", launch.config)]
    if launch.user is not None:
        for fd in given:
            os.fchown(fd, launch.user, launch.user)  # else it could not open /dev/stderr
    argv, extra = _command(launch)
    filtered = seccomp.program(sockets=False) if launch.level == "landlock" else b""  # imports nothing behind a wall
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        _in_child(launch, argv, given, extra, filtered)
    for fd in (*given, *extra):
        os.close(fd)
    (stdout, _), (stderr, _), (report, _) = ends
    return Started(pid, stdout, stderr, report)


def _memory_file(name: str, content: bytes) -> int:
    fd = os.memfd_create(name)
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _command(launch: Launch) -> tuple[list[str], list[int]]:
    """What is executed, and the descriptors beyond the program's own that it needs, in their order from 5 on."""
    if launch.level != "bubblewrap":
        return list(launch.argv), []
    extra = [_memory_file("seccomp", seccomp.program(sockets=True))]
    inside = namespace()
    if inside is not None:
        extra.append(os.dup(inside))
    numbers = {name: _FIRST_OTHER + len(extra) + i for i, name in enumerate(launch.files)}
    extra += [_memory_file("file", content) for content in launch.files.values()]
    argv = bubblewrap.command(
        launch.argv,
        launch.environment,
        launch.tools,
        str(launch.folder / "program"),
        launch.compiles,
        launch.limits.disk,
        _FIRST_OTHER,
        None if inside is None else _FIRST_OTHER + 1,
        numbers,
    )
    return argv, extra


def _in_child(launch: Launch, argv: list[str], given: Sequence[int], extra: Sequence[int], filtered: bytes) -> None:
    """Never returns."""
    try:
        os.setsid()
        _rearrange(given, extra)
        _limit(launch.limits, launch.user)
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")  # before anybody else is
        os.chdir(launch.folder / ("program" if launch.compiles else "work"))
        os.umask(0o022)
        environment = dict(launch.environment)
        if launch.user is not None and launch.level != "bubblewrap":
            os.setgroups([])
            os.setresgid(launch.user, launch.user, launch.user)
            os.setresuid(launch.user, launch.user, launch.user)
        kernel.die_with_parent()
        kernel.no_new_privileges()
        if launch.level == "landlock":
            _wall_in(launch)
            kernel.filter_calls(filtered)
        if launch.level == "bubblewrap":
            environment = {"PATH": os.environ.get("PATH", os.defpath)}
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.execve(shutil.which(argv[0], path=environment["PATH"]) or argv[0], argv, environment)
    except BaseException as error:
        with contextlib.suppress(BaseException):
            os.write(2, f"{argv[0]}: expected to start it, found {error}\n".encode())
    os._exit(127)


def _rearrange(given: Sequence[int], extra: Sequence[int]) -> None:
    """stdin, stdout, stderr, report and config become 0 to 4, the others 5 and on; exec closes everything else."""
    stdin, stdout, stderr, report, config = given
    wanted = [stdin, stdout, stderr, report, config, *extra]
    high = [os.dup(fd) for fd in wanted]  # above all numbers that are about to be given
    while min(high) < len(wanted):
        high = [os.dup(fd) for fd in high]
    for number, fd in enumerate(high):
        os.dup2(fd, number, inheritable=True)


def _limit(limits: Limits, user: int | None) -> None:
    seconds = int(limits.cpu_seconds) + 2  # the keeper ends it before, on time
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_FSIZE, max(limits.file, 1)),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_NPROC, limits.processes if user is not None else _of_my_user() + _BRAKE),
    ):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _of_my_user() -> int:
    """Threads of this process's user: a brake above them stops what forks faster than it is killed."""
    found = 0
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdecimal() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                found += len(os.listdir(f"/proc/{name}/task"))
    return found


def _wall_in(launch: Launch) -> None:
    readable = [*bubblewrap.system_paths(), *launch.tools, "/proc", "/dev/zero", "/dev/urandom", "/dev/random"]
    written = [str(launch.folder / "work"), "/dev/null"]
    program = str(launch.folder / "program")
    (written if launch.compiles else readable).append(program)
    kernel.confine(readable, written)
