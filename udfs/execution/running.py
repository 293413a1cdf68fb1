"""Run programs: the level that holds here, compile, every test, verdicts. What a caller needs is `Runner`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from secrets import token_hex
from typing import Any, TypeVar

from udfs.execution import judging, python_tests
from udfs.execution.asking import BrokenKeeper, Keeper, Keepers
from udfs.execution.building import Build, build
from udfs.execution.languages import Language, Missing, Tools, checked_libraries, language, tools
from udfs.execution.launching import own_user
from udfs.execution.levels import strongest
from udfs.execution.programs import COMPILING, MB, Limits, Output, Program, Result, Test, Verdict

T = TypeVar("T")


class Runner:
    """Runs programs at the strongest level that holds here, or at `level`. For several threads at once.

    `libraries` are folders of installed packages that programs may read and import: of Python as `pip install --target`
    makes them, of Node as node_modules. Raises ValueError where the level is below `need` (nothing is run with less
    isolation than it was told to need), and for a folder that programs could not read.
    """

    def __init__(
        self,
        need: str = "rlimits",
        limits: Limits | None = None,
        compiling: Limits = COMPILING,
        level: str = "",
        libraries: Sequence[str] = (),
    ) -> None:
        self.level = strongest(need, level)
        self.libraries = checked_libraries(libraries, shared=own_user() is not None)
        self.limits, self.compiling = limits or Limits(), compiling
        self._keepers = Keepers()

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._keepers.close()

    def tools(self, name: str) -> Tools | Missing:
        """What programs of a language are compiled and run with here: under a user of their own, what he may read.

        Raises ValueError for a language of no known name.
        """
        return tools(language(name).name, shared=self.level != "bubblewrap" and own_user() is not None)

    def run(self, program: Program, limits: Limits | None = None) -> Result:
        """Raises ValueError for a language of no known name; all else is a verdict."""
        row, found = language(program.language), self.tools(program.language)
        if isinstance(found, Missing):
            return Result(self.level, tuple(Verdict(t.name, "no_tool", str(found)) for t in program.tests))
        limits = limits or self.limits
        for _ in range(2):  # it may have been the machine that ended the keeper: once more, with another
            keeper = self._keepers.take()
            try:
                return _Session(self.level, keeper, row, found, limits, self.compiling, self.libraries).run(program)
            except BrokenKeeper as error:
                said = str(error)
            finally:
                self._keepers.give(keeper)
        return Result(self.level, tuple(Verdict(t.name, "killed", said) for t in program.tests), version=found.version)

    def run_all(self, programs: Sequence[Program], workers: int = 2) -> list[Result]:
        """In their order. What the wall clock ended is tried again, alone; it may say wall_limit then too."""
        return alone_again(self.run, programs, workers)


def alone_again(run: Callable[[T], Result], programs: Iterable[T], workers: int) -> list[Result]:
    """Results of several at once, those that the wall clock ended from a second run with nothing beside it."""
    programs = list(programs)
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(run, programs))
    return [run(p) if r.status == "wall_limit" or not r.is_measure else r for p, r in zip(programs, found, strict=True)]


class _Session:
    """One program with one keeper."""

    def __init__(
        self,
        level: str,
        keeper: Keeper,
        row: Language,
        found: Tools,
        limits: Limits,
        compiling: Limits,
        libraries: tuple[str, ...],
    ) -> None:
        found = replace(found, roots=(*found.roots, *libraries), packages=(*libraries, *found.packages))
        self.level, self.keeper, self.row, self.tools, self.compiling = level, keeper, row, found, compiling
        self.heap = max(1, limits.memory // MB)
        self.limits = replace(limits, memory=limits.memory + row.memory * MB)
        self.environment = _environment(found, level) | ({"NODE_PATH": ":".join(libraries)} if libraries else {})
        self.compiled = Output()

    def run(self, program: Program) -> Result:
        verdicts: dict[int, Verdict] = {}
        numbered = list(enumerate(program.tests))
        outside = [(i, test) for i, test in numbered if test.stdout is not None]
        inside = [(i, test) for i, test in numbered if test.stdout is None]
        if self.row.name == "python":
            # Tests with an input of their own are a launch each: the program reads it while it is loaded.
            for stdin in dict.fromkeys(test.stdin for _, test in inside):
                group = [(i, test) for i, test in inside if test.stdin == stdin]
                found = self._python([test for _, test in group], program, stdin)
                verdicts |= {i: v for (i, _), v in zip(group, found, strict=True)}
        else:
            verdicts |= {i: self._with_word(test, program) for i, test in inside}
        verdicts |= self._compared(outside, program)
        ordered = tuple(verdicts[i] for i in range(len(numbered)))
        return Result(self.level, ordered, self.compiled, self.tools.version)

    def _python(self, tests: list[Test], program: Program, stdin: str) -> list[Verdict]:
        name, harness = python_tests.harness(self.tools.python)
        source = program.source.encode("utf-8", "replace")
        self.keeper.folder({"program.py": source, name: harness}, self.level)
        argv = (self.tools.python, "-s", "-P", "-S", "-B", f"{{program}}/{name}")

        def start(config: bytes, word: str) -> dict[str, Any]:
            return self._launch(argv, program, stdin, config, word=word)

        return python_tests.judged(program.source, tests, self.tools.packages, self.limits, start)

    def _with_word(self, test: Test, program: Program) -> Verdict:
        """A test whose last statement writes a word that the program was not told."""
        word = token_hex(16)
        text = program.source if test.code is None else f"{program.source}\n{test.code}"
        made = build(self.row, text, word, self.heap)
        if (wrong := self._compile(made, program)) is not None:
            return replace(wrong, name=test.name)
        told = self._launch(made.run, program, test.stdin)
        how = judging.ending(told, self.limits)
        if how is None and told["report"]["text"] == f"{word}\n":
            return judging.verdict(test.name, told, "passed", proof="same")
        status, detail = how or ("error", "ended with 0 before its end")
        return judging.verdict(test.name, told, status, detail)

    def _compared(self, tests: list[tuple[int, Test]], program: Program) -> dict[int, Verdict]:
        """Tests whose output is compared here, where no program can say what is right."""
        if not tests:
            return {}
        made = build(self.row, program.source, None, self.heap)
        if (wrong := self._compile(made, program)) is not None:
            return {i: replace(wrong, name=test.name) for i, test in tests}
        return {i: self._one_compared(test, made, program) for i, test in tests}

    def _one_compared(self, test: Test, made: Build, program: Program) -> Verdict:
        shown = max(self.limits.shown, 2 * len((test.stdout or "").encode()) + 4096)  # else a right one would be cut
        argv = (self.tools.python or made.run[0], *made.run[1:])
        told = self._launch(argv, program, test.stdin, limits=replace(self.limits, shown=shown))
        how = judging.ending(told, self.limits)
        if how is not None:
            return judging.verdict(test.name, told, *how)
        if judging.same_output(told["stdout"]["text"], test.stdout or "", test.numbers):
            return judging.verdict(test.name, told, "passed", proof="outside")
        return judging.verdict(test.name, told, "failed", "the output is not the one expected")

    def _compile(self, made: Build, program: Program) -> Verdict | None:
        """None where it is compiled, else what every test of it gets."""
        cache = self._cache()
        if not made.compile:
            self.keeper.folder(made.files, self.level)
            return None
        # A compiler may need what lies beside a program.
        self.keeper.folder({**program.files, **made.files}, self.level)
        told = self._compiler(made, cache)
        self.compiled = Output(told["stdout"]["text"] + told["stderr"]["text"], told["stdout"]["size"])
        how = judging.ending(told, self.compiling)
        if how is None:
            return None
        kept = how[0] if how[0] in ("wall_limit", "no_tool") else "compile_error"
        return judging.verdict("", told, kept, how[1])

    def _compiler(self, made: Build, cache: str) -> dict[str, Any]:
        environment = self.environment | ({self.row.cache: cache} if cache else {})
        roots = (*self.tools.roots, cache) if cache.startswith("/") else self.tools.roots
        return self.keeper.launch(made.compile, self.level, self.compiling, environment, roots, compiles=True)

    def _cache(self) -> str:
        """The folder of what a compiler has compiled already, filled by a program of ours the first time."""
        if not self.row.cache:
            return ""
        first = language(self.row.warmed_by or self.row.name)
        place = self.keeper.cached(first.name)
        if not place.exists():
            made = build(first, first.warm, "", self.heap)
            self.keeper.folder(made.files, self.level)
            self._compiler(made, "{program}/cache")
            self.keeper.keep("cache", first.name)
        return str(place)

    def _launch(
        self,
        argv: tuple[str, ...],
        program: Program,
        stdin: str,
        config: bytes = b"",
        limits: Limits | None = None,
        word: str = "",
    ) -> dict[str, Any]:
        return self.keeper.launch(
            argv,
            self.level,
            limits or self.limits,
            self.environment,
            self.tools.roots,
            program.files,
            stdin.encode("utf-8", "replace"),
            config,
            word,
        )


def _environment(found: Tools, level: str) -> dict[str, str]:
    """Nothing of ours: where tools are, one thread for libraries, an order of sets that is the same every time."""
    return {
        "PATH": found.path,
        "HOME": "{work}",
        "TMPDIR": "/tmp" if level == "bubblewrap" else "{work}",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": ":".join(found.packages),
    }
