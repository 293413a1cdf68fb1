"""What calls cost at most and in fact, and a budget that no retry exceeds. Amounts are whole millionths of a
millionth inside, so that no sum drifts."""

from __future__ import annotations

import asyncio
import json
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from udfs.calls.requests import Request
from udfs.calls.settings import Price

FRAME_TOKENS = 16
"""Most tokens that a chat's template puts around a message: role, separators, the head of the answer."""
BYTES_A_TOKEN = 4
"""For estimates only: the rule of thumb of BPE vocabularies for English; code and Chinese take about 3."""
_PICO = 10**12
_PER_TOKEN = 10**6  # price per million tokens to pico a token
_COUNTED = ("response_format", "tools", "tool_choice", "functions")


@dataclass(frozen=True)
class Usage:
    """Tokens as the endpoint counts them; `cached` are among the prompt's."""

    prompt: int
    completion: int
    cached: int = 0


def most_prompt_tokens(request: Request) -> int:
    """Upper bound: bytes of all texts, a frame for each message, schemas and tools written out."""
    said = {k: request.parameters[k] for k in _COUNTED if k in request.parameters}
    extra = len(json.dumps(said, default=str).encode()) if said else 0
    return request.prompt_bytes + FRAME_TOKENS * max(1, len(request.messages)) + extra


def most_completion_tokens(request: Request) -> int | None:
    """None where the request sets no limit."""
    limits = [request.parameters.get(name) for name in ("max_tokens", "max_completion_tokens")]
    found = [n for n in limits if isinstance(n, int) and not isinstance(n, bool) and n > 0]
    return max(found) if found else None


def about_tokens(length: int) -> int:
    """Tokens of so many bytes, roughly."""
    return math.ceil(length / BYTES_A_TOKEN)


def cost(price: Price | None, usage: Usage) -> int:
    """Pico units of money; 0 without a price."""
    if price is None:
        return 0
    prompt, completion, *more = (round(p * _PER_TOKEN) for p in price)
    cached = min(usage.cached, usage.prompt)
    return (usage.prompt - cached) * prompt + cached * (more[0] if more else prompt) + usage.completion * completion


def most_cost(prices: Mapping[str, Price], request: Request) -> int | None:
    """Upper bound of one try, in pico units; None where the model is priced and the answer's length has no limit."""
    price = prices.get(request.model)
    if price is None:
        return 0
    most = most_completion_tokens(request)
    if most is None:
        return None if price[1] else cost(price, Usage(most_prompt_tokens(request), 0))
    # A cached token may be the dearer one.
    dearest = (max(price[0], *price[2:]), price[1]) if len(price) > 2 else price
    return cost(dearest, Usage(most_prompt_tokens(request), most))


def prompt_cost(prices: Mapping[str, Price], request: Request) -> int:
    """The most that the prompt alone costs, in pico units."""
    return cost(prices.get(request.model), Usage(most_prompt_tokens(request), 0))


def money(pico: int) -> float:
    """From pico units."""
    return pico / _PICO


class Budget:
    """The most money that a task may spend, uncertain tries included; None for no limit. May be handed to one `send`
    after the other, not to two at once. An endpoint that bills more than the request's bound (a template with a long
    text of its own, an ignored max_tokens) is counted as it bills: the budget ends all later tries.
    """

    def __init__(self, most: float | None = None) -> None:
        """Raises ValueError."""
        if most is not None and not most >= 0:
            raise ValueError(f"most: expected an amount of money from 0, found {most!r}")
        self._most = None if most is None or math.isinf(most) else int(most * _PICO)
        self._spent = self._reserved = 0
        self._waiting: deque[tuple[int, asyncio.Future[bool]]] = deque()
        self.calls = 0
        """Tries that were sent."""

    @property
    def spent(self) -> float:
        """Money, with the most that uncertain tries can have cost."""
        return money(self._spent)

    @property
    def reserved(self) -> float:
        """Money, for the calls in flight."""
        return money(self._reserved)

    @property
    def left(self) -> float:
        """Money that is neither spent nor reserved."""
        return math.inf if self._most is None else money(self._most - self._spent - self._reserved)

    @property
    def limited(self) -> bool:
        return self._most is not None

    def could(self, pico: int) -> bool:
        """Whether it fits once nothing is in flight any more."""
        return self._most is None or self._spent + pico <= self._most

    async def reserve(self, pico: int) -> bool:
        """Wait until it fits, or say that it never will."""
        if not self.could(pico):
            return False
        if not self._fits(pico):
            place: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._waiting.append((pico, place))
            try:
                return await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled() and place.result():
                    self.calls -= 1
                    self.settle(pico, 0)
                raise
        self._take(pico)
        return True

    def settle(self, reserved: int, spent: int) -> None:
        """What was reserved for a try, and what it cost."""
        self._reserved -= reserved
        self._spent += spent
        waiting, self._waiting = self._waiting, deque()
        for pico, place in waiting:
            if place.done():
                continue
            if not self.could(pico):
                place.set_result(False)
            elif self._fits(pico):
                self._take(pico)
                place.set_result(True)
            else:
                self._waiting.append((pico, place))

    def _fits(self, pico: int) -> bool:
        return self._most is None or self._spent + self._reserved + pico <= self._most

    def _take(self, pico: int) -> None:
        self._reserved += pico
        self.calls += 1
