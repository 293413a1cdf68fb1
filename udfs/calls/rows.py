"""One row: tries, waits between them, and the one outcome at the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from udfs.calls.answers import Reply, refusal
from udfs.calls.bodies import body_of
from udfs.calls.endpoints import Place
from udfs.calls.faults import Fault, Then, shown
from udfs.calls.money import Budget, about_tokens, cost, money, most_completion_tokens, most_cost, prompt_cost
from udfs.calls.outcomes import Outcome
from udfs.calls.pool import Down, Pool
from udfs.calls.requests import Answer, Request
from udfs.calls.settings import Settings

if TYPE_CHECKING:
    from udfs.calls.trying import Trying


LEAST_OF_DEADLINE = 0.02
"""No retry begins with less of the row's time left: it could only end uncertain."""


@dataclass
class Tally:
    """What a row's tries have come to. Money in pico units, seconds; `ends` on the loop's clock."""

    request: Request
    secrets: Sequence[str]
    key: str = ""
    endpoint: str = ""
    attempts: int = 0
    tries: int = 0
    """Attempts but those that were told to come later."""
    waited: float = 0.0
    latency: float = 0.0
    uncertain: int = 0
    cost: int = 0
    uncertain_cost: int = 0
    status: int = 0
    ends: float | None = None
    last: Fault | None = field(default=None, repr=False)

    def outcome(self, status: str, error: str = "", detail: str = "", answer: Answer | None = None) -> Outcome:
        """For good."""
        return Outcome(
            key=self.key,
            model=self.request.model,
            endpoint=self.endpoint,
            status=status,
            error=error,
            detail=shown(detail, self.secrets),
            answer=answer,
            http_status=self.status,
            attempts=self.attempts,
            retries=max(0, self.attempts - 1),
            waited_s=self.waited,
            latency_s=self.latency,
            uncertain=self.uncertain,
            cost=money(self.cost),
            uncertain_cost=money(self.uncertain_cost),
        )

    def failed(self, error: str, detail: str) -> Outcome:
        last = f"; last: {self.last.error}: {self.last.detail}" if self.last and self.last.detail not in detail else ""
        return self.outcome("failed", error, detail + last)


