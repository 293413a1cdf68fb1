"""Against a server that others wrote, which judges its clients: llmock speaks the API's HTTP and fails as told."""

from __future__ import annotations

import time
from typing import Any

import pytest
from llmock.pytest_plugin import LLMock

from tests.udfs.calls.asking import all_of, chat, one
from udfs.calls.settings import Settings


def settings(server: LLMock, **over: Any) -> Settings:
    said = {"backoff_s": 0.2, "timeout_s": 5.0, "idle_s": 0.5, "keys": {"m": "any"}}
    return Settings({"m": [server.url]}, **{**said, **over})


@pytest.mark.parametrize("stream", [False, True])
def test_its_answers_are_understood(llmock: LLMock, stream: bool) -> None:
    found = all_of([chat(i) for i in range(20)], settings(llmock, stream=stream))
    assert all(o.status == "answered" and o.answer and o.answer.text for o in found.values())
    assert all(o.answer and o.answer.finish == "stop" and not o.tokens_estimated for o in found.values())


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "corrupt", "stall"])
def test_it_finds_no_fault_with_how_streams_are_read(
    llmock: LLMock, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A retry in the same moment would be judged as another call: the jitter draws its most.
    monkeypatch.setattr("udfs.calls.rows.random.uniform", lambda _, most: most)
    getattr(llmock, fault)(after_chunks=2)
    found = one(chat(), settings(llmock, stream=True))
    assert (found.status, found.attempts, found.uncertain) == ("answered", 2, 1)
    llmock.assert_resilient(strict=True)


def test_it_finds_no_fault_with_how_errors_are_retried(llmock: LLMock) -> None:
    llmock.rate_limit(times=2, retry_after=0.3).fail(500).fail(503)
    began = time.monotonic()
    found = one(chat(), settings(llmock))
    assert (found.status, found.attempts, found.uncertain) == ("answered", 5, 0) and time.monotonic() - began > 0.6
    llmock.assert_resilient()


def test_it_finds_no_fault_with_what_is_not_retried(llmock: LLMock) -> None:
    llmock.context_overflow().fail(422).fail(400)
    errors = [one(chat(i), settings(llmock)).error for i in range(3)]
    assert errors == ["too_long", "bad_request", "bad_request"]
    llmock.fail(401)
    assert one(chat(3), settings(llmock)).error == "not_allowed"
    llmock.assert_resilient(strict=True)
