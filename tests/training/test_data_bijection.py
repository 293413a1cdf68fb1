"""The computed permutation: a bijection at every size, with an inverse, keyed, without structure that training sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.data.bijection import Bijection


def values(size: int, key: str) -> list[int]:
    of = Bijection(size, key)
    return [of(place) for place in range(size)]


def test_every_size_is_a_bijection_with_its_inverse() -> None:
    """All sizes to 400: 1, 2, primes, squares and their neighbours among them."""
    for size in range(1, 401):
        of = Bijection(size, "a")
        found = [of(place) for place in range(size)]
        assert sorted(found) == list(range(size))
        assert [of.place(value) for value in found] == list(range(size))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 10**15), st.text(max_size=9), st.data())
def test_a_place_far_away_is_found_and_found_back(size: int, key: str, data: st.DataObject) -> None:
    of, place = Bijection(size, key), data.draw(st.integers(0, size - 1))
    assert 0 <= of(place) < size and of.place(of(place)) == place


def test_keys_give_orders_of_their_own() -> None:
    for size in (97, 1000):
        orders = [np.array(values(size, f"0\n{epoch}\ncode")) for epoch in range(20)]
        same = [(one == other).sum() for i, one in enumerate(orders) for other in orders[:i]]
        assert max(same) < 9 and 0.5 < np.mean(same) < 1.5


def test_small_sizes_take_all_their_orders() -> None:
    for size, orders in ((2, 2), (3, 6), (4, 24)):
        assert len({tuple(values(size, str(key))) for key in range(2000)}) == orders


def test_neighbours_do_not_stay_neighbours() -> None:
    found = np.array(values(20_011, "a"))
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.03
    assert abs(np.corrcoef(np.arange(len(found)), found)[0, 1]) < 0.03
    steps = np.diff(found)
    assert np.unique(steps, return_counts=True)[1].max() < 15


def test_orders_are_pinned() -> None:
    """A change of these values changes the order of every run that is to be resumed."""
    assert values(10, "17\n2\ncode") == [1, 8, 3, 5, 6, 7, 2, 0, 9, 4]
    assert Bijection(10**12, "17\n2\ncode")(10**11) == 666180009362


@pytest.mark.parametrize("number", [-1, 5])
def test_numbers_outside_are_refused(number: int) -> None:
    for of in (Bijection(5, ""), Bijection(5, "").place):
        with pytest.raises(IndexError, match="expected a number from 0 to 4"):
            of(number)
