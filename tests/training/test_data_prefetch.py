"""Prefetch: everything in order, errors where they belong, an end without loose threads."""

from __future__ import annotations

import threading
import time

import pytest

from training.data.prefetch import Prefetch


def test_items_come_in_order_and_end() -> None:
    with Prefetch(lambda number: number * number, 3, 9) as items:
        assert list(items) == [9, 16, 25, 36, 49, 64]
        assert list(items) == [] and items.given == 6


def test_no_more_than_the_bound_is_made_ahead() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number

    with Prefetch(make, 0, ahead=3) as items:
        time.sleep(0.3)
        assert made == [0, 1, 2, 3]
        assert [next(items) for _ in range(10)] == list(range(10))


def test_an_error_is_raised_in_its_place() -> None:
    def make(number: int) -> int:
        if number == 2:
            raise ValueError("row 2")
        return number

    with Prefetch(make, 0) as items:
        assert [next(items), next(items)] == [0, 1]
        with pytest.raises(ValueError, match="row 2"):
            next(items)
        assert list(items) == []


def test_closing_ends_the_thread_whether_or_not_all_was_taken() -> None:
    before = threading.active_count()
    items = Prefetch(lambda number: bytes(1000), 0, ahead=2)
    next(items)
    items.close()
    items.close()
    assert threading.active_count() == before and list(items) == []


def test_waiting_is_measured() -> None:
    with Prefetch(lambda number: time.sleep(0.05) or number, 1, 3) as items:
        assert list(items) == [1, 2]
        assert 0.05 < items.waited < 1


def test_a_queue_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="prefetch: expected to keep 1 or more"):
        Prefetch(lambda number: number, 0, ahead=0)
