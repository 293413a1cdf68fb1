"""What became of a request: one row each, whatever the endpoint did."""

from __future__ import annotations

from dataclasses import dataclass

from udfs.calls.requests import Answer

STATUSES = {
    "answered": "an answer with a finish reason came",
    "refused": "the endpoint will not answer this request, ever: asking again is in vain",
    "failed": "no answer came; another run may get one",
    "unsent": "nothing was sent: the money would not have sufficed",
}
ERRORS = {
    "bad_request": "refused: 400 or 422, or a request that cannot be written down",
    "too_long": "refused: prompt and answer exceed what the model can hold",
    "content_filter": "refused by the endpoint's filter, before or after the answer",
    "not_allowed": "401, 402, 403 or a quota used up: every call would fail so",
    "not_found": "404, or a redirect: no such model or no such path",
    "unexpected": "another status that is not tried again",
    "rate_limited": "429, or 503 with Retry-After, until tries or time were up",
    "server_error": "5xx, 408, 409, or an error inside a stream",
    "connection": "no connection, or one that was reset",
    "timeout": "no answer in time",
    "cut": "an answer that ended too early or has no finish reason",
    "malformed": "not JSON, no choices, too large, or another shape than the API's",
    "wrong_model": "answered under another model's name (where that is checked)",
    "endpoint_down": "all endpoints of the model are down, this row was not tried any more",
    "no_endpoint": "the model has no endpoint in the settings",
    "deadline": "the row's time was up before an error was known",
    "budget": "the money left does not cover the most that a try can cost",
    "repeated": "its task was begun again: the money may be spent already, on this call too",
    "internal": "an error of the sender itself",
}
OF_THE_ENDPOINT = (
    "not_allowed",
    "not_found",
    "rate_limited",
    "connection",
    "endpoint_down",
    "no_endpoint",
    "budget",
    "repeated",
)
"""Errors that say nothing of the request: a key that ran out, an endpoint that is down for nights."""


@dataclass(frozen=True)
class Outcome:
    """`key` is the request's; `endpoint` host and port of the last try. `error` is one of ERRORS, `detail` at most 500
    characters without keys. `answer` is there where answered, and where refused says so. `attempts` are all tries,
    `retries` those after the first. Seconds: `waited_s` between tries and for a place, `latency_s` of the try that was
    answered. Of that try also `cached_tokens`, `served`, the model's name there, and `tokens_estimated`, where the
    endpoint counted none (a token is 4 bytes then).
    `uncertain` tries may have been billed though nothing usable came: timeouts, cut answers and resets after sending.
    Money: `cost` as the tokens say, `uncertain_cost` the most that uncertain tries, and tokens that are only
    estimated, can have cost beyond it.
    """

    key: str
    model: str
    endpoint: str = ""
    status: str = "failed"
    error: str = ""
    detail: str = ""
    answer: Answer | None = None
    http_status: int = 0
    attempts: int = 0
    retries: int = 0
    waited_s: float = 0.0
    latency_s: float = 0.0
    uncertain: int = 0
    cost: float = 0.0
    uncertain_cost: float = 0.0
    cached_tokens: int = 0
    tokens_estimated: bool = False
    served: str = ""
