"""Run a program that a model wrote, with limits, and say whether it came to its own end.

This is a subprocess with limits, no sandbox: a hardened one replaces `run` and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_TAIL = 2_000


@dataclass(frozen=True)
class Limits:
    """What a program may use: wall-clock and CPU seconds, bytes of memory and of a written file."""

    seconds: float = 10.0
    memory: int = 4 << 30
    file: int = 16 << 20


@dataclass(frozen=True)
class Verdict:
    """`outcome` is passed, failed, timeout or unfinished: an exit of 0 before the end of the program is no pass."""

    outcome: str
    detail: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome == "passed"


@dataclass(frozen=True)
class Language:
    """How a language's program is run: file name, command in its folder, and the program with a sentinel at its end.

    `needs` is the interpreter or compiler that must be there.
    """

    file: str
    command: Callable[[str], Sequence[str]]
    closed: Callable[[str, str], str]
    needs: str = "python3"


def _appended(line: str) -> Callable[[str, str], str]:
    """The sentinel as a last line; the word stands for %s."""
    return lambda program, word: f"{program}\n{line % word}\n"


def _in_main(line: str) -> Callable[[str, str], str]:
    """The sentinel as the last statement of main, whose brace is the last one of a MultiPL-E program."""

    def closed(program: str, word: str) -> str:
        before, brace, after = program.rpartition("}")
        return f"{before}{line % word}\n{brace}{after}"

    return closed


PYTHON = Language("program.py", lambda file: (sys.executable, "-I", file), _appended("print('%s')"))
LANGUAGES: dict[str, Language] = {
    "py": PYTHON,
    "js": Language("program.js", lambda file: ("node", file), _appended("console.log('%s')"), "node"),
    "sh": Language("program.sh", lambda file: ("bash", file), _appended("echo %s"), "bash"),
    "php": Language("program.php", lambda file: ("php", file), _appended("print('%s');"), "php"),
    "rb": Language("program.rb", lambda file: ("ruby", file), _appended("puts '%s'"), "ruby"),
    "lua": Language("program.lua", lambda file: ("lua", file), _appended("print('%s')"), "lua"),
    "cpp": Language(
        "program.cpp",
        lambda file: ("sh", "-c", f"g++ -std=c++17 -o program {file} && ./program"),
        _in_main('puts("%s");'),
        "g++",
    ),
    "rs": Language(
        "program.rs",
        lambda file: ("sh", "-c", f"rustc -A warnings -o program {file} && ./program"),
        _in_main('println!("%s");'),
        "rustc",
    ),
}
"""By the names that MultiPL-E gives them."""


def run(program: str, language: Language = PYTHON, limits: Limits | None = None) -> Verdict:
    """Run a whole program in a new folder. It passes if it exits with 0 after printing its last line's sentinel."""
    limits = limits or Limits()
    word = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / language.file).write_text(language.closed(program, word), encoding="utf-8", errors="replace")
        output = Path(folder) / "output"
        with output.open("wb") as out:
            started = subprocess.Popen(
                language.command(language.file),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=_environment(folder),
                start_new_session=True,
                preexec_fn=lambda: _limit(limits),
            )
            try:
                code = started.wait(limits.seconds)
            except subprocess.TimeoutExpired:
                return Verdict("timeout", f"expected an end within {limits.seconds:g} s")
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(started.pid, signal.SIGKILL)
                started.wait()
        said = _end_of(output)
    if code != 0:
        return Verdict("failed", said)
    return Verdict("passed") if said.rstrip().endswith(word) else Verdict("unfinished", said)


def _environment(folder: str) -> dict[str, str]:
    """Nothing of ours but where programs are; rustup looks for its compiler below the home that it was installed in."""
    rust = os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup"))
    own = {"HOME": folder, "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8", "RUSTUP_HOME": rust}
    return {"PATH": os.environ.get("PATH", ""), **own}


def _limit(limits: Limits) -> None:
    """In the child, before the program: what it may use."""
    seconds = int(limits.seconds) + 1
    for kind, value in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def _end_of(file: Path) -> str:
    with file.open("rb") as stored:
        stored.seek(max(0, file.stat().st_size - _TAIL))
        return stored.read().decode("utf-8", "replace")
