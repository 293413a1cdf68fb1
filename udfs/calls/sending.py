"""Send requests and take outcomes as they come: a plain iterator, with one loop and one session behind it."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from udfs.calls.money import Budget
from udfs.calls.outcomes import Outcome
from udfs.calls.requests import Request
from udfs.calls.settings import Settings

__all__ = ["Budget", "Outcome", "Settings", "send"]

CLOSING_S = 10.0
"""For connections to be let go of."""


def send(requests: Iterable[Request], settings: Settings, budget: Budget | None = None) -> Iterator[Outcome]:
    """One outcome for each request, in the order in which they finish (tell them apart by `key`; who asks twice pays
    twice). The requests are read in the caller's thread, at most twice the concurrency ahead of what was taken.

    Closing the iterator ends all calls; those in flight may have been billed, and `budget` counts them as if. Where
    `requests` raises, what was sent is brought to its end first. Raises ImportError without aiohttp.
    """
    try:
        import aiohttp  # noqa: F401
    except ImportError as why:
        raise ImportError(
            "aiohttp: expected it where language models are called, found none; "
            "install it with pip install 'refinelake[instruct]'"
        ) from why
    return _outcomes(iter(requests), settings, budget if budget is not None else Budget())


def _outcomes(requests: Iterator[Request], settings: Settings, budget: Budget) -> Iterator[Outcome]:
    ahead = 2 * settings.concurrency
    line = _Line(settings, budget)
    waiting: dict[int, Request] = {}
    number, more, error = 0, True, None
    try:
        while True:
            # What is there is handed out before a slow source is asked, as long as enough is under way.
            while more and len(waiting) < ahead and (line.empty() or len(waiting) <= settings.concurrency):
                try:
                    request = next(requests)
                except StopIteration:
                    more = False
                except Exception as why:
                    more, error = False, why
                else:
                    number += 1
                    waiting[number] = request
                    line.put(number, request)
            if not waiting:
                break
            done, outcome = line.get()
            if done:
                waiting.pop(done)
                yield outcome
            else:
                yield from (_lost(r, outcome) for r in waiting.values())
                waiting, line = {}, _again(line, settings, budget)
    finally:
        line.close()
    if error is not None:
        raise error


def _lost(request: Request, why: Outcome) -> Outcome:
    """The loop itself died; it is not known what was sent."""
    return Outcome(request.key, request.model, error="internal", detail=why.detail, uncertain=1)


def _again(line: _Line, settings: Settings, budget: Budget) -> _Line:
    line.close()
    return _Line(settings, budget)


class _Line:
    """A thread with a loop, so that it works where the caller's thread has one running, and where it has none."""

    def __init__(self, settings: Settings, budget: Budget) -> None:
        self._settings, self._budget = settings, budget
        self._done: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._dying = False
        self._thread = threading.Thread(target=self._run, name="calls", daemon=True)
        self._thread.start()
        self._ready.wait()

    def put(self, number: int, request: Request) -> None:
        """Start a row; `number` comes back with its outcome."""
        self._tell(self._start, number, request)

    def empty(self) -> bool:
        return self._done.empty()

    def get(self) -> tuple[int, Outcome]:
        """Number 0 where no other outcome will come."""
        return self._done.get()

    def close(self) -> None:
        """All connections are closed when this returns."""
        self._tell(self._end)
        self._thread.join(CLOSING_S)

    def _tell(self, what: Callable[..., None], *about: Any) -> None:
        """A loop that died does not hear it, as `get` will say."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(what, *about)

    def _end(self) -> None:
        self._closing.set()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as why:
            detail = f"{type(why).__name__}: {why}"
            self._done.put((0, Outcome("", "", error="internal", detail=detail)))
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        from udfs.calls.pool import Pool
        from udfs.calls.rows import Rows
        from udfs.calls.trying import Trying, session

        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        async with session(self._settings) as opened:
            trying = Trying(opened, self._settings)
            self._rows = Rows(trying, Pool(self._settings), self._settings, self._budget)
            self._ready.set()
            await self._closing.wait()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, number: int, request: Request) -> None:
        if self._dying:  # asyncio still brings the loop to its end: a row begun now would find the session closed
            return
        task = asyncio.get_running_loop().create_task(self._row(number, request))
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # Only what ends the loop itself comes out of a row, and is told by `_run`.
        if not task.cancelled():
            task.exception()

    async def _row(self, number: int, request: Request) -> None:
        try:
            self._done.put((number, await self._rows.answer(request)))
        except (SystemExit, KeyboardInterrupt):
            self._dying = True
            raise
