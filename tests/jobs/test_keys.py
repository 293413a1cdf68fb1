"""Keys that a condition names and keys that are joined: the same rows."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from jobs.runtime import keys
from jobs.runtime.keys import Keys, one_of, only, without

ROWS = [("a", 1), ("b'\\", 2), ("c", 3), (None, 4), ("b'\\", 5)]


@pytest.fixture(params=[1, 100], ids=["joined", "named"])
def most(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(keys, "FEW_KEYS", request.param)
    return request.param


def test_rows_with_and_without_keys(spark: SparkSession, most: int) -> None:
    rows = spark.createDataFrame(ROWS, "name string, n long")
    found = Keys.of(rows.where("n in (2, 3, 4)").select("name"), None)
    assert (found.frame is None) == (most == 100) and not found.none
    assert sorted(r["n"] for r in only(rows, "name", found).collect()) == [2, 3, 5]
    assert sorted(r["n"] for r in without(rows, "name", found).collect()) == [1, 4]
    more = Keys.of(found, rows.where("n = 1").select("name").toArrow()["name"])
    assert sorted(r["n"] for r in only(rows, "name", more).collect()) == [1, 2, 3, 5]


def test_numbers_are_keys_too(spark: SparkSession, most: int) -> None:
    rows = spark.createDataFrame(ROWS, "name string, n long")
    found = Keys.of(rows.where("name = 'c' or name = 'a'").select("n"))
    assert sorted(r["name"] for r in only(rows, "n", found).collect()) == ["a", "c"]


def test_no_key_finds_nothing_and_takes_nothing_away(spark: SparkSession) -> None:
    rows = spark.createDataFrame(ROWS, "name string, n long")
    nothing = Keys.of(rows.where("n > 9").select("name"), None)
    assert nothing.none and Keys.of(None).none
    assert only(rows, "name", nothing).count() == 0
    assert without(rows, "name", nothing).count() == len(ROWS)


def test_a_condition_on_two_columns_tells_their_values_apart(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("a", "b"), ("a", "c"), ("b", "b"), ("b'", "c")], "x string, y string")
    condition = one_of(rows.where("x = 'a' and y = 'b' or y = 'c' and x <> 'a'").toArrow())
    assert sorted(map(tuple, rows.where(condition).collect())) == [("a", "b"), ("b'", "c")]
    assert one_of(rows.limit(0).toArrow()) == "false"
