"""The tree of processes below this one: who is in it, what it uses, how it is ended.

Orphans come to this process, which is their subreaper, so that nobody leaves the tree by losing a parent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import deque
from dataclasses import dataclass, field

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE = 10.0
_AT_ONCE = 1000


def children(pid: int) -> list[int]:
    """Children of all threads of a process; none where it is gone."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def descendants(pid: int, most: int = 1 << 22) -> list[int]:
    """Every process below one, parents first; not many more than `most`: a fork bomb would fill any list."""
    found: list[int] = []
    waiting = deque(children(pid))
    while waiting and len(found) <= most:
        found.append(waiting.popleft())
        waiting += children(found[-1])
    return found


@dataclass
class Usage:
    """What a tree has used so far, by samples; what its reaped processes used is added by `reap`."""

    peak: int = 0
    memory: int = 0
    """At the last look."""
    processes: int = 0
    waited: float = 0.0
    """Seconds in which some thread was ready and had no core."""
    reaped: float = 0.0
    _live: float = 0.0
    _seen: dict[tuple[int, str], float] = field(default_factory=dict)
    _delays: dict[str, int] = field(default_factory=dict)

    @property
    def cpu(self) -> float:
        """The larger of what the kernel counted for reaped processes and of what was seen of all of them: a process
        that nobody waits for is in the second only.
        """
        return max(self.reaped + self._live, sum(self._seen.values()))

    def sample(self, root: int, seconds: float, most: int, memory_limit: int) -> None:
        """Look at the tree, `seconds` after the last look; not at all of it where it has more than `most` processes.

        Memory that processes share since a fork is counted once for each, and exactly only where that is too much.
        """
        pids = descendants(root, most)
        memory, longest, live = 0, 0, 0
        for pid in pids:
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
                own, waited_for = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
                live += own + waited_for
                self._seen[pid, fields[19]] = own / _TICK  # by its start too: a number is given again
                memory += int(fields[21]) * _PAGE
                longest = max(longest, self._delay(pid))
        self._live = live / _TICK
        if memory > memory_limit:
            memory = sum(map(_proportional, pids))
        self.processes, self.memory, self.peak = len(pids), memory, max(self.peak, memory)
        self.waited += min(seconds, longest / 1e9)

    def _delay(self, pid: int) -> int:
        """Nanoseconds that the process's most delayed thread has waited for a core since the last look."""
        most = 0
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                now = int(_read(f"/proc/{pid}/task/{thread}/schedstat").split()[1])
                most = max(most, now - self._delays.get(thread, 0))
                self._delays[thread] = now
        return most

    def reap(self, codes: dict[int, int]) -> None:
        """Take in what has ended, without waiting; `codes` gets the wait status of each."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            codes[pid] = status
            self.reaped += used.ru_utime + used.ru_stime
            self._live = 0.0  # until the next look: part of it may be in what was reaped
            self.peak = max(self.peak, used.ru_maxrss * 1024)


def end(usage: Usage, codes: dict[int, int], user: int | None) -> bool:
    """Kill every process below this one and take them in. False where some will not die.

    `user`: their own user, whose processes are all killed at one stroke, which no fork can outrun.
    """
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        below = descendants(os.getpid(), _AT_ONCE)
        if below and user is not None:
            _kill_all_of(user)
        for pid in below:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        usage.reap(codes)
        if not children(os.getpid()):
            return True
        time.sleep(0.0005)
    return False


def _proportional(pid: int) -> int:
    """Bytes of a process, what is shared divided by those who share it."""
    try:
        lines = _read(f"/proc/{pid}/smaps_rollup").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))
    except (OSError, ValueError, StopIteration):
        return 0  # gone, or a harness of the same user, which is small and hides its memory


def _kill_all_of(user: int) -> None:
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            os.kill(-1, signal.SIGKILL)
        os._exit(0)
    os.waitpid(pid, 0)


def _read(path: str) -> str:
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 65536).decode("ascii", "replace")
    finally:
        os.close(fd)
