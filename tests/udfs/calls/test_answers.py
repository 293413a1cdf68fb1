"""What is read from replies and streams, and what is not taken for an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.udfs.calls.asking import chat, completion
from tests.udfs.calls.endpoint import Arrived, Fault, Said, reply_of, stream_of
from udfs.calls import faults
from udfs.calls.answers import read_answer, read_json
from udfs.calls.bodies import body_of
from udfs.calls.events import Stream


def reply(message: Any = None, finish: Any = "stop", **over: Any) -> dict[str, Any]:
    message = {"content": "yes"} if message is None else message
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": over.pop("logprobs", None)}
    return {"id": "1", "model": "m", "choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 2}, **over}


@pytest.mark.parametrize(
    ("message", "text", "reasoning"),
    [
        ({"content": "yes"}, "yes", ""),
        ({"content": None}, "", ""),
        ({"content": "yes", "reasoning_content": "hm"}, "yes", "hm"),
        ({"content": "yes", "reasoning": "hm"}, "yes", "hm"),
        ({"content": "<think>\nhm\n</think>\n\nyes"}, "yes", "hm"),
        ({"content": "hm\n</think>\n\nyes"}, "yes", "hm"),
        ({"content": "<think>hm, and no end"}, "", "hm, and no end"),
        ({"content": "say <think> and </think>"}, "say <think> and </think>", ""),
        ({"content": "<think>b</think>yes", "reasoning": "a"}, "yes", "a\nb"),
        ({"content": [{"type": "text", "text": "y"}, {"type": "text", "text": "es"}]}, "yes", ""),
        (
            {"content": [{"type": "reasoning", "summary": [{"text": "hm"}]}, {"type": "text", "text": "yes"}]},
            "yes",
            "hm",
        ),
        ({"content": "\ud83d\ude00 \ud83d"}, "\U0001f600 \ufffd", ""),
    ],
)
def test_reasoning_is_apart_from_the_text(message: dict[str, Any], text: str, reasoning: str) -> None:
    answer = read_answer(reply(message), chat()).answer
    assert (answer.text, answer.reasoning) == (text, reasoning)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (reply(finish=None), "cut"),
        (reply(finish=""), "cut"),
        (reply(finish=7), "cut"),
        (reply(finish="abort"), "cut"),
        (reply(choices=[]), "malformed"),
        (reply(choices=None), "malformed"),
        (reply(choices={"a": 1}), "malformed"),
        (reply(choices=["text"]), "malformed"),
        ({}, "malformed"),
        (reply(message="text"), "malformed"),
        ({"error": {"message": "overloaded", "code": 503}}, "server_error"),
        ({"error": "overloaded"}, "server_error"),
        (reply(error={"message": "slow down", "code": 429}), "rate_limited"),
    ],
)
def test_no_part_is_taken_for_an_answer(said: dict[str, Any], error: str) -> None:
    with pytest.raises(faults.Fault) as why:
        read_answer(said, chat())
    assert why.value.error == error and why.value.uncertain


@pytest.mark.parametrize("body", [b"", b"no", b"[1]", b'"text"', b'{"a": ', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_no_answer(body: bytes) -> None:
    with pytest.raises(faults.Fault, match="malformed"):
        read_json(body)


def test_finish_reasons_have_one_name() -> None:
    named = {"stop": "stop", "eos_token": "stop", "end_turn": "stop", "max_tokens": "length", "length": "length"}
    assert {f: read_answer(reply(finish=f), chat()).answer.finish for f in named} == named
    filtered = read_answer(reply(finish="content_filter"), chat()).answer
    assert filtered.refused == "content_filter"
    assert read_answer(reply({"content": None, "refusal": "no"}), chat()).answer.refused == "content_filter"


@pytest.mark.parametrize("usage", [None, 7, {}, *({"prompt_tokens": n} for n in (-1, True, "9", 1.5))])
def test_tokens_that_are_not_counted_are_estimated_and_marked(usage: Any) -> None:
    found = read_answer(reply({"content": "12345"}, usage=usage), chat())
    assert found.estimated and found.answer.completion_tokens == 2
    assert found.answer.prompt_tokens == -(-chat().prompt_bytes // 4)


def test_cached_tokens() -> None:
    told = {"prompt_tokens": 9, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 4}}
    assert read_answer(reply(usage=told), chat()).usage.cached == 4
    assert read_answer(reply(usage={"prompt_tokens": 9, "prompt_cache_hit_tokens": 50}), chat()).usage.cached == 9


def test_log_probabilities_in_both_shapes() -> None:
    tops = [{"token": "Yes", "logprob": -0.1}, {"token": "No", "logprob": -2.5}, {"token": "\ud83d", "logprob": None}]
    content = [{"token": "Yes", "logprob": -0.1, "top_logprobs": tops}, {"token": "!", "logprob": -1}]
    found = read_answer(reply(logprobs={"content": content}), chat()).answer.logprobs
    assert found == ({"Yes": -0.1, "No": -2.5}, {"!": -1.0})
    lists = {"tokens": ["Yes", "!"], "token_logprobs": [-0.1, -1], "top_logprobs": [{"Yes": -0.1, "No": -2.5}, None]}
    text = {"choices": [{"text": "Yes!", "finish_reason": "stop", "logprobs": lists}]}
    assert read_answer(text, completion()).answer.logprobs == found
    text["choices"][0]["logprobs"] = {"content": content}  # as llama.cpp does
    assert read_answer(text, completion()).answer.logprobs == found


def test_bodies_carry_what_the_api_knows_and_nothing_else() -> None:
    body = json.loads(body_of(chat(temperature=0.5, seed=3, stop=["\n"]), "their-name", stream=True, usage=True))
    assert body["model"] == "their-name" and body["messages"][1]["content"] == "number 0"
    assert (body["temperature"], body["seed"], body["stop"], body["stream"]) == (0.5, 3, ["\n"], True)
    assert body["stream_options"] == {"include_usage": True} and "prompt" not in body
    text = json.loads(body_of(completion(prompt="a@1", logprobs=True, top_logprobs=5), "m", stream=False, usage=True))
    assert (text["prompt"], text["logprobs"]) == ("number 0", 5) and "stream" not in text and "top_logprobs" not in text
    assert "logprobs" not in json.loads(body_of(completion(logprobs=False), "m", stream=False, usage=False))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"n": 2}, "one answer"), ({"stream": True}, "found stream"), ({"x": float("nan")}, "JSON"), ({"x": {1}}, "JSON")],
)
def test_what_cannot_be_sent(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        body_of(chat(**wrong), "m", stream=False, usage=False)


texts = st.text(max_size=60)


@given(text=texts, reasoning=texts, is_chat=st.booleans(), usage=st.booleans(), cuts=st.lists(st.integers(1, 40)))
def test_a_stream_in_any_pieces_says_what_the_whole_says(
    text: str, reasoning: str, is_chat: bool, usage: bool, cuts: list[int]
) -> None:
    request = chat() if is_chat else completion()
    body = json.loads(body_of(request, "m", stream=True, usage=True))
    call = Arrived(0, 0.0, "", {}, body, Fault())
    said = Said(text, reasoning if is_chat else "", logprobs=[{"Yes": -0.1, "No": -2.0}])
    whole = reply_of(call, said, usage)
    data = b"".join(stream_of(whole, call))
    events, cuts = Stream(), [*cuts, 40]
    while data:
        size, cuts = cuts[0], cuts[1:] or cuts
        events.feed(data[:size])
        data = data[size:]
    assert read_answer(events.whole(), request) == read_answer(whole, request)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "cut"),
        (b"data: [DONE]\n\n", "cut"),
        (b'data: {"choices": []}\n\ndata: [DONE]\n\n', "cut"),
        (b'data: {"choices": [{"index": 0, "delta": {"content": "a"}}]}\n\ndata: [DONE]\n\n', "cut"),
        (b"data: {half\n\n", "malformed"),
        (b"data: [1]\n\n", "malformed"),
        (b"<html>busy</html>\n", "malformed"),
        (b'data: {"error": {"message": "overloaded"}}\n\n', "server_error"),
    ],
)
def test_a_stream_that_ends_early_is_an_error(data: bytes, error: str) -> None:
    with pytest.raises(faults.Fault) as why:
        events = Stream()
        events.feed(data)
        read_answer(events.whole(), chat())
    assert why.value.error == error


def test_events_as_other_servers_write_them() -> None:
    first = b'event: message\r\ndata:{"choices": [{"index": 0, "delta": {"content": "y"}}]}\r\n\r\n'
    more = b'data: {"choices": [{"index": 1, "delta": {"content": "other"}}]}\ndata: {"choices": [{"index": 0,'
    last = b' "delta": {"content": [{"type": "text", "text": "es"}]}, "finish_reason": "stop"}], "usage": null}'
    events = Stream()
    events.feed(b": keep alive\r\n\r\n" + first + more + last)
    assert read_answer(events.whole(), chat()).answer.text == "yes"
