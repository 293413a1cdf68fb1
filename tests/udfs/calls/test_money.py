"""Prices, bounds, and a budget that holds."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.udfs.calls.asking import chat, completion
from udfs.calls.money import Budget, Usage, cost, money, most_cost, most_prompt_tokens
from udfs.calls.requests import Request

PRICES = {"m": (3.0, 15.0, 0.3)}


def test_cost_counts_cached_tokens_apart() -> None:
    assert money(cost(PRICES["m"], Usage(1000, 100, 400))) == pytest.approx((600 * 3 + 400 * 0.3 + 100 * 15) / 1e6)
    assert money(cost((3.0, 15.0), Usage(1000, 100, 400))) == pytest.approx((1000 * 3 + 100 * 15) / 1e6)
    assert cost(None, Usage(1000, 100)) == 0


def test_the_bound_counts_bytes_frames_and_schemas() -> None:
    request = Request("m", messages=({"role": "user", "content": "né"},), parameters={"max_tokens": 7})
    assert most_prompt_tokens(request) == 3 + 16
    assert money(most_cost(PRICES, request) or 0) == pytest.approx((19 * 3 + 7 * 15) / 1e6)
    schema = {"type": "json_schema", "json_schema": {"name": "a" * 100}}
    assert most_prompt_tokens(chat(response_format=schema)) > most_prompt_tokens(chat()) + 100


def test_without_a_length_there_is_no_bound_where_answers_cost() -> None:
    assert most_cost(PRICES, completion(max_tokens=None)) is None
    assert most_cost({"m": (1.0, 0.0)}, completion(max_tokens=None)) is not None
    assert most_cost({}, completion(max_tokens=None)) == 0


@pytest.mark.parametrize("most", [-1.0, float("nan")])
def test_no_budget_below_nothing(most: float) -> None:
    with pytest.raises(ValueError, match="most: expected an amount of money"):
        Budget(most)


calls = st.tuples(st.integers(1, 500), st.floats(0, 1), st.integers(0, 3), st.booleans())


@settings(max_examples=200, deadline=None)
@given(most=st.integers(0, 2000), tries=st.lists(calls, max_size=40))
def test_what_is_spent_and_reserved_never_exceeds_the_budget(
    most: int, tries: list[tuple[int, float, int, bool]]
) -> None:
    budget = Budget(most / 10**12)
    ends = []

    async def one(bound: int, share: float, turns: int, broken: bool) -> None:
        if not await budget.reserve(bound):
            assert budget.spent + bound / 10**12 > most / 10**12 - 1e-15
            ends.append("unsent")
            return
        for _ in range(turns):
            assert round((budget.spent + budget.reserved) * 10**12) <= most
            await asyncio.sleep(0)
        budget.settle(bound, bound if broken else int(bound * share))
        ends.append("sent")

    async def everything() -> None:
        async with asyncio.timeout(5):
            await asyncio.gather(*(one(*t) for t in tries))

    asyncio.run(everything())
    assert len(ends) == len(tries) and budget.calls == ends.count("sent")
    assert budget.reserved == 0 and round(budget.spent * 10**12) <= most


def test_who_waits_for_money_and_is_broken_off_holds_none() -> None:
    async def story() -> Budget:
        budget = Budget(10 / 10**12)
        assert await budget.reserve(8)
        waiting = asyncio.create_task(budget.reserve(5))
        other = asyncio.create_task(budget.reserve(4))
        await asyncio.sleep(0)
        waiting.cancel()
        budget.settle(8, 6)
        assert await other
        # Broken off in the moment in which it would have got it.
        late = asyncio.create_task(budget.reserve(3))
        await asyncio.sleep(0)
        budget.settle(4, 0)
        late.cancel()
        await asyncio.gather(waiting, late, return_exceptions=True)
        return budget

    budget = asyncio.run(story())
    assert budget.reserved == 0 and round(budget.spent * 10**12) == 6 and budget.calls == 2
