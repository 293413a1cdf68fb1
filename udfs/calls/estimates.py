"""What a list of requests will take: calls, tokens, money and time, expected and at most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from udfs.calls.money import (
    Usage,
    about_tokens,
    cost,
    money,
    most_completion_tokens,
    most_cost,
    most_prompt_tokens,
    prompt_cost,
)
from udfs.calls.requests import Request
from udfs.calls.settings import Settings

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
    calls = prompt = completion = most_prompt = most_completion = unlimited = 0
    expected_pico = most_pico = 0
    unpriced = set()
    for request, tokens in asked:
        limit = most_completion_tokens(request)
        likely = tokens if limit is None else min(tokens, limit)
        usage = Usage(about_tokens(request.prompt_bytes), likely)
        expected = cost(settings.prices.get(request.model), usage)
        bound = most_cost(settings.prices, request)
        calls, unlimited = calls + 1, unlimited + (limit is None)
        prompt, completion = prompt + usage.prompt, completion + likely
        most_prompt += most_prompt_tokens(request)
        most_completion += likely if limit is None else limit
        expected_pico += expected
        most_pico += max(expected, prompt_cost(settings.prices, request)) if bound is None else bound
        unpriced |= {request.model} - settings.prices.keys()

    def seconds(prompts: int, completions: int) -> float:
        at_once = (calls * first_token_s + completions / tokens_a_second) / min(settings.concurrency, max(1, calls))
        paced = calls * 60 / settings.requests_per_minute if settings.requests_per_minute else 0.0
        counted = (prompts + completions) * 60 / settings.tokens_per_minute if settings.tokens_per_minute else 0.0
        return max(at_once, paced, counted)

    return Estimate(
        calls,
        prompt,
        completion,
        money(expected_pico),
        seconds(prompt, completion),
        most_prompt,
        most_completion,
        money(most_pico),
        seconds(most_prompt, most_completion),
        unlimited,
        tuple(sorted(unpriced)),
    )
