"""Sending over real connections: answers, faults, retries, money, and the end of an iterator."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.udfs.calls.asking import all_of, chat, completion, one, quick
from tests.udfs.calls.endpoint import BEFORE, KINDS, LATE_S, Endpoint, Fault, Said
from udfs.calls.answers import refusal
from udfs.calls.money import Budget
from udfs.calls.outcomes import ERRORS, STATUSES
from udfs.calls.requests import Request
from udfs.calls.sending import send

# What the client makes of each fault at its first try; None where it is an answer all the same.
MEANT: dict[str, str | None] = {
    "status": "server_error",
    "reset_before": "connection",
    "hang": "timeout",
    "reset_headers": "cut",
    "cut_body": "cut",
    "early_end": "cut",
    "stall": "timeout",
    "not_json": "malformed",
    "html": "malformed",
    "no_choices": "malformed",
    "no_finish": "cut",
    "error_inside": "server_error",
    **dict.fromkeys(("ok", "slow", "no_usage", "no_done", "duplicate", "late_duplicate", "wrong_model"), None),
}


@pytest.mark.parametrize("stream", [False, True])
def test_chats_and_completions_are_answered(stream: bool) -> None:
    probabilities = [{"number": -0.25, "Number": -1.5}]
    with Endpoint(lambda body: Said("<think>hm</think>well", "first", logprobs=probabilities)) as endpoint:
        found = all_of([chat(1), completion(2)], quick(endpoint, stream=stream))
    assert {a.path for a in endpoint.log} == {"/v1/chat/completions", "/v1/completions"}
    of_chat, of_text = found[chat(1).key].answer, found[completion(2).key].answer
    assert of_chat and of_text and of_chat.text == of_text.text == "well"
    assert (of_chat.reasoning, of_text.reasoning) == ("first\nhm", "hm")
    assert of_chat.logprobs == of_text.logprobs == (probabilities[0],)
    outcome = found[chat(1).key]
    assert (outcome.status, outcome.attempts, outcome.retries, outcome.served) == ("answered", 1, 0, "m")
    assert outcome.endpoint == f"127.0.0.1:{endpoint.port}" and 0 < outcome.latency_s < 2
    assert outcome.cost == pytest.approx((of_chat.prompt_tokens + 2 * of_chat.completion_tokens) / 1e6)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", sorted(KINDS - {"filtered"}))
def test_every_fault_is_seen_and_no_cost_is_hidden(kind: str, stream: bool) -> None:
    error = MEANT[kind]
    if (kind, stream) == ("no_choices", True):
        error = "cut"
    script = [Fault(kind, after_s=0.1 if kind == "slow" else 0.0)]
    budget = Budget()
    patience = {"timeout_s": 0.4, "idle_s": 0.3} if error == "timeout" else {"timeout_s": 8.0, "idle_s": 4.0}
    with Endpoint(script=script) as endpoint:
        found = one(chat(), quick(endpoint, stream=stream, **patience), budget)
    assert found.status == "answered" and found.answer and found.answer.text == "echo number 0"
    assert found.attempts == (2 if error else 1)
    assert found.uncertain == (1 if error and kind != "status" else 0)
    assert budget.spent == pytest.approx(found.cost + found.uncertain_cost) and budget.reserved == 0
    if not error:
        return
    with Endpoint(script=script) as endpoint:
        failed = one(chat(), quick(endpoint, stream=stream, tries=1, **patience))
        assert endpoint.billed <= failed.uncertain and endpoint.billed == (kind not in BEFORE)
    assert (failed.status, failed.error) == ("failed", error) and failed.answer is None


def test_answers_that_come_twice_do_not_cross_rows() -> None:
    """aiohttp alone reads a late copy as the next answer: half of the rows would be wrong."""
    for kind, wait in (("duplicate", 0.0), ("late_duplicate", 2 * LATE_S)):
        with Endpoint(script=lambda _, kind=kind: Fault(kind)) as endpoint:
            requests = [chat(i) for i in range(25)]
            texts = {}
            for outcome in send(requests, quick(endpoint, concurrency=1)):
                assert outcome.answer is not None, outcome
                texts[outcome.key] = outcome.answer.text
                time.sleep(wait)
        assert texts == {r.key: f"echo {r.messages[-1]['content']}" for r in requests}


def test_an_endpoint_whose_answers_all_have_one_name_is_believed() -> None:
    with Endpoint(lambda _: "yes") as endpoint:
        reply = endpoint.arrived

        def same(*said: Any) -> Any:
            call = reply(*said)
            call.number = 0
            return call

        endpoint.arrived = same  # type: ignore[method-assign]
        found = all_of([chat(i) for i in range(40)], quick(endpoint, concurrency=4, tries=3))
    assert {o.status for o in found.values()} == {"answered"}
    assert sum(o.retries for o in found.values()) <= 4


def test_slow_answers_come_in_another_order_and_keep_their_rows() -> None:
    with Endpoint(script=lambda call: Fault("slow", after_s=0.3 if call.said == "number 0" else 0.0)) as endpoint:
        outcomes = list(send([chat(i) for i in range(8)], quick(endpoint)))
    assert outcomes[-1].key == chat(0).key
    assert {o.key: o.answer and o.answer.text for o in outcomes} == {chat(i).key: f"echo number {i}" for i in range(8)}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, "", "bad_request"),
        (422, "", "bad_request"),
        (413, "", "too_long"),
        (400, '{"error": {"code": "context_length_exceeded", "message": "m"}}', "too_long"),
        (400, '{"error": {"code": "content_filter", "message": "m"}}', "content_filter"),
    ],
)
def test_what_the_request_is_at_fault_for_is_asked_once(status: int, body: str, error: str) -> None:
    with Endpoint(script=[Fault("status", status=status, body=body)]) as endpoint:
        found = one(chat(), quick(endpoint))
    assert (found.status, found.error, found.http_status, found.answer) == ("refused", error, status, refusal(error))
    assert len(endpoint.log) == 1 and found.cost == found.uncertain_cost == 0


def test_a_filtered_answer_is_refused_and_paid() -> None:
    with Endpoint(script=[Fault("filtered")]) as endpoint:
        found = one(chat(), quick(endpoint))
    assert (found.status, found.error) == ("refused", "content_filter") and found.cost > 0 and endpoint.billed == 1


def test_another_models_answer_is_told_and_refused_where_asked() -> None:
    with Endpoint(script=lambda _: Fault("wrong_model")) as endpoint:
        assert one(chat(), quick(endpoint)).served == "another"
        found = one(chat(), quick(endpoint, check_model=True, tries=2))
    assert (found.status, found.error, found.uncertain) == ("failed", "wrong_model", 2)
    with Endpoint() as endpoint:
        settings = quick(endpoint, served_as={"m": "their/m"}, check_model=True)
        assert one(chat(), settings).served == endpoint.log[0].body["model"] == "their/m"


def test_a_key_goes_out_and_never_comes_back() -> None:
    with Endpoint(key="tell-nobody-1") as endpoint:
        right = quick(endpoint, keys={"m": "tell-nobody-1"}, headers={"X-Team": "blue"})
        assert one(chat(), right).status == "answered" and endpoint.log[0].headers["x-team"] == "blue"
        wrong = all_of([chat(i) for i in range(30)], quick(endpoint, keys={"m": "tell-nobody-2"}, concurrency=2))
    assert {o.error for o in wrong.values()} == {"not_allowed", "endpoint_down"}
    assert not any("tell-nobody" in repr(o) for o in wrong.values()) and len(endpoint.log) <= 3


def test_what_cannot_be_sent_is_a_row() -> None:
    with Endpoint() as endpoint:
        mute = Request("m", messages=({"role": "user"},))
        found = all_of([chat(x=float("nan")), chat(model="other"), chat(), mute], quick(endpoint))
    assert found[mute.key].error == "bad_request"
    assert found[chat(x=float("nan")).key].error == "bad_request" and len(endpoint.log) == 1
    assert found[chat(model="other").key].error == "no_endpoint"
    assert {o.status for o in found.values()} <= STATUSES.keys() and {o.error for o in found.values()} <= {*ERRORS, ""}


def test_nobody_there_is_told_within_the_deadline() -> None:
    with Endpoint() as endpoint:
        settings = quick(endpoint, tries=3)
    found = one(chat(), settings)
    assert (found.status, found.error, found.attempts, found.uncertain) == ("failed", "connection", 3, 0)


def test_a_row_ends_with_its_deadline() -> None:
    with Endpoint(script=lambda _: Fault("hang")) as endpoint:
        began = time.monotonic()
        found = one(chat(), quick(endpoint, deadline_s=0.5, timeout_s=5.0))
    assert (found.status, found.error) == ("failed", "timeout") and time.monotonic() - began < 1.5


def test_a_closed_iterator_lets_all_connections_go() -> None:
    budget = Budget()
    with Endpoint(script=lambda call: Fault("hang") if call.number else None) as endpoint:
        outcomes = send([chat(i) for i in range(8)], quick(endpoint), budget)
        next(outcomes)
        while len(endpoint.log) < 8:
            time.sleep(0.01)
        began = time.monotonic()
        outcomes.close()  # type: ignore[attr-defined]
        assert time.monotonic() - began < 1
        until = time.monotonic() + 2
        while any(a.gone_s is None for a in endpoint.log[1:]) and time.monotonic() < until:
            time.sleep(0.01)
        assert len(endpoint.log) == 8 and all(a.gone_s is not None for a in endpoint.log[1:])
    assert budget.reserved == 0 and budget.calls == 8 and budget.spent > 0
    assert not [t for t in threading.enumerate() if t.name == "calls"]


def test_a_source_that_breaks_off_loses_nothing_that_was_sent() -> None:
    def source() -> Iterator[Request]:
        yield from (chat(i) for i in range(5))
        raise RuntimeError("the source ended")

    found = []
    with Endpoint() as endpoint, pytest.raises(RuntimeError, match="the source ended"):
        found += list(_kept(send(source(), quick(endpoint)), found))
    assert len(found) == 5 == endpoint.billed


def _kept(outcomes: Iterator[Any], into: list[Any]) -> Iterator[Any]:
    for outcome in outcomes:
        into.append(outcome)
    yield from ()


def test_requests_are_read_a_little_ahead_in_the_callers_thread() -> None:
    taken: list[str] = []

    def source() -> Iterator[Request]:
        for i in range(100):
            taken.append(threading.current_thread().name)
            yield chat(i)

    with Endpoint() as endpoint:
        outcomes = send(source(), quick(endpoint, concurrency=4))
        next(outcomes)
        time.sleep(0.2)
        assert len(taken) <= 8
        assert len(list(outcomes)) == 99 and set(taken) == {threading.current_thread().name}
    assert len({a.connection for a in endpoint.log}) <= 8, "connections are used again"


def test_within_a_running_loop_and_within_a_thread() -> None:
    async def within() -> int:
        return len(list(send([chat(1), chat(2)], quick(endpoint))))

    counts = []
    with Endpoint() as endpoint:
        assert asyncio.run(within()) == 2
        thread = threading.Thread(target=lambda: counts.append(len(list(send([chat(3)], quick(endpoint))))))
        thread.start()
        thread.join()
        assert counts == [1] and list(send([], quick(endpoint))) == []


def test_a_budget_ends_before_the_money_does() -> None:
    """Each call may cost at most what 74 prompt tokens and 50 others cost; retries are paid from the same."""
    with Endpoint(script=lambda call: Fault("no_finish") if call.number % 3 == 0 else None) as endpoint:
        budget = Budget(0.0009)
        found = all_of([chat(i) for i in range(60)], quick(endpoint), budget)
    spent = sum(o.cost + o.uncertain_cost for o in found.values())
    assert spent == pytest.approx(budget.spent) and budget.spent <= 0.0009 and budget.reserved == 0
    unsent = [o for o in found.values() if o.status == "unsent"]
    assert unsent and {o.error for o in unsent} == {"budget"} and all(o.attempts == 0 for o in unsent)
    assert any(o.status == "answered" for o in found.values()) and budget.calls == len(endpoint.log)


def test_without_a_length_no_limit_of_money_holds() -> None:
    with Endpoint() as endpoint:
        endless = chat(max_tokens=None)
        assert one(endless, quick(endpoint), Budget(1.0)).status == "unsent"
        assert one(endless, quick(endpoint), Budget()).status == "answered"
        free = quick(endpoint, prices={})
        assert one(endless, free, budget := Budget(0.0)).status == "answered" and budget.calls == 1
