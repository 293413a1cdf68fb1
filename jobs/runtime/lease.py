"""One writer at a time: a row that a run takes in a Delta commit, renews while it works, and gives back.

It is taken at the first write, so a run that finds nothing to do takes none. Each taking has a growing number, the
fence, which stands in every commit of its run as a Delta transaction: once a table has seen a newer fence, Delta skips
what an older one writes, and the run that wrote it is told so. Whoever takes over a lease that was not given back first
shows its fence to every table, so nothing of the old run can come after what it reads.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pyspark.errors import PySparkException

from jobs.runtime.lease_row import holder_of, put_first, swap
from jobs.runtime.tables import Lake
from schemas.ops import LEASES

HEARTBEAT_SECONDS = 60.0
STALE_SECONDS = 900
"""A holder that has not been heard of for this long is taken for dead: fifteen missed heartbeats."""
_APPLICATION = "refinelake"
_COMMITS = 1_000_000  # a run's commits are numbered within its fence
T = TypeVar("T")
_CONFLICT = re.compile(
    r"DELTA_CONCURRENT|DELTA_PROTOCOL_CHANGED|DELTA_METADATA_CHANGED|ProtocolChanged|already exists|"
    r"Failed to commit transaction"  # Spark's words, and deltalake's
)


class LeaseError(RuntimeError):
    """Another run holds the warehouse, or has taken it over."""


class MovedError(RuntimeError):
    """Between the first look at the tables and the taking of the lease another run has written: look again."""


@dataclass
class Claim:
    """The wish to write: `fence` is 0 until the first write, then that of the lease. Raises LeaseError there."""

    lake: Lake
    run_id: str
    break_lock: bool = False
    fence: int = 0
    begun: int = 0
    lost: str | None = None
    _ended: threading.Event = field(default_factory=threading.Event)

    def transaction(self) -> tuple[str, int]:
        """(application, number) of the next commit, under the lease. Raises LeaseError and MovedError."""
        self.take()
        return self._next()

    def _next(self) -> tuple[str, int]:
        self.begun += 1
        return _APPLICATION, self.fence * _COMMITS + self.begun

    def take(self) -> None:
        """Hold the lease, if it is not held yet. Raises LeaseError, which names the holder, and MovedError."""
        if self.lost:
            raise LeaseError(self.lost)
        if self.fence:
            return
        looked_at = self.lake.identities()
        _despite_conflicts(lambda: self.lake.make(LEASES))
        self.fence, inherited = _take(self.lake, self.run_id, self.break_lock)
        threading.Thread(target=self._keep_beating, args=(_own_session(self.lake),), daemon=True).start()
        if inherited:
            self._show_fence()
        self.lake.sweep_staging(self.run_id)
        self.lake.look()
        if moved := sorted(n for n, was in looked_at.items() if n != LEASES.name and self.lake.rows_version(n) != was):
            raise MovedError(f"{', '.join(moved)}: written by another run while this one looked")

    def check_commit(self, table: str, said: Mapping[str, Any]) -> None:
        """Raises LeaseError where the newest commit of a table that was just written is not of this fence."""
        if said.get("fence") != self.fence:
            raise LeaseError(
                f"{table}: expected the newest commit to be of run {self.run_id}, found one of {said.get('run_id')}: "
                "the lease was taken over. Start again when that run has ended"
            )

    def give_back(self) -> None:
        """A dead session cannot: the lease then ends by itself, and nothing here may hide what killed the run."""
        self._ended.set()
        if self.fence and not self.lost:
            with suppress(Exception):
                _despite_conflicts(lambda: self._change(self.lake.spark, {"holder": None}))

    def _show_fence(self) -> None:
        """An empty commit of this fence in every table. It moves no row, so what was finished stays finished; where the
        old run wrote between the look and the commit, a second one says nothing of rows.
        """
        for name in self.lake.names():
            if name != LEASES.name:
                before = self.lake.fresh(name)
                mine = {"fence": self.fence}
                kept = self.lake.keeping(name)
                before += self.lake.bar(name, self.fence)
                self.lake.mark(name, self._next(), kept | mine)
                if self.lake.fresh(name) != before + 1:
                    self.lake.mark(name, self._next(), mine)

    def _change(self, spark: Any, changes: Mapping[str, Any]) -> bool:
        """Change the lease, if it still is this claim's. Returns whether it is."""
        seen = holder_of(self.lake)
        mine = (seen.get("holder"), seen.get("fence")) == (self.run_id, self.fence)
        if mine:
            swap(self.lake, spark, seen, changes)
        return mine

    def _keep_beating(self, spark: Any) -> None:
        while not self._ended.wait(HEARTBEAT_SECONDS):
            with suppress(Exception):  # a conflict, a store that is slow: the next beat says it again
                self.beat(spark)

    def beat(self, spark: Any) -> None:
        """Say that the run is alive; notice where another one holds the lease by now."""
        if not self._change(spark, {"heartbeat_at": datetime.now(UTC)}):
            self.lost = (
                f"{self.lake.warehouse}: expected to hold the lease of run {self.run_id}, found it taken over; nothing "
                "more was written. Start again when the other run has ended"
            )


