"""Calls by Arrow batch: requests go out side by side, and each comes back as a row of llm_responses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from schemas.instruct import LLM_RESPONSES
from udfs.calls.requests import request_of
from udfs.calls.sending import Budget, Outcome, Settings, send

_NAMES = tuple(n for n in LLM_RESPONSES.names if n not in ("call_id", "called_at", "run_id"))
RESPONSES = ", ".join(f"{n} {LLM_RESPONSES.column(n).type}" for n in _NAMES)
_ARROW = pa.schema([f.with_nullable(True) for f in LLM_RESPONSES.arrow_schema(_NAMES)])
_AT_ONCE = 256
"""Rows of a batch that goes back to Spark."""


def sent_batches(settings: Settings, most: float, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of llm_responses for rows (request_id, body) of one task, as they come back; `most` is the money that the
    task may spend, infinite without a bound. What was not sent for want of money has no row.
    """
    requests = (request_of(row["body"]) for batch in batches for row in batch.to_pylist())
    rows: list[dict[str, Any]] = []
    for outcome in send(requests, settings, Budget(most)):
        if outcome.status != "unsent":
            rows.append(_row(outcome))
        if len(rows) >= _AT_ONCE:
            yield pa.RecordBatch.from_pylist(rows, _ARROW)
            rows = []
    if rows:
        yield pa.RecordBatch.from_pylist(rows, _ARROW)


def _row(outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer
    given: dict[str, Any] = {"prompt_tokens": 0, "completion_tokens": 0}
    if answer is not None:
        given = {
            "finish": answer.finish,
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "text": _clean(answer.text),
            "reasoning": _clean(answer.reasoning) or None,
            "logprobs": json.dumps([dict(p) for p in answer.logprobs]) if answer.logprobs else None,
        }
    return given | {
        "request_id": outcome.key,
        "status": outcome.status,
        "model": outcome.model,
        "endpoint": outcome.endpoint or None,
        "error": outcome.error or None,
        "detail": _clean(outcome.detail) or None,
        "attempts": outcome.attempts,
        "latency": outcome.latency_s,
        "uncertain": outcome.uncertain,
        "cost": outcome.cost,
        "uncertain_cost": outcome.uncertain_cost,
    }


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
