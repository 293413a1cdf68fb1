"""Who may send next, and where to: the places at the endpoints, the task's own limits, and the rows that wait."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass, replace

from udfs.calls.endpoints import Endpoint, Place
from udfs.calls.faults import Fault
from udfs.calls.settings import Settings

SLACK_S = 0.1
"""What a late timer may catch up."""


class Down(Exception):
    """All endpoints of a model are down; says why."""


class Pace:
    """So many a minute, evenly: the next goes when those before have had their time (GCRA)."""

    def __init__(self, a_minute: float, now: float, phase: float) -> None:
        self._seconds = 60 / a_minute if a_minute else 0.0
        # Tasks that share a limit do not all begin with one at once.
        self.next = now + phase * self._seconds

    def take(self, number: float, now: float) -> None:
        if self._seconds:
            self.next = max(now - SLACK_S, self.next) + number * self._seconds

    def give_back(self, number: float) -> None:
        self.next -= number * self._seconds


@dataclass
class Waiting:
    """A row that waits: `tokens` that it may use, an endpoint that it would rather `avoid`."""

    tokens: float
    avoid: Endpoint | None
    place: asyncio.Future[Place]


class Pool:
    """Belongs to one running loop."""

    def __init__(self, settings: Settings) -> None:
        self._loop = asyncio.get_running_loop()
        now = self._loop.time()
        self._settings = settings
        self.lines = {m: [Endpoint(m, u, settings) for u in urls] for m, urls in settings.endpoints.items()}
        self._waiting: dict[str, deque[Waiting]] = {model: deque() for model in self.lines}
        phase = random.random() if settings.tasks > 1 else 0.0
        self._calls = Pace(settings.requests_per_minute, now, phase)
        self._tokens = Pace(settings.tokens_per_minute, now, phase if settings.tokens_per_minute else 0.0)
        self._in_flight = 0
        self._timer: asyncio.TimerHandle | None = None

    async def take(self, model: str, tokens: float, avoid: Endpoint | None = None, first: bool = True) -> Place:
        """Wait for a place at an endpoint of the model; a row's retry (not its `first` try) goes before those that have
        not begun. Raises Down.
        """
        row = Waiting(tokens, avoid, self._loop.create_future())
        self._waiting[model].append(row) if first else self._waiting[model].appendleft(row)
        self._serve()
        try:
            return await row.place
        except asyncio.CancelledError:
            if row.place.done() and not row.place.cancelled() and row.place.exception() is None:
                self.drop(row.place.result())
            raise

    def drop(self, place: Place) -> None:
        """A place that was not used."""
        place.endpoint.drop(place)
        self._gone(place.tokens)

    def succeed(self, place: Place, tokens: float) -> None:
        """`tokens`: what the call used; the rest of what it was counted for is free again."""
        place.endpoint.succeed(place)
        self._gone(place.tokens - tokens)

    def fail(self, place: Place, fault: Fault) -> None:
        place.endpoint.fail(place, fault, self._loop.time())
        self._gone(0.0)

    def is_up(self, model: str) -> bool:
        """Whether an endpoint of the model is not down."""
        return any(not e.down for e in self.lines[model])

    def _gone(self, tokens_left: float) -> None:
        self._in_flight -= 1
        self._tokens.give_back(tokens_left)
        self._serve()

    def _serve(self) -> None:
        """Give out what can be given out, and come back when time alone will free a place."""
        now = self._loop.time()
        wake = [t for t in (self._calls.next, self._tokens.next) if t > now]
        for model, rows in self._waiting.items():
            while rows and not wake and self._in_flight < self._settings.concurrency:
                if rows[0].place.done():
                    rows.popleft()
                elif (endpoint := self._best(model, rows[0].avoid, now)) is None:
                    break
                else:
                    self._give(rows.popleft(), endpoint, now)
                    wake = [t for t in (self._calls.next, self._tokens.next) if t > now]
            if rows and self._all_down(model, now):
                self._refuse(model, rows)
            elif rows:
                wake += [e.resting_until for e in self.lines[model] if e.resting_until > now]
        self._wake_at(min(wake, default=None) if any(self._waiting.values()) else None)

    def _give(self, row: Waiting, endpoint: Endpoint, now: float) -> None:
        place = replace(endpoint.start(now), tokens=row.tokens)
        self._in_flight += 1
        self._calls.take(1, now)
        self._tokens.take(row.tokens, now)
        row.place.set_result(place)

    def _best(self, model: str, avoid: Endpoint | None, now: float) -> Endpoint | None:
        free = [e for e in self.lines[model] if e.free(now)]
        return min(free, key=lambda e: (e is avoid, *e.load), default=None)

    def _all_down(self, model: str, now: float) -> bool:
        """A probe that is due is for the next row, which then was served."""
        return all(e.down and not e.free(now) for e in self.lines[model])

    def _refuse(self, model: str, rows: deque[Waiting]) -> None:
        why = "; ".join(f"{e.label}: {e.why}" for e in self.lines[model])
        while rows:
            row = rows.popleft()
            if not row.place.done():
                row.place.set_exception(Down(why))

    def _wake_at(self, when: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if when is None else self._loop.call_at(when, self._serve)
