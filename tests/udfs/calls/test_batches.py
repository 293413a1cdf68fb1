"""Calls of one task as rows: what a task that is begun again must not hide, and must not spend."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from tests.udfs.calls.asking import PRICES, chat, quick
from tests.udfs.calls.endpoint import Endpoint, Said
from udfs.calls.batches import sent_batches
from udfs.calls.money import money, most_cost

ASKED = [chat(n) for n in range(5)]
BOUNDS = {r.key: money(most_cost(PRICES, r) or 0) for r in ASKED}


def rows_of(endpoint: Endpoint, most: float, repeated: int) -> dict[str, dict]:
    batch = pa.RecordBatch.from_pylist([{"request_id": r.key, "body": r.canonical()} for r in ASKED])
    found = [row for b in sent_batches(quick(endpoint), most, [batch], repeated) for row in b.to_pylist()]
    assert len({row["request_id"] for row in found}) == len(found)
    return {row["request_id"]: row for row in found}


def test_a_task_that_is_begun_again_counts_its_first_calls_as_paid() -> None:
    with Endpoint(lambda body: Said("well")) as endpoint:
        once, again = rows_of(endpoint, math.inf, 0), rows_of(endpoint, math.inf, 2)
        assert len(endpoint.log) == 10
    for key, bound in BOUNDS.items():
        assert (once[key]["uncertain"], once[key]["uncertain_cost"]) == (0, 0)
        assert again[key]["status"] == "answered" and again[key]["uncertain"] == 2
        assert again[key]["uncertain_cost"] == pytest.approx(2 * bound) and again[key]["cost"] == once[key]["cost"]


@pytest.mark.parametrize("most", [0.0, min(BOUNDS.values()) * 2.5, 1.0])
def test_with_a_bound_such_a_task_sends_nothing_more(most: float) -> None:
    with Endpoint(lambda body: Said("well")) as endpoint:
        found = rows_of(endpoint, most, 1)
        assert not endpoint.log
    assert {(r["status"], r["error"], r["attempts"]) for r in found.values()} == {("failed", "repeated", 0)}
    assert len(found) == 5, "what may have been paid has a row"
    assert sum(r["uncertain_cost"] for r in found.values()) == pytest.approx(min(most, sum(BOUNDS.values())))


def test_long_answers_come_back_in_several_batches() -> None:
    batch = pa.RecordBatch.from_pylist([{"request_id": r.key, "body": r.canonical()} for r in ASKED])
    with Endpoint(lambda body: Said("x" * (6 << 20))) as endpoint:
        found = list(sent_batches(quick(endpoint, timeout_s=30.0, deadline_s=60.0), math.inf, [batch]))
    assert [b.num_rows for b in found] == [3, 2]
    assert all(len(text) == 6 << 20 for b in found for text in b.column("text").to_pylist())
