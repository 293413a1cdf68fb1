"""A real model under llama.cpp's server, fetched by name: that what we understand is what a model server says."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.model_server import CONTEXT_TOKENS, MODEL, model_server
from tests.udfs.calls.asking import all_of, one
from udfs.calls.requests import Request
from udfs.calls.settings import Settings

pytestmark = pytest.mark.long
PARALLEL = 2
SCHEMA = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 1, "maximum": 5}},
    "required": ["score"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with model_server(tmp_path_factory.mktemp("model"), PARALLEL) as running:
        yield running


def settings(url: str, **over: Any) -> Settings:
    said = {"prices": {MODEL: (1.0, 2.0)}, "concurrency": PARALLEL, "timeout_s": 300.0, "deadline_s": 600.0}
    return Settings({MODEL: [url]}, **{**said, **over})


def text(prompt: str, tokens: int = 6, **more: Any) -> Request:
    return Request(MODEL, text=prompt, parameters={"max_tokens": tokens, "temperature": 0, "seed": 1, **more})


def chat(prompt: str, tokens: int = 6, **more: Any) -> Request:
    parameters = {"max_tokens": tokens, "temperature": 0, "seed": 1, "prompt": "test@1", **more}
    return Request(MODEL, messages=({"role": "user", "content": prompt},), parameters=parameters)


def test_completions_and_chats_streamed_and_whole(url: str) -> None:
    requests = [text("def add(a, b):\n    return a +"), chat("Say yes or no: is two even?")]
    whole, streamed = (all_of(requests, settings(url, stream=stream)) for stream in (False, True))
    for request in requests:
        first, second = whole[request.key], streamed[request.key]
        assert first.status == second.status == "answered" and first.answer and second.answer
        assert first.answer.text and second.answer.text
        assert first.answer.finish == second.answer.finish == "length"
        assert first.answer.completion_tokens == second.answer.completion_tokens == 6
        assert not first.tokens_estimated and not second.tokens_estimated and first.cost > 0
    # Beyond a few tokens llama.cpp's answers hang on what else it is at work on.
    answers = [found[requests[0].key].answer for found in (whole, streamed)]
    assert [a.text[:2] for a in answers if a] == [" b", " b"]


@pytest.mark.parametrize("stream", [False, True])
def test_log_probabilities(url: str, stream: bool) -> None:
    asked = {"logprobs": True, "top_logprobs": 3}
    requests = [text("The capital of France is", 3, **asked), chat("Yes or no?", 3, **asked)]
    for outcome in all_of(requests, settings(url, stream=stream)).values():
        assert outcome.answer is not None and len(outcome.answer.logprobs) == 3
        for tokens in outcome.answer.logprobs:
            assert 3 <= len(tokens) <= 4 and sum(math.exp(p) for p in tokens.values()) <= 1.001
        # At temperature 0 the likeliest is what is said.
        first = outcome.answer.logprobs[0]
        assert outcome.answer.text.startswith(max(first, key=lambda t: first[t]))


def test_answers_in_a_schema_and_their_end(url: str) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "rating", "schema": SCHEMA, "strict": True}}
    # llama.cpp knows response_format for chats only; for a completion it takes the schema as a parameter of its own.
    requests = [chat("Rate this.", 40, response_format=form), text("A rating: ", 40, json_schema=SCHEMA)]
    for outcome in all_of(requests, settings(url)).values():
        assert outcome.status == "answered" and outcome.answer and outcome.answer.finish == "stop"
        assert 1 <= json.loads(outcome.answer.text)["score"] <= 5


def test_a_prompt_that_is_too_long_is_refused_and_a_stop_is_a_stop(url: str) -> None:
    found = one(text("a b c " * CONTEXT_TOKENS), settings(url))
    assert (found.status, found.error, found.http_status) == ("refused", "too_long", 400)
    stopped = one(text("1, 2, 3, 4, 5, 6,", 12, stop=[","]), settings(url)).answer
    assert stopped is not None and (stopped.finish, stopped.text) == ("stop", " 7")
