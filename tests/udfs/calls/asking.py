"""Requests and settings that the tests of calls share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.udfs.calls.endpoint import Endpoint
from udfs.calls.money import Budget
from udfs.calls.outcomes import Outcome
from udfs.calls.requests import Request
from udfs.calls.sending import send
from udfs.calls.settings import Settings

PRICES = {"m": (1.0, 2.0)}


def chat(number: int = 0, model: str = "m", **parameters: Any) -> Request:
    messages = ({"role": "system", "content": "Say it again."}, {"role": "user", "content": f"number {number}"})
    return Request(model, messages=messages, parameters={"max_tokens": 50, "prompt": "again@1", **parameters})


def completion(number: int = 0, model: str = "m", **parameters: Any) -> Request:
    return Request(model, text=f"number {number}", parameters={"max_tokens": 50, **parameters})


def quick(*endpoints: Endpoint, **over: Any) -> Settings:
    """Settings of a test that does not wait long."""
    said: dict[str, Any] = {"endpoints": {"m": [e.url for e in endpoints]}, "prices": PRICES, "concurrency": 8}
    said |= {"backoff_s": 0.01, "backoff_most_s": 0.05, "timeout_s": 2.0, "idle_s": 1.0, "deadline_s": 10.0}
    said |= {"breaker_rest_s": 0.05, "connect_s": 1.0}
    return Settings(**{**said, **over})


def all_of(requests: Iterable[Request], settings: Settings, budget: Budget | None = None) -> dict[str, Outcome]:
    """Outcomes by key; each request exactly one."""
    asked = list(requests)
    outcomes = list(send(asked, settings, budget))
    assert sorted(o.key for o in outcomes) == sorted(r.key for r in asked)
    return {o.key: o for o in outcomes}


def one(request: Request, settings: Settings, budget: Budget | None = None) -> Outcome:
    return all_of([request], settings, budget)[request.key]
