"""The process that starts programs one after the other and watches each: its only thread may fork, and it is the
subreaper of what they leave behind. It is asked in lines of JSON, and answers in lines of JSON.
"""

from __future__ import annotations

import base64
import json
import os
import selectors
import shutil
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from udfs.execution import bubblewrap, kernel, watching
from udfs.execution.launching import Launch, Started, namespace, own_user, start
from udfs.execution.programs import Limits
from udfs.execution.streams import Reports, Tail

_FIRST_LOOK, _LOOK = 0.005, 0.02
_CHUNK = 1 << 16
_REPORTS = 1 << 24


class Watch:
    """One run from its start to its end."""

    def __init__(self, launch: Launch, word: str = "") -> None:
        self.launch, self.limits = launch, launch.limits
        self.usage = watching.Usage()
        self.codes: dict[int, int] = {}
        self.reports = Reports(_REPORTS, word)
        self.outputs = {"stdout": Tail(self.limits.shown), "stderr": Tail(self.limits.shown), "report": self.reports}
        self.stopped: str | None = None
        self.process: Started | None = None
        # A test's own share begins with the first look at it.
        self.test, self.cpu_before, self.clock_before = 0, 0.0, 0.0

    def run(self) -> dict[str, Any]:
        begun = time.monotonic()
        process = self.process = start(self.launch)
        ended = os.pidfd_open(process.pid)
        with selectors.DefaultSelector() as selector:
            for name in self.outputs:
                selector.register(getattr(process, name), selectors.EVENT_READ, name)
            selector.register(ended, selectors.EVENT_READ, "")
            selector.register(0, selectors.EVENT_READ, None)
            self._until_it_ends(selector, begun)
            gone = watching.end(self.usage, self.codes, self.launch.user)
            self._drain(process)
        for fd in (process.stdout, process.stderr, process.report, ended):
            os.close(fd)
        return self._told(process, time.monotonic() - begun, gone)

    def _until_it_ends(self, selector: selectors.BaseSelector, begun: float) -> None:
        look, last = _FIRST_LOOK, begun
        while self.stopped is None:
            keys = [(key.data, key.fd) for key, _ in selector.select(look)]
            for name, fd in keys:
                if name and not self._read(name, fd):
                    selector.unregister(fd)
                if name is None:  # who asked is gone
                    watching.end(self.usage, self.codes, self.launch.user)
                    raise SystemExit(0)
            now = time.monotonic()
            if now - last >= look:
                self._look(now - begun, now - last)
                last, look = now, min(_LOOK, look * 2)
            if any(name == "" for name, _ in keys):
                return

    def _read(self, name: str, fd: int) -> bool:
        chunk = os.read(fd, _CHUNK)
        self.outputs[name].add(chunk)
        if self.outputs["stdout"].size + self.outputs["stderr"].size > self.limits.output:
            self.stopped = "output_limit"
        return bool(chunk)

    def _look(self, clock: float, since: float) -> None:
        """Look at the tree and judge the test that it was at all the while; of one that has just begun next time."""
        assert self.process is not None
        self._empty("report", self.process.report)
        before = self.reports.begun
        self.usage.sample(os.getpid(), since, self.limits.processes, self.limits.memory)
        self._empty("report", self.process.report)
        clock -= self.usage.waited
        if self.usage.processes > self.limits.processes:
            self.stopped = "killed"
        elif self.reports.begun != before or self.test != before:
            self.test, self.cpu_before, self.clock_before = self.reports.begun, self.usage.cpu, clock
        else:
            self.stopped = self.stopped or self._broken(clock - self.clock_before)
        self.reports.frozen = self.stopped is not None

    def _broken(self, clock: float) -> str | None:
        """The limit that is passed. Order is of no weight: what comes first ends the run."""
        if self.usage.cpu - self.cpu_before > self.limits.cpu_seconds:
            return "cpu_limit"
        if self.usage.memory > self.limits.memory:
            return "memory_limit"
        return "wall_limit" if clock > self.limits.wall * self.limits.cpu_seconds else None

    def _drain(self, process: Started) -> None:
        """What lies in the pipes yet: nobody writes any more."""
        for name in self.outputs:
            self._empty(name, getattr(process, name))

    def _empty(self, name: str, fd: int) -> None:
        os.set_blocking(fd, False)
        with suppress(BlockingIOError):
            while self._read(name, fd) and self.outputs[name].size <= self.limits.output + _CHUNK:
                pass

    def _told(self, process: Started, wall: float, gone: bool) -> dict[str, Any]:
        # A program that ended by itself just before it was looked at used what it used.
        if self.stopped is None and self.usage.cpu - self.cpu_before > self.limits.cpu_seconds:
            self.stopped = "cpu_limit"
        status = self.codes.get(process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        return {
            "exit": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "cpu": self.usage.cpu,
            "peak": self.usage.peak,
            "wall": wall,
            "stopped": self.stopped if gone else "wall_limit",
            "gone": gone,
            **{name: output.shown() for name, output in self.outputs.items()},
        }


def folder(base: Path, files: dict[str, str], user: int | None) -> Path:
    """A new folder with `program`, which holds the files, and `work`, the program's own where it has a user."""
    found = Path(tempfile.mkdtemp(dir=base))
    os.chmod(found, 0o755)
    for name in ("program", "work"):
        (found / name).mkdir()
        if user is not None:
            os.chown(found / name, user, user)
    for name, text in files.items():
        write_new(found / "program" / name, base64.b64decode(text))
    return found


def write_new(path: Path, content: bytes) -> None:
    """A file where none was: never through a link that a program left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644), "wb") as out:
        out.write(content)


def forget(place: Path) -> None:
    """Remove a folder with all that a program made there, no link followed."""

    def once_more(function: Any, path: str, error: Any) -> None:
        """A program may have taken rights from its own folders."""
        with suppress(OSError):
            os.chmod(os.path.dirname(path), stat.S_IRWXU)
            if not os.path.islink(path):
                os.chmod(path, stat.S_IRWXU)
            function(path)

    shutil.rmtree(place, onerror=once_more)


def _user(level: str) -> int | None:
    return None if level == "bubblewrap" and namespace() is None else own_user()


def _launched(place: Path, asked: dict[str, Any]) -> dict[str, Any]:
    limits = Limits(**asked["limits"])
    boxed = asked["level"] == "bubblewrap"
    seen = {name: f"{bubblewrap.BOX}/{name}" if boxed else str(place / name) for name in ("program", "work")}

    def placed(text: str) -> str:
        return text.replace("{program}", seen["program"]).replace("{work}", seen["work"])

    files = {name: base64.b64decode(text) for name, text in asked["files"].items()}
    if not boxed:
        fresh = place / "work"
        forget(fresh)
        fresh.mkdir()
        for name, content in files.items():
            write_new(fresh / name, content)
        if (user := own_user()) is not None:
            os.chown(fresh, user, user)
    return Watch(
        Launch(
            argv=[placed(word) for word in asked["argv"]],
            level=asked["level"],
            limits=limits,
            folder=place,
            tools=asked["tools"],
            environment={name: placed(value) for name, value in asked["environment"].items()},
            files=files,
            stdin=base64.b64decode(asked["stdin"]),
            config=base64.b64decode(asked["config"]),
            compiles=asked["compiles"],
            user=_user(asked["level"]),
        ),
        asked["word"],
    ).run()


def main(base: str) -> None:
    """Serve until the asking end is closed."""
    kernel.become_subreaper()
    kernel.hide_memory()
    place: Path | None = None
    try:
        while line := sys.stdin.buffer.readline():
            asked = json.loads(line)
            if asked is None:
                return
            if place is not None and "folder" in asked:
                forget(place)
            if "folder" in asked:
                place = folder(Path(base), asked["folder"], _user(asked["level"]))
                answer: dict[str, Any] = {"folder": str(place)}
            else:
                assert place is not None
                answer = _launched(place, asked)
            sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
            sys.stdout.buffer.flush()
            if not answer.get("gone", True):
                return  # it still has children that will not die: the next program gets another keeper
    finally:
        if place is not None:
            forget(place)
