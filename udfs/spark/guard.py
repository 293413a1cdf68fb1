"""A kernel in a child process: a text that kills its process is found, tried alone, and given up on with a reason.

A batch is tried as a whole. If its child dies, the rows follow one by one in a child that tells of each row it has
done, so the row after the last one told is the one that killed it: two children for each such row, where halving takes
one per level and, for a text that never ends, as many time limits.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import pyarrow as pa

Kernel = Callable[[pa.RecordBatch], Iterator[pa.RecordBatch]]

KILLED = "killed_worker"
"""How the `failure` of a row that was given up on begins."""
FAILURE = "failure"
_TRIES = 2


class KernelError(RuntimeError):
    """A kernel raised in its child process: a bug, and no matter of one text."""


@dataclass(frozen=True)
class Limits:
    """What a text may take, or a batch as a whole: seconds by the clock, and bytes over what the worker holds."""

    seconds: int = 120
    memory: int = 1 << 30


@dataclass(frozen=True)
class Guard:
    """Whose kernel runs (for a person), the columns of its table, and which of them are the key and not null."""

    name: str
    columns: frozenset[str]
    key: frozenset[str]
    required: frozenset[str]
    limits: Limits = Limits()

    def fills(self, names: list[str]) -> bool:
        """Whether rows of these columns are those of the table; others are on their way to it and have no stand-in."""
        return {*names, FAILURE, "kernel_version"} == self.columns

    def run(self, kernel: Kernel, schema: pa.Schema, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """What the kernel makes of the batch, in the columns of `schema`, and stand-ins for the rows that kill it."""
        _load(kernel, batch)
        whole = _child(kernel, [batch], self.limits)
        if whole.done:
            yield from (_widened(found, schema) for found in whole.found)
            return
        rows, at, deaths = [batch.slice(n, 1) for n in range(len(batch))], 0, 0
        while at < len(rows):
            some = _child(kernel, rows[at:], self.limits)
            yield from (_widened(found, schema) for found in some.found)
            deaths = 1 if some.done else deaths + 1
            at += some.done
            if at < len(rows) and deaths == _TRIES:
                yield from self._stand_in(rows[at], schema, f"{some.death}, {_TRIES} times alone; {self.name}")
                at, deaths = at + 1, 0

    def said(self, why: str, schema: pa.Schema) -> dict[str, Any]:
        """What a stand-in says of the death; nothing where its columns have no place for it."""
        return {FAILURE: f"{KILLED}: {why}"} if FAILURE in schema.names else {}

    def _stand_in(self, row: pa.RecordBatch, schema: pa.Schema, why: str) -> Iterator[pa.RecordBatch]:
        """The row that says that there is none: its key, why, and empty or null for the rest."""
        given = self.said(why, schema)
        if not given:
            return
        given |= {name: row.column(name)[0].as_py() for name in row.schema.names if name in self.key}
        values = [given.get(f.name, _empty(f.type) if f.name in self.required else None) for f in schema]
        arrays = [pa.array([v], f.type) for v, f in zip(values, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


class UnitGuard(Guard):
    """A reader's: a unit that kills its worker is refused as a whole, in the columns that every refusal has."""

    def fills(self, names: list[str]) -> bool:
        return False

    def said(self, why: str, schema: pa.Schema) -> dict[str, Any]:
        return {"reason": KILLED, "detail": why}


def _load(kernel: Kernel, batch: pa.RecordBatch) -> None:
    """Kernels import where they run: without this each child would import anew what it needs, on its text's time."""
    with suppress(Exception):  # a kernel need not know what to do with no row
        list(kernel(batch.slice(0, 0)))


def _empty(kind: pa.DataType) -> Any:
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        return []
    if pa.types.is_string(kind):
        return ""
    return b"" if pa.types.is_binary(kind) else 0


def _widened(found: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A kernel's rows with `failure`, where the kernel has none of its own."""
    if FAILURE in found.schema.names or FAILURE not in schema.names:
        return found
    return found.append_column(FAILURE, pa.nulls(len(found), pa.string()))


@dataclass
class _Work:
    """What a child did of its pieces before it ended: how many, what came of them, and how it died if it did."""

    done: int = 0
    found: list[pa.RecordBatch] = field(default_factory=list)
    death: str = ""


def _child(kernel: Kernel, pieces: list[pa.RecordBatch], limits: Limits) -> _Work:
    """Carry a kernel over pieces in a child. It is forked: what the kernel imports and the batch are there already.

    Raises KernelError where the kernel raises.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _work(kernel, pieces, limits, writing)
    os.close(writing)
    work, said = _Work(), ""
    with os.fdopen(reading, "rb") as told:
        try:
            piece: list[pa.RecordBatch] = []
            for each in _told(told):
                if isinstance(each, str):
                    said = each
                elif each is not None:
                    piece.append(each)
                else:
                    work.done, work.found, piece = work.done + 1, [*work.found, *piece], []
        finally:
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if said and said != _MEMORY:
        raise KernelError(f"a kernel: expected rows, found an exception in its child process:\n{said}")
    work.death = said or _death(status, limits)
    return work


_MEMORY = "out of memory"


def _told(pipe: BinaryIO) -> Iterator[pa.RecordBatch | str | None]:
    """What a child says until it ends: rows, None behind the last rows of a piece, or what a kernel raised. What it was
    saying when it died is no word.
    """
    while True:
        try:
            yield pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError, pa.ArrowInvalid):
            return


def _work(kernel: Kernel, pieces: list[pa.RecordBatch], limits: Limits, writing: int) -> NoReturn:
    """The child: never comes back, whatever happens in it, to the worker's own affairs."""
    status = 1
    try:
        faulthandler.disable()  # it would write into the worker's own log
        _limit_memory(limits.memory)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        with os.fdopen(writing, "wb") as out:
            try:
                for piece in pieces:
                    # By default the system ends the process, in the midst of native code and without its parent.
                    signal.alarm(limits.seconds)
                    for found in kernel(piece):
                        pickle.dump(found, out)
                    pickle.dump(None, out)
                    out.flush()
                status = 0
            except MemoryError:
                pickle.dump(_MEMORY, out)
            except BaseException:
                pickle.dump(traceback.format_exc(), out)
    finally:
        os._exit(status)


def _limit_memory(more: int) -> None:
    """Bound the child to what it has and so much more; where the system does not say, the system's own bound holds."""
    status = Path("/proc/self/status")
    if sys.platform != "linux" or not status.exists():
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    held = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmData:"))
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    limit = held * 1024 + more
    resource.setrlimit(resource.RLIMIT_DATA, (limit if most < 0 else min(limit, most), most))
    # If the machine itself runs short, it is the child that goes, not the worker.
    Path("/proc/self/oom_score_adj").write_text("1000")


def _death(status: int, limits: Limits) -> str:
    if status == -signal.SIGALRM:
        return f"over {limits.seconds} s"
    return signal.Signals(-status).name if status < 0 else f"exit {status}"
