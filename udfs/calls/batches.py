"""Calls by Arrow batch: requests go out side by side, and each comes back as a row of llm_responses."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from schemas.instruct import LLM_RESPONSES
from schemas.storable import without_surrogates
from udfs.calls.money import money, most_cost, prompt_cost
from udfs.calls.requests import Request, request_of
from udfs.calls.sending import Budget, Outcome, Settings, send

_NAMES = tuple(n for n in LLM_RESPONSES.names if n not in ("call_id", "called_at", "run_id"))
RESPONSES = ", ".join(f"{n} {LLM_RESPONSES.column(n).type}" for n in _NAMES)
_ARROW = pa.schema([f.with_nullable(True) for f in LLM_RESPONSES.arrow_schema(_NAMES)])
_AT_ONCE = 256
_CHARS_AT_ONCE = 16 << 20
"""Rows, and characters of answers, of a batch that goes back to Spark: a column of Arrow holds no more than 2 GB."""


def sent_batches(
    settings: Settings, most: float, batches: Iterable[pa.RecordBatch], repeated: int = 0
) -> Iterator[pa.RecordBatch]:
    """Rows of llm_responses for rows (request_id, body) of one task, as they come back; `most` is the money that the
    task may spend, infinite without a bound. What was not sent for want of money has no row.

    A task that was `repeated` so often may have sent each call as often, which counts as paid. With a bound that money
    is gone: nothing is sent, and the calls wait for another run.
    """
    requests = (request_of(row["body"]) for batch in batches for row in batch.to_pylist())
    if not repeated:
        found = send(requests, settings, Budget(most))
    elif math.isfinite(most):
        found = _spent(requests, settings, most)
    else:
        found = _again(requests, settings, repeated)
    rows: list[dict[str, Any]] = []
    size = 0
    for outcome in found:
        if outcome.status != "unsent":
            rows.append(_row(outcome))
            size += len(rows[-1].get("text") or "") + len(rows[-1].get("reasoning") or "")
        if len(rows) >= _AT_ONCE or size >= _CHARS_AT_ONCE:
            yield pa.RecordBatch.from_pylist(rows, _ARROW)
            rows, size = [], 0
    if rows:
        yield pa.RecordBatch.from_pylist(rows, _ARROW)


def _spent(requests: Iterable[Request], settings: Settings, most: float) -> Iterator[Outcome]:
    """What may have been paid for, to the last of the money."""
    for request in requests:
        bound = min(most, _bound(request, settings))
        most -= bound
        yield Outcome(request.key, request.model, error="repeated", uncertain=1, uncertain_cost=bound)


def _again(requests: Iterable[Request], settings: Settings, repeated: int) -> Iterator[Outcome]:
    """Outcomes with what the earlier beginnings of their task may have cost."""
    bounds: dict[str, float] = {}

    def noted() -> Iterator[Request]:
        for request in requests:
            bounds[request.key] = _bound(request, settings)
            yield request

    for outcome in send(noted(), settings, Budget()):
        more = repeated * bounds[outcome.key]
        yield replace(outcome, uncertain=outcome.uncertain + repeated, uncertain_cost=outcome.uncertain_cost + more)


def _bound(request: Request, settings: Settings) -> float:
    """The most that one try costs, of the prompt alone where the answer has no limit."""
    most = most_cost(settings.prices, request)
    return money(prompt_cost(settings.prices, request) if most is None else most)


def _row(outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer
    given: dict[str, Any] = {"prompt_tokens": 0, "completion_tokens": 0}
    if answer is not None:
        given = {
            "finish": answer.finish,
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "text": without_surrogates(answer.text),
            "reasoning": without_surrogates(answer.reasoning) or None,
            "logprobs": json.dumps([dict(p) for p in answer.logprobs]) if answer.logprobs else None,
        }
    return given | {
        "request_id": outcome.key,
        "status": outcome.status,
        "model": outcome.model,
        "endpoint": outcome.endpoint or None,
        "error": outcome.error or None,
        "detail": without_surrogates(outcome.detail) or None,
        "attempts": outcome.attempts,
        "latency": outcome.latency_s,
        "uncertain": outcome.uncertain,
        "cost": outcome.cost,
        "uncertain_cost": outcome.uncertain_cost,
    }
