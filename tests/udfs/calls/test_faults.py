"""What statuses and messages of real servers mean."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.calls.faults import Then, fault_of, retry_after, shown
from udfs.calls.outcomes import ERRORS

TOO_LONG = [
    {"error": {"message": "This model's maximum context length is 4096 tokens.", "code": "context_length_exceeded"}},
    {"object": "error", "message": "'max_tokens' is too large: 9000. This model's maximum context length is 8192."},
    {
        "error": {
            "code": 400,
            "message": "request exceeds the available context size",
            "type": "exceed_context_size",
        }
    },
    {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096", "error_type": "validation"},
    {"error": {"message": "prompt is too long: 250000 tokens > 200000 maximum"}},
    {"detail": "The input (9000 tokens) is longer than the model's context length (8192 tokens)."},
]
FILTERED = {"error": {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}
FLAGGED = {"error": {"message": "Your input was flagged", "metadata": {"reasons": ["x"]}}}
QUOTA = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
PLAIN = {"error": {"message": "no"}}


@pytest.mark.parametrize("said", TOO_LONG)
@pytest.mark.parametrize("status", [400, 422, 500])
def test_too_long_in_the_words_of_six_servers(said: dict[str, Any], status: int) -> None:
    fault = fault_of(status, {}, json.dumps(said).encode())
    assert (fault.error, fault.then) == ("too_long", Then.REFUSED)


@pytest.mark.parametrize(
    ("status", "said", "headers", "error", "then"),
    [
        (400, PLAIN, {}, "bad_request", Then.REFUSED),
        (422, PLAIN, {}, "bad_request", Then.REFUSED),
        (413, PLAIN, {}, "too_long", Then.REFUSED),
        (400, FILTERED, {}, "content_filter", Then.REFUSED),
        (403, FLAGGED, {}, "content_filter", Then.REFUSED),
        (401, PLAIN, {}, "not_allowed", Then.GONE),
        (402, PLAIN, {}, "not_allowed", Then.GONE),
        (403, PLAIN, {}, "not_allowed", Then.GONE),
        (404, PLAIN, {}, "not_found", Then.GONE),
        (302, PLAIN, {}, "not_found", Then.GONE),
        (429, QUOTA, {}, "not_allowed", Then.GONE),
        (429, PLAIN, {}, "rate_limited", Then.LATER),
        (503, PLAIN, {"Retry-After": "1"}, "rate_limited", Then.LATER),
        (503, PLAIN, {}, "server_error", Then.RETRY),
        (408, PLAIN, {}, "server_error", Then.RETRY),
        (409, PLAIN, {}, "server_error", Then.RETRY),
        (500, PLAIN, {}, "server_error", Then.RETRY),
        (502, PLAIN, {}, "server_error", Then.RETRY),
        (418, PLAIN, {}, "unexpected", Then.FINAL),
        (204, PLAIN, {}, "unexpected", Then.FINAL),
    ],
)
def test_each_status(status: int, said: Any, headers: dict[str, str], error: str, then: Then) -> None:
    fault = fault_of(status, headers, json.dumps(said).encode())
    assert (fault.error, fault.then, fault.status) == (error, then, status)
    assert fault.uncertain == (status in (204, 408, 502))


def test_when_to_come_again() -> None:
    assert retry_after({"Retry-After": "7"}) == 7 and retry_after({"Retry-After": "0.5"}) == 0.5
    assert retry_after({"retry-after-ms": "250", "Retry-After": "1"}) == 0.25
    in_a_minute = retry_after({"Retry-After": formatdate(time.time() + 60, usegmt=True)})
    assert in_a_minute is not None and 58 <= in_a_minute <= 60
    assert retry_after({"Retry-After": formatdate(time.time() - 60, usegmt=True)}) == 0
    assert retry_after({}) is None


@given(st.text(max_size=40), st.binary(max_size=200), st.integers(201, 599))
def test_any_header_and_body_is_a_fault_of_a_known_class(header: str, body: bytes, status: int) -> None:
    fault = fault_of(status, {"Retry-After": header, "retry-after-ms": header[:5]}, body)
    assert fault.error in ERRORS and (fault.after_s is None or fault.after_s >= 0)
    assert len(shown(fault.detail, ())) <= 500


def test_no_key_in_a_detail() -> None:
    told = json.dumps({"error": {"message": "Incorrect API key provided: sk-abc123***6789."}}).encode()
    assert fault_of(401, {}, told).detail == "HTTP 401"
    said = "key tell-nobody of sk-proj-abcdefgh12345678 and Bearer abc.def\n\x00x"
    assert shown(said, ("tell-nobody",)) == "key *** of *** and ***  x"