class Rows:
    """Answers rows, any number at a time, on one loop."""

    def __init__(self, trying: Trying, pool: Pool, settings: Settings, budget: Budget) -> None:
        self._trying, self._pool, self._settings, self._budget = trying, pool, settings, budget
        self._secrets = settings.secrets()
        self._loop = asyncio.get_running_loop()
        self._least_s = LEAST_OF_DEADLINE * settings.deadline_s

    async def answer(self, request: Request) -> Outcome:
        """Never raises but where it is cancelled."""
        tally = Tally(request, self._secrets)
        try:
            tally.key = request.key
            if request.model not in self._pool.lines:
                return tally.failed("no_endpoint", f"endpoints: expected one for {request.model}, found none")
            try:
                served = self._settings.served_as.get(request.model, request.model)
                body = body_of(request, served, self._settings.stream, self._settings.stream_usage)
            except ValueError as why:
                return self._refused(tally, "bad_request", str(why))
            return await self._tried(tally, body)
        except Exception as why:
            return tally.failed("internal", f"{type(why).__name__}: {why}")

    async def _tried(self, tally: Tally, body: bytes) -> Outcome:
        most = most_cost(self._settings.prices, tally.request)
        if most is None and self._budget.limited:
            detail = "max_tokens: expected a number, as no limit of money holds without, found none"
            return tally.outcome("unsent", "budget", detail)
        # Without a limit of the answer's length only the prompt's part is known.
        bound = most if most is not None else prompt_cost(self._settings.prices, tally.request)
        while True:
            place = await self._place(tally, bound)
            if isinstance(place, Outcome):
                return place
            try:
                reply = await self._once(tally, place, body, bound)
            except Fault as fault:
                if (end := self._end(tally, fault)) is not None:
                    return end
                if not await self._rest(tally, fault):
                    return tally.failed(fault.error, f"no time left for another try: {fault.detail}")
            else:
                return self._outcome(tally, reply)

    async def _place(self, tally: Tally, bound: int) -> Place | Outcome:
        """A place at an endpoint and the money for a try, or how the row ends without."""
        began = self._loop.time()
        if not self._budget.could(bound):
            return self._too_dear(tally, bound)
        tokens = about_tokens(tally.request.prompt_bytes) + (most_completion_tokens(tally.request) or 0)
        avoid = next((e for e in self._pool.lines[tally.request.model] if e.label == tally.endpoint), None)
        try:
            # The row's time begins with its first place, not while it queues.
            async with asyncio.timeout_at(None if tally.ends is None else tally.ends - self._least_s):
                place = await self._pool.take(tally.request.model, tokens, avoid, first=tally.ends is None)
        except Down as why:
            return tally.failed("endpoint_down", str(why))
        except TimeoutError:
            return tally.failed(tally.last.error if tally.last else "deadline", "the row's time was up")
        if tally.ends is None:
            began = self._loop.time()
            tally.ends = began + self._settings.deadline_s
        try:
            has_money = await self._budget.reserve(bound)
        except asyncio.CancelledError:
            self._pool.drop(place)
            raise
        tally.waited += self._loop.time() - began
        if not has_money:
            self._pool.drop(place)
            return self._too_dear(tally, bound)
        return place

    async def _once(self, tally: Tally, place: Place, body: bytes, bound: int) -> Reply:
        """A try, with its money and its place settled whatever comes. Raises Fault."""
        tally.attempts += 1
        tally.endpoint = place.endpoint.label
        began = self._loop.time()
        left = max(0.001, (tally.ends or began) - began)
        try:
            reply = await self._trying.once(place.endpoint, tally.request, body, left)
            self._check(reply, place)
        except Fault as fault:
            self._faulted(tally, place, fault, bound)
            raise
        except BaseException:
            # Broken off from outside, or by an error here: it may have been billed.
            tally.uncertain += 1
            tally.uncertain_cost += bound
            self._budget.settle(bound, bound)
            self._pool.drop(place)
            raise
        tally.latency = self._loop.time() - began
        tally.status = 200
        self._budget.settle(bound, self._billed(tally, reply, bound))
        self._pool.succeed(place, reply.usage.prompt + reply.usage.completion)
        return reply

    def _check(self, reply: Reply, place: Place) -> None:
        asked = self._settings.served_as.get(place.endpoint.model, place.endpoint.model)
        if self._settings.check_model and reply.served != asked:
            raise Fault("wrong_model", f"expected an answer of {asked}, found one of {reply.served!r}", uncertain=True)

    def _billed(self, tally: Tally, reply: Reply, bound: int) -> int:
        """What the budget counts; where the endpoint counted no tokens that is the most that it can be."""
        known = cost(self._settings.prices.get(tally.request.model), reply.usage)
        tally.cost += known
        beyond = max(0, bound - known) if reply.estimated else 0
        tally.uncertain_cost += beyond
        return known + beyond

    def _faulted(self, tally: Tally, place: Place, fault: Fault, bound: int) -> None:
        tally.last = fault
        tally.status = fault.status
        spent = bound if fault.uncertain else 0
        tally.uncertain += fault.uncertain
        tally.uncertain_cost += spent
        self._budget.settle(bound, spent)
        if fault.then in (Then.REFUSED, Then.FINAL):
            self._pool.succeed(place, place.tokens)
        else:
            self._pool.fail(place, fault)

    def _end(self, tally: Tally, fault: Fault) -> Outcome | None:
        """How the row ends with this fault; None where it is tried again."""
        if fault.then is Then.REFUSED:
            return self._refused(tally, fault.error, fault.detail)
        if fault.then is Then.FINAL:
            return tally.failed(fault.error, fault.detail)
        if fault.then is Then.GONE and not self._pool.is_up(tally.request.model):
            return tally.failed(fault.error, fault.detail)
        tally.tries += fault.then is not Then.LATER
        return tally.failed(fault.error, fault.detail) if tally.tries >= self._settings.tries else None

    async def _rest(self, tally: Tally, fault: Fault) -> bool:
        """Wait before another try: full jitter, and as long as the only endpoint asks. False where no time is left."""
        if fault.then is Then.GONE:
            return True
        settings = self._settings
        most = min(settings.backoff_most_s, settings.backoff_s * 2.0 ** min(tally.attempts - 1, 60))
        wait = random.uniform(0, most)
        if len(self._pool.lines[tally.request.model]) == 1:
            wait = max(wait, fault.after_s or 0.0)
        if self._loop.time() + wait >= (tally.ends or 0.0) - self._least_s:
            return False
        tally.waited += wait
        await asyncio.sleep(wait)
        return True

    def _outcome(self, tally: Tally, reply: Reply) -> Outcome:
        if reply.answer.refused:
            ended = tally.outcome("refused", reply.answer.refused, "the answer was filtered", reply.answer)
        else:
            ended = tally.outcome("answered", answer=reply.answer)
        return replace(
            ended, cached_tokens=reply.usage.cached, tokens_estimated=reply.estimated, served=reply.served[:200]
        )

    def _refused(self, tally: Tally, error: str, detail: str) -> Outcome:
        return tally.outcome("refused", error, detail, refusal(error))

    def _too_dear(self, tally: Tally, bound: int) -> Outcome:
        detail = f"expected {money(bound):.6g} for the most that a try can cost, found {self._budget.left:.6g} left"
        return tally.failed("budget", detail) if tally.attempts else tally.outcome("unsent", "budget", detail)
