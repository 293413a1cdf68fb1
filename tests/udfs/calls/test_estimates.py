"""What a list of requests will take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.udfs.calls.asking import all_of, chat, completion, quick
from tests.udfs.calls.endpoint import Endpoint
from udfs.calls.estimates import estimate
from udfs.calls.settings import Settings

URL = {"m": ["http://127.0.0.1:1"]}


def test_tokens_money_and_time() -> None:
    settings = Settings(URL, prices={"m": (1.0, 2.0)}, concurrency=2)
    found = estimate([(completion(), 30), (completion(1), 30)], settings, first_token_s=1, tokens_a_second=10)
    assert (found.calls, found.prompt_tokens, found.completion_tokens, found.tokens) == (2, 4, 60, 64)
    assert found.money == pytest.approx((4 + 120) / 1e6) and found.seconds == pytest.approx((2 + 6) / 2)
    assert (found.most_prompt_tokens, found.most_completion_tokens) == (2 * (8 + 16), 100)
    assert found.most_money == pytest.approx((48 + 200) / 1e6) and found.most_seconds == pytest.approx(6)


def test_limits_a_minute_take_their_time() -> None:
    asked = [(completion(i), 30) for i in range(10)]
    assert estimate(asked, Settings(URL, requests_per_minute=5)).seconds == pytest.approx(120)
    assert estimate(asked, Settings(URL, tokens_per_minute=32)).seconds == pytest.approx(600)


def test_what_is_not_known_is_named() -> None:
    found = estimate([(completion(max_tokens=None), 30), (chat(model="n"), 90)], Settings(URL, prices={"m": (1, 1)}))
    assert (found.unlimited, found.unpriced, found.completion_tokens) == (1, ("n",), 30 + 50)
    assert found.most_money >= found.money > 0 and estimate([], Settings(URL)).seconds == 0


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 100), st.booleans()), max_size=20))
def test_the_expected_is_never_above_the_most(asked: list[tuple[int, int, bool]]) -> None:
    requests = [((chat if is_chat else completion)(i), tokens) for i, tokens, is_chat in asked]
    found = estimate(requests, Settings(URL, prices={"m": (0.5, 1.5, 0.1)}, tokens_per_minute=100))
    assert found.money <= found.most_money and found.seconds <= found.most_seconds
    assert found.prompt_tokens <= found.most_prompt_tokens


def test_a_run_lies_below_its_estimate() -> None:
    requests = [chat(i) for i in range(20)]
    with Endpoint() as endpoint:
        settings = quick(endpoint)
        spent = sum(o.cost for o in all_of(requests, settings).values())
    assert 0 < spent <= estimate([(r, 50) for r in requests], settings).most_money
