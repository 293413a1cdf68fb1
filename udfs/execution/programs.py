"""What goes into a run and what comes out: a program with its tests, limits, a verdict for each test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

Status = Literal[
    "passed",
    "failed",  # an assertion was wrong, or the output is not what the test expects
    "error",  # an exception, another exit code than 0, or an end before the tests were over
    "cpu_limit",
    "wall_limit",  # never stored as a measure: tried again alone, else a reject
    "memory_limit",
    "output_limit",
    "killed",  # by a signal, or for more processes than allowed
    "compile_error",
    "no_tool",
    "not_run",
]
Proof = Literal["outside", "apart", "same", ""]
"""Who says that a test passed: the output was compared outside, the test ran in a process that the program cannot
reach, or the program's own process reached the end of the test and knew its word.
"""
LIMITS_SAID = {
    "memory_limit": "it used too much memory",
    "output_limit": "it wrote too much",
    "killed": "it was killed by a signal, or started too many processes",
}
"""What to tell a person of a program that broke a limit; those of time have a sentence of their own."""
LEVELS = ("rlimits", "landlock", "bubblewrap")
"""The ladder, weakest first; `remote` is no rung of it, what a server does is not known here."""

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one test, or one compiler, may use. CPU seconds are those of the whole tree of processes.

    `wall` times the CPU seconds is the backstop for what sleeps; time spent waiting for a core does not count towards
    it. `memory` is that of each process by rlimit and of the tree as sampled. `disk` bounds what all files of a run
    hold where it runs on a file system of its own (bubblewrap).
    """

    cpu_seconds: float = 10.0
    wall: float = 3.0
    memory: int = 1024 * MB
    output: int = 4 * MB
    shown: int = 8192
    processes: int = 64
    file: int = 16 * MB
    disk: int = 64 * MB
    open_files: int = 128

    def __post_init__(self) -> None:
        if min(self.cpu_seconds, self.wall, self.memory, self.output, self.processes, self.open_files) <= 0:
            raise ValueError(f"limits of a program: expected numbers above 0, found {self}")


COMPILING = Limits(cpu_seconds=60.0, memory=2048 * MB, file=256 * MB, disk=512 * MB, open_files=1024, processes=256)


@dataclass(frozen=True)
class Test:
    """Code that follows the program, or the output it must write for an input, or neither: to run to its end.

    `numbers`: lines of the output may differ at their ends too, and numbers in it by so much of theirs (0: 1.0 is 1).
    """

    __test__ = False  # for pytest: no class of tests

    name: str
    code: str | None = None
    stdin: str = ""
    stdout: str | None = None
    numbers: float | None = None

    def __post_init__(self) -> None:
        if self.code is not None and self.stdout is not None:
            raise ValueError(f"test {self.name}: expected code or an output to compare with, found both")


@dataclass(frozen=True)
class Program:
    """`source` in a language (its name or a short form: python, py), tests, and files that lie in its folder."""

    language: str
    source: str
    tests: tuple[Test, ...] = (Test("run"),)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
                raise ValueError(f"file {name!r} of a program: expected a place below its folder, found another")


@dataclass(frozen=True)
class Output:
    """Head and tail of what was written, and how many bytes it was."""

    text: str = ""
    size: int = 0


@dataclass(frozen=True)
class Verdict:
    """Of one test. `detail` is a sentence or the end of a traceback; numbers are those of the process tree."""

    name: str
    status: Status
    detail: str = ""
    proof: Proof = ""
    exit_code: int | None = None
    signal: int | None = None
    cpu_seconds: float = 0.0
    peak_memory: int = 0
    stdout: Output = Output()
    stderr: Output = Output()


@dataclass(frozen=True)
class Result:
    """Verdicts in the order of the tests, the level they were reached at, what the compiler said."""

    level: str
    verdicts: tuple[Verdict, ...]
    compiled: Output = Output()
    version: str = ""

    @property
    def status(self) -> Status:
        """Passed where every test has, else the first other status."""
        return next((v.status for v in self.verdicts if v.status != "passed"), "passed")

    @property
    def passed(self) -> bool:
        return self.status == "passed"

    @property
    def detail(self) -> str:
        return next((v.detail for v in self.verdicts if v.status != "passed"), "")

    @property
    def is_measure(self) -> bool:
        """False where the machine and not the program may have decided: such a result is not stored."""
        return all(v.status not in ("wall_limit", "not_run", "no_tool") for v in self.verdicts)
