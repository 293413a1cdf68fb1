"""One endpoint's measure and breaker, step by step, on a clock of the test."""

from __future__ import annotations

from typing import Any

from udfs.calls.endpoints import Endpoint
from udfs.calls.faults import Fault, Then
from udfs.calls.settings import Settings

BUSY = Fault("rate_limited", "429", Then.LATER, status=429)
BROKEN = Fault("server_error", "500", status=500)
URL = "http://127.0.0.1:1/v1"


def endpoint(**over: Any) -> Endpoint:
    said = {"concurrency": 32, "breaker_failures": 3, "breaker_rest_s": 5.0, "breaker_probes": 2}
    return Endpoint("m", URL, Settings({"m": [URL]}, **{**said, **over}))


def test_one_round_of_refusals_halves_once_and_a_round_of_answers_adds_one() -> None:
    there = endpoint()
    places = [there.start(0.0) for _ in range(32)]
    assert not there.free(0.0)
    for place in places[:20]:
        there.fail(place, BUSY, 1.0)
    assert there.limit == 16
    for place in places[20:]:
        there.succeed(place)
    assert 16.5 < there.limit < 17
    there.fail(there.start(1.5), BUSY, 2.0)
    assert 8 < there.limit < 9 and not there.open
    for second in range(10):
        there.fail(there.start(3.0 + second), BUSY, 3.5 + second)
    assert there.limit == 1 and there.free(20.0)
    for _ in range(10_000):
        there.succeed(there.start(20.0))
    assert there.limit == 32


def test_a_breaker_opens_probes_goes_down_and_closes() -> None:
    there = endpoint()
    early = [there.start(0.0) for _ in range(6)]
    for place in early[:3]:
        there.fail(place, BROKEN, 1.0)
    assert there.open and not there.down and not there.free(5.9) and there.free(6.0)
    # What was on its way before says nothing new.
    there.fail(early[3], BROKEN, 1.1)
    probe = there.start(6.0)
    there.drop(early[4])
    assert not there.free(6.0), "one probe at a time"
    there.fail(probe, BROKEN, 6.5)
    assert not there.down and not there.free(16.4) and there.free(16.5)
    there.fail(there.start(16.5), BROKEN, 17.0)
    assert there.down and there.why == "server_error: 500" and there.free(17.0 + 20.0)
    there.succeed(there.start(40.0))
    assert not there.open and not there.down and there.limit == 2
    both = [there.start(40.0), there.start(40.0)]
    assert not there.free(40.0) and there.in_flight == 3  # with early[5]
    for place in both:
        there.fail(place, BROKEN, 41.0)
    assert not there.open, "failures are counted anew"


def test_a_probe_that_is_not_sent_leaves_room_for_another() -> None:
    there = endpoint(breaker_failures=1)
    there.fail(there.start(0.0), BROKEN, 0.0)
    there.drop(there.start(5.0))
    assert there.open and there.free(5.0)
    there.fail(there.start(5.0), BUSY, 6.0)
    assert not there.down and not there.free(10.9) and there.free(11.0)


def test_what_cannot_pass_goes_down_at_once() -> None:
    there = endpoint()
    there.fail(there.start(0.0), Fault("not_allowed", "HTTP 401", Then.GONE, status=401), 1.0)
    assert there.down and not there.free(1.0)


def test_a_wait_beyond_the_deadline_and_no_other_word_for_as_long_are_down() -> None:
    there = endpoint(deadline_s=100.0)
    there.fail(there.start(0.0), Fault("rate_limited", "429", Then.LATER, status=429, after_s=99.0), 0.0)
    assert not there.down and not there.free(98.9) and there.free(99.0)
    there.fail(there.start(99.0), BUSY, 101.0)
    assert there.down
    other = endpoint(deadline_s=100.0)
    other.fail(other.start(0.0), Fault("rate_limited", "429", Then.LATER, status=429, after_s=101.0), 0.0)
    assert other.down and not other.free(100.9)
