"""Keepers from the other side: one process for each run at a time, kept for the next, replaced where it died."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import udfs
from udfs.execution.programs import Limits

_MARK = "REFINELAKE_RUN"
"""Variable in a program's environment by which what a killed keeper left behind is found."""


class Keeper:
    """One keeper process. Not for several threads at once."""

    def __init__(self, base: str) -> None:
        root = str(Path(next(iter(udfs.__path__))).parent)
        code = f"import sys; sys.path.insert(0, {root!r}); from udfs.execution.keeper import main; main({base!r})"
        self.base = Path(base)
        self.place: Path | None = None
        self.mark = os.urandom(12).hex()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )

    def cached(self, name: str) -> Path:
        """Where runs find what a compiler kept; it may not be there."""
        return self.base / name

    def keep(self, folder: str, name: str) -> None:
        """Keep a folder of what the last launch compiled for all runs after it, which cannot write there."""
        assert self.place is not None
        made = Path(tempfile.mkdtemp(dir=self.base)) / name
        shutil.copytree(self.place / "program" / folder, made)
        for file in (made, *made.rglob("*")):
            file.chmod(0o755 if file.is_dir() else 0o644)
        with suppress(OSError):  # another run was first
            made.rename(self.cached(name))
        shutil.rmtree(made.parent)

    def folder(self, files: Mapping[str, bytes], level: str) -> None:
        """A new folder for the runs that follow, in place of the last."""
        asked = {"folder": {name: _text(content) for name, content in files.items()}, "level": level}
        self.place = Path(self._ask(asked)["folder"])

    def launch(
        self,
        argv: tuple[str, ...],
        level: str,
        limits: Limits,
        environment: Mapping[str, str],
        tools: tuple[str, ...] = (),
        files: Mapping[str, bytes] | None = None,
        stdin: bytes = b"",
        config: bytes = b"",
        word: str = "",
        compiles: bool = False,
    ) -> dict[str, Any]:
        """Run one process to its end. Raises BrokenKeeper where the program ended the keeper."""
        return self._ask(
            {
                "argv": argv,
                "level": level,
                "limits": asdict(limits),
                "environment": {**environment, _MARK: self.mark},
                "tools": tools,
                "files": {name: _text(content) for name, content in (files or {}).items()},
                "stdin": _text(stdin),
                "config": _text(config),
                "word": word,
                "compiles": compiles,
            }
        )

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps(asked).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
            answer: dict[str, Any] = json.loads(line)
        except (OSError, ValueError) as error:
            self.close()
            raise BrokenKeeper(f"the process that watched the program ended with {self.process.returncode}") from error
        return answer

    @property
    def serves(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        with suppress(OSError):
            self.process.stdin.write(b"null\n")  # a fork of this process may hold its end open
            self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        if self.process.returncode:
            self._sweep()

    def _sweep(self) -> None:
        """Kill what runs with this keeper's mark, until nothing does: it is nobody's child any more."""
        for _ in range(100):
            found = [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if self._is_marked(pid)]
            for pid in found:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            if not found:
                return

    def _is_marked(self, pid: int) -> bool:
        try:
            return f"{_MARK}={self.mark}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False


class BrokenKeeper(RuntimeError):
    """A keeper ended while it watched a program."""


class Keepers:
    """As many keepers as there are runs at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self.base = _base()
        self._idle: list[Keeper] = []
        self._owner = os.getpid()
        weakref.finalize(self, _forget, self.base, self._owner)

    def take(self) -> Keeper:
        with self._lock:
            if self._owner != os.getpid():  # a fork's keepers, and their folder, are its parent's
                self._begin()
            while self._idle:
                keeper = self._idle.pop()
                if keeper.serves:
                    return keeper
                keeper.close()
        return Keeper(self.base)

    def give(self, keeper: Keeper) -> None:
        with self._lock:
            if keeper.serves:
                self._idle.append(keeper)

    def close(self) -> None:
        with self._lock:
            for keeper in self._idle:
                keeper.close()
            self._idle = []
        _forget(self.base, self._owner)


def _base() -> str:
    """Where every run has its folder: its programs come through, and see no list of others."""
    found = tempfile.mkdtemp(prefix="refinelake-run-")
    os.chmod(found, 0o711)
    return found


def _forget(base: str, owner: int) -> None:
    """Remove the folder of all runs, in the process that made it and in none that was forked from it."""
    if os.getpid() == owner:
        shutil.rmtree(base, ignore_errors=True)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
