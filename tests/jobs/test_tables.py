"""Tables by contract: creation, pinned reads, refusals, and writing exactly the rows that changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from jobs.runtime.frames import OP, align, changes
from jobs.runtime.tables import Lake, MissingTableError
from schemas.contract import Column, ContractError, Table

THINGS = Table(
    "things",
    "Things, to try the tables' ways on; it's quoted.",
    (
        Column("part", "string", "First half of the key.", nullable=False),
        Column("id", "bigint", "Second half: it's \\ quoted.", nullable=False),
        Column("size", "bigint", "A number, or null."),
        Column("tags", "array<string>", "Some words, or null."),
        Column("run_id", "string", "Run that wrote the row."),
    ),
    key=("part", "id"),
    cluster_by=("part",),
    constraints={"size_natural": "size is null or size >= 0"},
    made_from=("sources", "repositories"),
    volatile=("run_id",),
)
_COMPARED = "part string, id bigint, size bigint, tags array<string>"
_DDL = f"{_COMPARED}, run_id string"
Row = tuple[Any, ...]

STORED: list[Row] = [
    ("a", 1, 10, ["x"], "old"),  # stays as it is
    ("a", 2, None, None, "old"),  # stays as it is, nulls and all
    ("a", 3, 30, ["x"], "old"),  # another size
    ("a", 4, None, ["x"], "old"),  # null becomes a value
    ("a", 5, 50, ["x"], "old"),  # a value becomes null
    ("a", 6, 60, ["x", "y"], "old"),  # another array
    ("b", 1, 10, ["x"], "old"),  # is gone; its id lives on in another part
]
WANTED: list[Row] = [
    ("a", 1, 10, ["x"], "new"),
    ("a", 2, None, None, "new"),
    ("a", 3, 31, ["x"], "new"),
    ("a", 4, 40, ["x"], "new"),
    ("a", 5, None, ["x"], "new"),
    ("a", 6, 60, ["y", "x"], "new"),
    ("c", 1, None, None, "new"),  # was not there, and nulls are no match
]


def things(spark: SparkSession, rows: list[Row]) -> DataFrame:
    return spark.createDataFrame(rows, _DDL)


def stored(lake: Lake, version: int | None = None) -> set[tuple[str, int, int | None, str]]:
    return {(r["part"], r["id"], r["size"], r["run_id"]) for r in lake.read(THINGS, version).collect()}


def ops(found: DataFrame) -> dict[tuple[str, int], str]:
    return {(r["part"], r["id"]): r[OP] for r in found.collect()}


@pytest.fixture
def filled(spark: SparkSession, lake: Lake) -> Lake:
    """A lake whose `things` holds STORED at version 1."""
    lake.ensure(THINGS)
    lake.append(THINGS, things(spark, STORED), {"run_id": "old"})
    return lake


def test_a_table_is_created_by_its_contract(lake: Lake) -> None:
    assert lake.version("things") is None
    lake.ensure(THINGS)
    assert lake.version("things") == 0
    detail = lake.spark.sql(f"DESCRIBE DETAIL {lake.ref('things')}").collect()[0]
    assert detail["description"] == THINGS.doc
    assert detail["clusteringColumns"] == ["part"]
    assert detail["properties"]["delta.constraints.size_natural"] == "size is null or size >= 0"
    fields = lake.read(THINGS).schema.fields
    assert [(f.name, f.dataType.simpleString(), f.metadata.get("comment")) for f in fields] == [
        (c.name, c.type, c.doc) for c in THINGS.columns
    ]
    lake.ensure(THINGS)
    assert Lake(lake.spark, lake.warehouse).version("things") == 0, "a second call writes nothing"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("a", 9, -1, None, "r"), "size_natural"),  # breaks the invariant
        ((None, 9, 1, None, "r"), "part"),  # no key
    ],
)
def test_a_row_that_breaks_an_invariant_is_refused_as_a_whole_commit(filled: Lake, row: Row, said: str) -> None:
    good: Row = ("a", 8, 1, None, "r")
    with pytest.raises(Exception, match=said):
        filled.append(THINGS, things(filled.spark, [good, row]), {})
    assert Lake(filled.spark, filled.warehouse).version("things") == 1
    assert ("a", 8, 1, "r") not in stored(filled)


def test_reading_a_missing_table_says_what_to_do(lake: Lake) -> None:
    with pytest.raises(MissingTableError) as error:
        lake.read(THINGS)
    said = str(error.value)
    assert said.startswith(f"things: expected a Delta table at {lake.location('things')}, found none.")
    assert "made from sources, repositories" in said and "refinelake stages" in said
    assert isinstance(error.value, ValueError)


def test_a_stored_table_of_other_columns_is_refused_by_name(filled: Lake) -> None:
    other = replace(THINGS, columns=(*THINGS.columns[:2], Column("weight", "double", "New."), THINGS.columns[4]))
    with pytest.raises(ContractError) as error:
        filled.read(other)
    said = str(error.value)
    assert said.startswith("things: the stored rows do not have the contract's columns: missing ['weight']")
    assert "unexpected ['size', 'tags']" in said and "Change the transform, or the contract" in said


def test_a_column_the_contract_has_gained_is_added(filled: Lake) -> None:
    wider = replace(THINGS, columns=(*THINGS.columns, Column("colour", "string", "It's new.")))
    with pytest.raises(ContractError, match=r"missing \['colour'\].*refinelake run adds"):
        filled.read(wider)
    filled.ensure(wider)
    rows = filled.read(wider)
    assert rows.schema["colour"].metadata == {"comment": "It's new."}
    assert {r["colour"] for r in rows.collect()} == {None}
    assert filled.rows_version("things") == 2


def test_rows_are_aligned_to_order_and_types_of_the_contract(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [("r", ["x"], 7, 1, "a", "extra")],
        "run_id string, tags array<string>, size int, id int, part string, _op string",
    )
    found = align(THINGS, rows, also=("_op",))
    assert found.columns == [*THINGS.names, "_op"]
    assert found.schema["size"].dataType.simpleString() == "bigint"
    with pytest.raises(ContractError, match=r"things: the computed rows .* missing \[\], unexpected \['_op'\]"):
        align(THINGS, rows)
    with pytest.raises(ContractError, match=r"missing \['size'\], unexpected \[\]"):
        align(THINGS, rows.drop("size", "_op"))


def test_changes_are_the_rows_that_differ_and_nothing_else(spark: SparkSession) -> None:
    found = changes(THINGS, things(spark, WANTED), things(spark, STORED))
    assert found.columns == [OP, "part", "id", "size", "tags"], "volatile columns are not compared"
    assert ops(found) == {
        ("a", 3): "update",
        ("a", 4): "update",
        ("a", 5): "update",
        ("a", 6): "update",
        ("b", 1): "delete",
        ("c", 1): "insert",
    }


def test_a_run_id_alone_is_no_change(spark: SparkSession) -> None:
    again = [(*row[:4], "another") for row in STORED]
    assert changes(THINGS, things(spark, again), things(spark, STORED)).isEmpty()


@pytest.mark.parametrize("few", [False, True], ids=["merge", "replace"])
def test_a_change_set_is_one_commit_that_says_who_made_it(filled: Lake, few: bool) -> None:
    spark = filled.spark
    found = changes(THINGS, things(spark, WANTED), filled.read(THINGS)).collect()
    rows = spark.createDataFrame([(*r, "new") for r in found], f"{OP} string, {_DDL}")
    said = {"run_id": "r2", "inputs": {"sources": 3}}
    if few:
        filled.replace(THINGS, rows, rows.select("part", "id").toArrow(), said)
    else:
        filled.merge(THINGS, rows, said)
    assert filled.version("things") == 2
    assert filled.metadata("things") == {"run_id": "r2", "inputs": {"sources": 3}}
    untouched = {("a", 1), ("a", 2)}
    assert stored(filled) == {(p, i, s, "old" if (p, i) in untouched else "new") for p, i, s, _, _ in WANTED}
    assert stored(filled, 1) == {(p, i, s, r) for p, i, s, _, r in STORED}, "an earlier version stays readable"
    assert spark.conf.get("spark.databricks.delta.commitInfo.userMetadata", None) is None, "left as it was found"


@pytest.mark.parametrize("few", [False, True])
def test_the_next_commit_does_not_carry_the_metadata_of_one_that_failed(filled: Lake, few: bool) -> None:
    bad = filled.spark.createDataFrame([("insert", "a", 9, -1, None, "r")], f"{OP} string, {_DDL}")
    with pytest.raises(Exception, match="size_natural"):
        filled.merge(THINGS, bad, {"run_id": "failed"})
    gone = filled.spark.createDataFrame([("a", 1), ("z", 9)], "part string, id bigint")
    filled.delete(THINGS, gone, {"run_id": "r3"}, few)
    assert (filled.version("things"), filled.metadata("things")) == (2, {"run_id": "r3"})
    assert ("a", 1) not in {row[:2] for row in stored(filled)}
    assert ("b", 1) in {row[:2] for row in stored(filled)}, "the whole key decides"


def test_staged_rows_read_back_as_they_were_and_go_away(lake: Lake, spark: SparkSession) -> None:
    staged = lake.stage(things(spark, STORED), "r1", "work")
    assert staged.count() == len(STORED) and staged.schema == things(spark, []).schema
    assert lake.stage(staged.where("id = 1"), "r1", "other").count() == 2
    assert lake.stage(things(spark, []), "r1", "none").isEmpty()
    assert list(Path(lake.staging("r1")).iterdir())
    lake.drop_staging("r1")
    assert not Path(lake.staging("r1")).exists()
    lake.drop_staging("r1")


def test_maintenance_moves_no_row_and_is_known_without_a_history(filled: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.append(THINGS, things(filled.spark, [("z", 1, 1, None, "r")]), {"run_id": "r2"})
    assert filled.maintain(THINGS, "OPTIMIZE {table}") and filled.maintain(THINGS, "VACUUM {table}")
    again = Lake(filled.spark, filled.warehouse)
    monkeypatch.setattr("jobs.runtime.versions.newest", lambda *_: pytest.fail("a history was read"))
    again.look()
    assert (again.rows_version("things"), again.metadata("things")) == (2, {"run_id": "r2"})
    assert again.version("things") > 2


def test_metadata_of_a_table_that_is_not_there_is_empty(lake: Lake) -> None:
    assert lake.metadata("things") == {}
    assert json.dumps(lake.metadata("nobody")) == "{}"
