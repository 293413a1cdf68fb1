"""How hard an endpoint is asked: 429, Retry-After, breakers, several endpoints, limits a minute."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from tests.udfs.calls.asking import all_of, chat, one, quick
from tests.udfs.calls.endpoint import Arrived, Endpoint, Fault
from udfs.calls.outcomes import Outcome
from udfs.calls.requests import Request
from udfs.calls.sending import send

BUSY = Fault("status", status=429)


def ends(found: dict[str, Outcome]) -> Counter[str]:
    return Counter(o.error or o.status for o in found.values())


def test_a_storm_of_429_lowers_the_calls_at_once_and_loses_no_row() -> None:
    with Endpoint() as endpoint:

        def at_most_three(_: Arrived) -> Fault:
            return BUSY if endpoint._at_once > 3 else Fault("slow", after_s=0.02)

        endpoint.script = at_most_three
        found = all_of([chat(i) for i in range(120)], quick(endpoint, concurrency=32, deadline_s=60, tries=2))
    busy = sum(a.fault is BUSY for a in endpoint.log)
    assert ends(found) == {"answered": 120} and endpoint.billed == 120
    # A client that knows no measure gets about 29 refusals for each of 40 rounds.
    assert 29 <= busy < 120 and sum(o.retries for o in found.values()) == busy
    late = endpoint.log[len(endpoint.log) // 2 :]
    assert sum(a.fault is BUSY for a in late) < 0.4 * len(late)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured_by_all_rows(form: str) -> None:
    wait = 0.4 if form == "seconds" else 1.0

    def script(call: Arrived) -> Fault | None:
        if call.number:
            return None
        # A date knows whole seconds only.
        return Fault("status", status=429, retry_after="0.4" if form == "seconds" else formatdate(until, usegmt=True))

    until = int(time.time()) + 2
    with Endpoint(script=script) as endpoint:
        found = all_of([chat(i) for i in range(6)], quick(endpoint, concurrency=1))
    assert ends(found) == {"answered": 6}
    assert endpoint.log[1].at - endpoint.log[0].at >= wait - 0.01
    assert max(o.waited_s for o in found.values()) >= wait - 0.01


def test_503_with_a_time_is_no_failure_of_the_endpoint() -> None:
    script = [Fault("status", status=503, retry_after="0.01")] * 12
    with Endpoint(script=script) as endpoint:
        found = one(chat(), quick(endpoint, tries=1, breaker_failures=3))
    assert (found.status, found.attempts, found.uncertain) == ("answered", 13, 0)


def test_who_is_told_to_come_after_the_deadline_does_not_wait() -> None:
    with Endpoint(script=lambda _: Fault("status", status=429, retry_after="3600")) as endpoint:
        began = time.monotonic()
        found = all_of([chat(i) for i in range(200)], quick(endpoint, concurrency=4))
    assert time.monotonic() - began < 3 and len(endpoint.log) <= 8
    assert set(ends(found)) <= {"rate_limited", "endpoint_down"}


def test_429_without_an_end_ends_with_the_deadline_for_all() -> None:
    with Endpoint(script=lambda _: BUSY) as endpoint:
        began = time.monotonic()
        found = all_of([chat(i) for i in range(100)], quick(endpoint, concurrency=2, deadline_s=0.5))
    # On a busy machine the last try of a row may be cut by the deadline.
    assert time.monotonic() - began < 4 and set(ends(found)) <= {"rate_limited", "endpoint_down", "timeout"}


def test_a_dead_endpoint_fails_the_remaining_rows_at_once() -> None:
    with Endpoint(script=lambda _: Fault("status", status=500)) as endpoint:
        settings = quick(endpoint, breaker_failures=5, deadline_s=60, breaker_rest_s=0.1)
        began = time.monotonic()
        found = all_of([chat(i) for i in range(1000)], settings)
    assert time.monotonic() - began < 10 and len(endpoint.log) < 60
    assert ends(found)["endpoint_down"] > 900 and ends(found)["answered"] == 0
    down = next(o for o in found.values() if o.error == "endpoint_down")
    assert "HTTP 500" in down.detail and down.status == "failed"


def test_rows_wait_for_an_endpoint_that_starts_again() -> None:
    with Endpoint(script=[Fault("reset_before")] * 18) as endpoint:
        settings = quick(endpoint, breaker_failures=5, breaker_rest_s=0.02, breaker_probes=20, tries=20)
        found = all_of([chat(i) for i in range(40)], settings)
    assert ends(found) == {"answered": 40}
    probes = [b.at - a.at for a, b in zip(endpoint.log[13:17], endpoint.log[14:18], strict=True)]
    assert min(probes) > 0.015, "one call at a time while the breaker is open"


def test_an_endpoint_that_is_down_is_tried_again_now_and_then() -> None:
    script = [Fault("status", status=401)] * 3

    def source() -> Iterator[Request]:
        for i in range(60):
            time.sleep(0.02)
            yield chat(i)

    with Endpoint(script=script) as endpoint:
        outcomes = list(send(source(), quick(endpoint, concurrency=1, breaker_rest_s=0.2)))
    said = [o.error or o.status for o in outcomes]
    assert said[0] == "not_allowed" and said[1] == "endpoint_down" and said[-1] == "answered"
    assert Counter(said)["not_allowed"] == 3 and endpoint.billed == Counter(said)["answered"] > 5


def test_several_endpoints_share_the_load() -> None:
    slow = [Fault("slow", after_s=0.01)] * 100
    with Endpoint(script=slow) as first, Endpoint(script=slow) as second:
        found = all_of([chat(i) for i in range(100)], quick(first, second))
        assert ends(found) == {"answered": 100} and 30 <= len(first.log) <= 70
    with Endpoint(script=lambda _: Fault("status", status=404)) as gone, Endpoint() as here, Endpoint() as closed:
        closed.__exit__()
        found = all_of([chat(i) for i in range(60)], quick(gone, here, closed, tries=8))
        assert ends(found) == {"answered": 60} and here.billed == 60 and len(gone.log) <= 8
        closed = closed.__enter__()


def test_each_model_has_its_own_endpoints() -> None:
    with Endpoint(lambda _: "one") as first, Endpoint(script=lambda _: Fault("status", status=401)) as second:
        settings = quick(first, endpoints={"m": [first.url], "n": [second.url]})
        found = all_of([r for i in range(30) for r in (chat(i), chat(i, "n"))], settings)
    assert ends(found)["answered"] == 30 and {o.model for o in found.values() if o.answer} == {"m"}


def test_requests_a_minute() -> None:
    with Endpoint() as endpoint:
        found = all_of([chat(i) for i in range(25)], quick(endpoint, requests_per_minute=1200))
    times = [a.at for a in endpoint.log]
    assert ends(found) == {"answered": 25} and times[-1] - times[0] >= 24 * 0.05 - 0.15
    assert max(sum(t <= u < t + 0.5 for u in times) for t in times) <= 10 + 3


def test_tokens_a_minute_give_back_what_was_not_used() -> None:
    """A call is counted for its prompt and 1,000 tokens, and uses about ten."""
    with Endpoint() as endpoint:
        began = time.monotonic()
        found = all_of([chat(i, max_tokens=1000) for i in range(10)], quick(endpoint, tokens_per_minute=60_000))
        assert ends(found) == {"answered": 10} and time.monotonic() - began < 3
        times = [a.at for a in endpoint.log]
    # Ten calls use about 120 tokens, which is 0.12 s at a thousand a second; without giving back it were ten seconds.
    assert times[-1] - times[0] >= 0.05
