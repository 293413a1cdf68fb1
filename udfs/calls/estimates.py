"""What a list of requests will take: calls, tokens, money and time, expected and at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from udfs.calls.money import (
    Usage,
    about_tokens,
    cost,
    money,
    most_completion_tokens,
    most_cost,
    most_prompt_tokens,
)
from udfs.calls.requests import Request
from udfs.calls.settings import Price, Settings

FIRST_TOKEN_S = 0.5
TOKENS_A_SECOND = 50.0
"""Of one answer: assumed, not measured; say what yours does where it matters."""


@dataclass(frozen=True)
class Estimate:
    """Of `calls` without one retry. Expected tokens count 4 bytes a token, the most a byte a token and a chat's frame.
    Money as the prices say; `unpriced` models have none and count as free. `seconds` is the greatest of what the
    concurrency, the requests and the tokens a minute allow. `unlimited` requests set no max_tokens: their most is what
    is expected of them.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    money: float = 0.0
    seconds: float = 0.0
    most_prompt_tokens: int = 0
    most_completion_tokens: int = 0
    most_money: float = 0.0
    most_seconds: float = 0.0
    unlimited: int = 0
    unpriced: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def most_tokens(self) -> int:
        return self.most_prompt_tokens + self.most_completion_tokens


def estimate(
    asked: Iterable[tuple[Request, int]],
    settings: Settings,
    *,
    first_token_s: float = FIRST_TOKEN_S,
    tokens_a_second: float = TOKENS_A_SECOND,
) -> Estimate:
    """Of (request, completion tokens expected). `settings` are those of the whole run, not divided."""
    sums = _Sums()
    for request, tokens in asked:
        sums.add(request, tokens, settings.prices)

    def seconds(prompts: int, completions: int) -> float:
        generated = sums.calls * first_token_s + completions / tokens_a_second
        at_once = generated / min(settings.concurrency, max(1, sums.calls))
        paced = sums.calls * 60 / settings.requests_per_minute if settings.requests_per_minute else 0.0
        counted = (prompts + completions) * 60 / settings.tokens_per_minute if settings.tokens_per_minute else 0.0
        return max(at_once, paced, counted)

    return Estimate(
        calls=sums.calls,
        prompt_tokens=sums.prompt,
        completion_tokens=sums.completion,
        money=money(sums.pico),
        seconds=seconds(sums.prompt, sums.completion),
        most_prompt_tokens=sums.most_prompt,
        most_completion_tokens=sums.most_completion,
        most_money=money(sums.most_pico),
        most_seconds=seconds(sums.most_prompt, sums.most_completion),
        unlimited=sums.unlimited,
        unpriced=tuple(sorted(sums.unpriced)),
    )


@dataclass
class _Sums:
    calls: int = 0
    prompt: int = 0
    completion: int = 0
    pico: int = 0
    most_prompt: int = 0
    most_completion: int = 0
    most_pico: int = 0
    unlimited: int = 0
    unpriced: set[str] = field(default_factory=set)

    def add(self, request: Request, tokens: int, prices: Mapping[str, Price]) -> None:
        limit = most_completion_tokens(request)
        likely = Usage(about_tokens(request.prompt_bytes), tokens if limit is None else min(tokens, limit))
        most = Usage(most_prompt_tokens(request), likely.completion if limit is None else limit)
        expected, bound = cost(prices.get(request.model), likely), most_cost(prices, request)
        self.calls += 1
        self.unlimited += limit is None
        self.prompt += likely.prompt
        self.completion += likely.completion
        self.most_prompt += most.prompt
        self.most_completion += most.completion
        self.pico += expected
        self.most_pico += cost(prices.get(request.model), most) if bound is None else bound
        if request.model not in prices:
            self.unpriced.add(request.model)
