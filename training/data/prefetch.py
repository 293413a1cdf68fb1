"""Batches made ahead of time by one thread, so that a step does not wait for data."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")
_PATIENCE_S = 0.1


class Prefetch(Generic[T]):
    """Iterates over make(start), make(start + 1), ... up to `stop`, None without end; at most `ahead` are ready.

    `make` never gives None; an error of it is raised where its item would have come. `waited` is the time in seconds
    that the consumer waited in all, `given` the number of items it got. Close it, or use it as a context manager; the
    thread then ends.
    """

    def __init__(self, make: Callable[[int], T], start: int, stop: int | None = None, ahead: int = 4) -> None:
        if ahead < 1:
            raise ValueError(f"prefetch: expected to keep 1 or more items ready, found {ahead}")
        self.waited, self.given = 0.0, 0
        self._make, self._start, self._stop = make, start, stop
        # (item, None), (None, error), and (None, None) at the end
        self._ready: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(maxsize=ahead)
        self._closed = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="refinelake-prefetch", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        number = self._start
        try:
            while not self._closed.is_set() and (self._stop is None or number < self._stop):
                self._put((self._make(number), None))
                number += 1
            self._put((None, None))
        except BaseException as error:  # raised again in the consumer's thread
            self._put((None, error))

    def _put(self, item: tuple[T | None, BaseException | None]) -> None:
        while not self._closed.is_set():
            try:
                return self._ready.put(item, timeout=_PATIENCE_S)
            except queue.Full:
                continue

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        if self._ended or self._closed.is_set():
            raise StopIteration
        began = time.perf_counter()
        item, error = self._get()
        self.waited += time.perf_counter() - began
        if item is None:
            self._ended = True
            if error is not None:
                raise error
            raise StopIteration
        self.given += 1
        return item

    def _get(self) -> tuple[T | None, BaseException | None]:
        while not self._closed.is_set():
            try:
                return self._ready.get(timeout=_PATIENCE_S)
            except queue.Empty:
                continue
        return None, None

    def close(self) -> None:
        """Stops the thread and waits until the item it is making is done."""
        self._closed.set()
        while not self._ready.empty():
            self._ready.get_nowait()
        self._thread.join()

    def __enter__(self) -> Prefetch[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
