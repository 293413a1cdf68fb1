"""What runs in the sandbox for a Python program with tests: imports nothing of ours, is copied there compiled.

Two processes. One loads the program and calls its functions. The other, which the program can neither read nor write,
runs the tests with stand-ins for those functions, compares plain values, and reports with a word that it read after
the two had parted. A test that needs more than plain values runs in the program's process: its report says `same`.
"""

from __future__ import annotations

import _pickle
import io
import marshal
import os
import sys

TYPE_CHECKING = False  # typing takes longer to import than a test to run
if TYPE_CHECKING:
    from typing import Any

REPORT, CONFIG = 3, 4
FRAMES = 30
ballast = [bytearray(4 << 20)]  # given back where memory is out, so that it can be said
run_code, compiled = exec, compile  # as they were before a program could give the names to others
SAFE = frozenset({"builtins.complex", "builtins.set", "builtins.frozenset", "builtins.bytearray", "builtins.range"})


class NotPlain(Exception):
    """A value, an exception or a name that cannot cross from one process to the other as it is."""


def plain(data: bytes) -> Any:
    """An object of builtin types from bytes that a program wrote."""

    class Reader(_pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if f"{module}.{name}" not in SAFE:
                raise NotPlain(f"{module}.{name}")
            return getattr(sys.modules["builtins"], name)

    return Reader(io.BytesIO(data)).load()


def packed(value: object) -> bytes:
    return _pickle.dumps(value, 4)


def send(fd: int, data: bytes) -> None:
    data = len(data).to_bytes(4, "big") + data
    while data:
        data = data[os.write(fd, data) :]


def receive(fd: int) -> bytes | None:
    """The next message; None at the end."""
    head = exactly(fd, 4)
    return None if head is None else exactly(fd, int.from_bytes(head, "big"))


def exactly(fd: int, size: int) -> bytes | None:
    parts = []
    while size:
        part = os.read(fd, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def set_dumpable(value: int) -> None:
    """PR_SET_DUMPABLE, without the package ctypes, which takes longer to import than a test to run."""
    import _ctypes

    class Int(_ctypes._SimpleCData):  # type: ignore[type-arg]
        _type_ = "i"

    class Call(_ctypes.CFuncPtr):
        _flags_ = 1
        _restype_ = Int

    here: Any = None
    Call(_ctypes.dlsym(_ctypes.dlopen(here, 0), "prctl"))(4, value, 0, 0, 0)


def last_lines(error: BaseException) -> str:
    """The end of a traceback, however deep: as many frames as anybody reads, none of this file."""
    import traceback

    trace, depth = error.__traceback__, 0
    while trace is not None and trace.tb_frame.f_code.co_filename == serve.__code__.co_filename:
        trace = trace.tb_next
    first = trace
    while trace is not None:
        trace, depth = trace.tb_next, depth + 1
        if depth > FRAMES and first is not None:
            first = first.tb_next
    return "".join(traceback.format_exception(type(error), error, first, chain=False))[-4000:]


def of_error(error: BaseException) -> tuple[str, str]:
    """(status, detail) of what ended a test or the program's loading."""
    if isinstance(error, SystemExit):
        return "error", f"ended with exit code {error.code!r} before its tests were over"
    try:
        if isinstance(error, MemoryError):
            ballast.clear()
            return "memory_limit", last_lines(error)
        return ("failed" if isinstance(error, AssertionError) else "error"), last_lines(error)
    except MemoryError:
        return "memory_limit", "MemoryError"
    except BaseException as worse:  # an exception of the program's own may raise when it is shown
        return "error", f"{type(error).__name__}, which cannot be shown: {type(worse).__name__}"


# The program's process


def serve(source: str, name: str, requests: int, answers: int) -> None:
    """Load the program, then answer for each test in a fork of it, or in itself where it has threads."""
    module: Any = type(sys)("__main__")
    module.__file__ = name
    module.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = module
    sys.argv[:] = [name]
    write, fork = send, os.fork
    try:
        code = compiled(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        write(answers, packed(("compile_error", last_lines(error))))
        return
    try:
        run_code(code, module.__dict__)
    except BaseException as error:
        write(answers, packed(of_error(error)))
        return
    flush()  # else every fork would write it too
    alone = len(os.listdir("/proc/self/task")) == 1
    write(answers, packed(("loaded", alone)))
    while True:
        asked = receive(requests)
        if asked is None:
            return
        if not alone:
            write(answers, answer(module, asked))
            continue
        pid = fork()
        if not pid:
            while asked is not None and asked != b"end":
                write(answers, answer(module, asked))
                asked = receive(requests)
            flush()
            os._exit(0)
        used = os.wait4(pid, 0)[2]
        write(answers, packed(("over", used.ru_utime + used.ru_stime)))


def answer(module: Any, asked: bytes) -> bytes:
    """Bytes of what a call gave or raised, of the kinds of names, of the outcome of a whole test."""
    what, *rest = marshal.loads(asked)
    try:
        if what == "names":
            return packed({name: kind(module.__dict__[name]) for name in rest[0] if name in module.__dict__})
        if what == "run":
            code, word = rest
            run_code(compiled(code, "<test>", "exec", dont_inherit=True), module.__dict__)
            return packed(("done", word))
        name, arguments, keywords = rest
        try:
            value = module.__dict__[name](*arguments, **keywords)
        except Exception as error:
            return packed(raised(error))
        return packed(("value", value, arguments, keywords))
    except BaseException as error:
        return packed(("ended", *of_error(error)) if what == "run" else ("not_plain", type(error).__name__))


def raised(error: Exception) -> tuple[object, ...]:
    here = type(error).__name__
    builtin = getattr(sys.modules["builtins"], here, None) is type(error)
    return ("raised", here, error.args) if builtin else ("not_plain", here)


def kind(value: Any) -> tuple[object, ...]:
    """How the other process gets a name: a stand-in, its own import of it, a copy, or not at all."""
    if isinstance(value, type(sys)):
        return ("module", value.__name__)
    home, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(home, str) and home.split(".")[0] in sys.stdlib_module_names and isinstance(name, str):
        here = sys.modules.get(home)
        if getattr(here, name, None) is value:
            return ("from", home, name)
    if callable(value):
        return ("other",) if isinstance(value, type) else ("call",)
    try:
        plain(packed(value))
    except Exception:
        return ("other",)
    return ("value", value)


def flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:  # noqa: SIM105 (contextlib takes time to import)
            stream.flush()
        except BaseException:
            pass


# The tests' process


class Judge:
    def __init__(self, program: int, requests: int, answers: int, word: str, tests: list[str | None]) -> None:
        self.program, self.requests, self.answers, self.word, self.tests = program, requests, answers, word, tests
        self.alone = True

    def report(self, number: int, *fields: str) -> None:
        line = "\t".join((self.word, str(number), *(str(f).encode("utf-8", "replace").hex() for f in fields))) + "\n"
        os.write(REPORT, line.encode())

    def ask(self, *what: Any) -> Any:
        try:
            send(self.requests, marshal.dumps(what))
            found = receive(self.answers)
        except OSError:
            found = None
        if found is None:
            raise NotPlain("the program's process has ended")
        return plain(found)

    def all(self) -> None:
        loaded = receive(self.answers)
        said: Any = ("error", "ended before its tests began") if loaded is None else plain(loaded)
        status, detail = said
        if status != "loaded":
            return self.report(-1, status, detail)
        self.report(-1, "loaded", "")
        self.alone = bool(detail)
        for number, test in enumerate(self.tests):
            self.report(number, "begun", "")
            seconds = self.judge(number, test, number + 1 == len(self.tests))
            self.report(number, "over", repr(seconds + (self.parted() if self.alone else 0.0)))
            if os.waitid(os.P_PID, self.program, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return  # those that are left get another

    def judge(self, number: int, test: str | None, last: bool) -> float:
        """CPU seconds of this process's side. A test may end its process, and nobody comes after the last one."""
        if last:
            before = sum(os.times()[:2])
            self.report(number, *self.verdict(test))
            return sum(os.times()[:2]) - before
        pid = os.fork()
        if not pid:
            try:
                self.report(number, *self.verdict(test))
            finally:
                flush()
                os._exit(0)
        used = os.wait4(pid, 0)[2]
        return used.ru_utime + used.ru_stime

    def parted(self) -> float:
        """End the fork of the program that served a test: the CPU seconds of all such forks since the last."""
        seconds = 0.0
        try:
            send(self.requests, b"end")
        except OSError:
            return seconds
        while True:
            found = receive(self.answers)
            if found is None:
                return seconds
            try:
                said = plain(found)
            except Exception:
                continue
            if isinstance(said, tuple) and said and said[0] == "over":
                return seconds + float(said[1])

    def verdict(self, test: str | None) -> tuple[str, str, str]:
        """(status, detail, proof). Apart where plain values suffice; what does not pass so has a second chance."""
        if test is None:
            return "passed", "", "same"
        try:
            code = compiled(test, "<test>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            return "error", last_lines(error), ""
        if self.alone:
            if self.passes(code):
                return "passed", "", "apart"
            self.parted()
        own = os.urandom(16).hex()
        try:
            said = self.ask("run", test, own)
        except NotPlain as error:
            return "error", f"the test's end was not reached: {error}", "same"
        if said == ("done", own):
            return "passed", "", "same"
        if isinstance(said, tuple) and len(said) == 3 and said[0] == "ended":
            return said[1], said[2], "same"
        return "error", "the test's end was not reached", "same"

    def passes(self, code: Any) -> bool:
        try:
            run_code(code, self.names(code))
        except BaseException:
            return False
        return True

    def names(self, code: Any) -> dict[str, Any]:
        """What the test sees of the program."""
        wanted, waiting = set(), [code]
        for each in waiting:
            wanted.update(each.co_names)
            waiting += [c for c in each.co_consts if isinstance(c, type(code))]
        found = {"__name__": "__main__", "__builtins__": sys.modules["builtins"]}
        for name, (how, *rest) in self.ask("names", sorted(wanted)).items():
            if hasattr(sys.modules["builtins"], name) or rest[:1] == ["unittest"]:
                raise NotPlain(name)  # a program's own `abs` or `mock` would decide what the test finds
            if how == "call":
                found[name] = self.stand_in(name)
            elif how == "value":
                found[name] = rest[0]
            elif how in ("module", "from") and rest[0].split(".")[0] in sys.stdlib_module_names:
                __import__(rest[0])
                home = sys.modules[rest[0]]
                found[name] = home if how == "module" else getattr(home, rest[1])
        return found

    def stand_in(self, name: str) -> Any:
        def call(*arguments: Any, **keywords: Any) -> Any:
            try:
                marshal.dumps((arguments, keywords))
                plain(packed((arguments, keywords)))
            except Exception as error:
                raise NotPlain(name) from error
            how, *rest = self.ask("call", name, arguments, keywords)
            if how == "value":
                value, after, after_keywords = rest
                for mine, theirs in zip(
                    (*arguments, *keywords.values()), (*after, *after_keywords.values()), strict=False
                ):
                    write_back(mine, theirs)
                return value
            if how == "raised":
                kind = getattr(sys.modules["builtins"], rest[0], None)
                if isinstance(kind, type) and issubclass(kind, Exception):
                    raise kind(*rest[1])
            raise NotPlain(name)

        call.__name__ = call.__qualname__ = name
        return call


def write_back(mine: Any, theirs: Any) -> None:
    """What the function did to an argument."""
    if isinstance(mine, (list, bytearray)):
        mine[:] = theirs
    elif isinstance(mine, (dict, set)):
        mine.clear()
        mine.update(theirs)


def main() -> None:
    set_dumpable(0)
    source, name, paths = marshal.loads(receive(CONFIG) or b"")
    sys.path += paths
    to_program, to_judge = os.pipe(), os.pipe()
    sys.setrecursionlimit(1010)  # what stands above the program here is not there elsewhere
    pid = os.fork()
    if not pid:
        for fd in (CONFIG, REPORT, to_program[1], to_judge[0]):
            os.close(fd)
        set_dumpable(1)
        try:
            serve(source, name, to_program[0], to_judge[1])
        finally:
            flush()
            os._exit(0)
    os.close(to_program[0])
    os.close(to_judge[1])
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    word, tests = marshal.loads(receive(CONFIG) or b"")
    Judge(pid, to_program[1], to_judge[0], word, tests).all()
    flush()
    os._exit(0)


if __name__ == "__main__":
    main()