@contextmanager
def claimed(lake: Lake, run_id: str, break_lock: bool = False) -> Iterator[Claim]:
    """Within it the lake writes under a lease. Raises LeaseError at the first write, which names the holder since when.

    A holder that was not heard of for STALE_SECONDS, or any other with `break_lock`, is taken over.
    """
    claim = Claim(lake, run_id, break_lock)
    lake.claim = claim
    try:
        yield claim
    except PySparkException as e:
        # Whoever took the lease meanwhile has swept what this run, which holds none, had set aside.
        if claim.fence == 0 and lake.staging("") in str(e) and (holder := _current(lake)):
            raise LeaseError(_held_by(lake, holder)) from e
        raise
    finally:
        lake.claim = None
        claim.give_back()


def as_only_writer(
    lake: Lake, run_id: str, work: Callable[[], T], break_lock: bool = False, say: Callable[[str], None] = print
) -> T:
    """Carry out work that looks at tables and then writes; again from its beginning where another run wrote in between.

    Raises LeaseError. The lease is held from the first write on, so the work is done twice at most.
    """
    with claimed(lake, run_id, break_lock):
        while True:
            lake.look()
            try:
                return work()
            except MovedError as e:
                say(f"{e}: looking again")


def _own_session(lake: Lake) -> Any:
    """A session without the settings that a commit of the run puts into its own; Connect has clones only."""
    if not lake.settable:
        return lake.spark
    return lake.spark.cloneSession() if hasattr(lake.spark, "cloneSession") else lake.spark.newSession()


def _take(lake: Lake, run_id: str, break_lock: bool) -> tuple[int, bool]:
    """(fence, whether it was taken from a holder that had not given it back)."""
    who = f"{socket.gethostname()}:{os.getpid()}"
    before = holder_of(lake)
    _despite_conflicts(lambda: _try_to_take(lake, run_id, who, break_lock) if before else put_first(lake, run_id, who))
    found = holder_of(lake)
    if found.get("holder") == run_id:
        clean = not before or (before["holder"] is None and before["fence"] == found["fence"] - 1)
        return int(found["fence"]), not clean
    raise LeaseError(_held_by(lake, found))


def _try_to_take(lake: Lake, run_id: str, who: str, break_lock: bool) -> None:
    """Of two runs that do this at once Delta lets one pass; the other finds the holder when it tries again."""
    seen, now = holder_of(lake), datetime.now(UTC)
    dead = now - timedelta(seconds=STALE_SECONDS)
    if seen["holder"] is None or break_lock or seen["heartbeat_at"] < dead:
        mine = {"holder": run_id, "place": who, "taken_at": now, "heartbeat_at": now}
        swap(lake, lake.spark, seen, {**mine, "fence": seen["fence"] + 1})


def _held_by(lake: Lake, found: Mapping[str, Any]) -> str:
    return (
        f"{lake.warehouse}: expected to be the only writer, found run {found.get('holder')} at {found.get('place')}, "
        f"which has held the warehouse since {_time(found.get('taken_at'))} and was last heard of at "
        f"{_time(found.get('heartbeat_at'))}. Nothing was written. Wait until it ends; a dead one's lease ends "
        f"{STALE_SECONDS // 60} minutes after it was last heard of, or by --break-lock"
    )


def _current(lake: Lake) -> dict[str, Any]:
    """The lease where somebody holds it; empty where nobody does or it cannot be read."""
    with suppress(Exception):
        found = holder_of(lake)
        return found if found.get("holder") else {}
    return {}


def _despite_conflicts(work: Callable[[], object]) -> None:
    """Do it again where another writer of the lease came first: Delta raises and has written nothing."""
    for left in reversed(range(5)):
        try:
            work()
            return
        except Exception as e:  # from Delta, which has its own classes where Python knows them, and py4j's where not
            if not left or not _CONFLICT.search(str(e)):
                raise


def _time(value: Any) -> str:
    return "?" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"
