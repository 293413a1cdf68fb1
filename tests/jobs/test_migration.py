"""A stored table is brought to a contract that has changed; what cannot be is refused by name, and nothing moves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.runtime.tables import Lake
from schemas.contract import Column, ContractError, Table

THINGS = Table(
    "things",
    "One row per thing.",
    (
        Column("id", "bigint", "Who.", nullable=False),
        Column("size", "int", "How big."),
        Column("name", "string", "What it is called."),
    ),
    key=("id",),
    cluster_by=("id",),
    constraints={"natural": "size >= 0", "small": "size < 100"},
)


@pytest.fixture
def filled(spark: SparkSession, lake: Lake) -> Lake:
    lake.ensure(THINGS)
    lake.append(THINGS, spark.createDataFrame([(1, 5, "a"), (2, 7, None)], "id bigint, size int, name string"), {})
    return lake


def detail(lake: Lake) -> Any:
    return lake.spark.sql(f"DESCRIBE DETAIL {lake.ref('things')}").collect()[0]


def column(table: Table, name: str, **over: Any) -> tuple[Column, ...]:
    return tuple(replace(c, **over) if c.name == name else c for c in table.columns)


def test_constraints_clustering_and_properties_follow_the_contract(filled: Lake) -> None:
    before = filled.rows_version("things")
    wanted = replace(
        THINGS, constraints={"natural": "size >= 1", "named": "id > 0"}, cluster_by=("size",), deletion_vectors=False
    )
    filled.ensure(wanted)
    found = detail(filled)
    constraints = {k: v for k, v in found["properties"].items() if k.startswith("delta.constraints.")}
    assert constraints == {"delta.constraints.natural": "size >= 1", "delta.constraints.named": "id > 0"}
    assert found["clusteringColumns"] == ["size"]
    assert found["properties"]["delta.enableDeletionVectors"] == "false"
    assert filled.rows_version("things") == before, "no row has moved: what was made from the table stays finished"
    version = filled.version("things")
    filled.ensure(wanted)
    assert filled.version("things") == version, "a second time there is nothing to do"
    filled.ensure(replace(wanted, cluster_by=()))
    assert not detail(filled)["clusteringColumns"]


def test_a_run_that_died_between_two_changes_is_followed_by_one_that_ends_them(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = replace(THINGS, constraints=THINGS.constraints | {"named": "id > 0"}, cluster_by=("size",))
    alter = Lake.alter

    def dies(lake: Lake, table: Table, change: str, last: bool = False) -> None:
        if change.startswith("CLUSTER"):
            raise KeyboardInterrupt
        alter(lake, table, change, last)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Lake, "alter", dies)
        filled.ensure(wanted)
    Lake(filled.spark, filled.warehouse).ensure(wanted)
    assert detail(filled)["clusteringColumns"] == ["size"]


def test_a_column_may_hold_nulls_again(filled: Lake) -> None:
    filled.ensure(replace(THINGS, columns=column(THINGS, "id", nullable=True)))
    assert filled.spark.sql(f"SELECT * FROM {filled.ref('things')}").schema["id"].nullable


def test_a_longer_retention_reaches_stored_tables(filled: Lake) -> None:
    longer = Lake(filled.spark, filled.warehouse, retention_days=90)
    longer.ensure(THINGS)
    assert detail(filled)["properties"]["delta.deletedFileRetentionDuration"] == "interval 90 days"
    assert detail(filled)["properties"]["delta.logRetentionDuration"] == "interval 270 days"


def test_a_wider_type_is_applied_and_every_row_is_kept(filled: Lake) -> None:
    filled.ensure(replace(THINGS, columns=column(THINGS, "size", type="bigint")))
    schema = filled.spark.sql(f"SELECT * FROM {filled.ref('things')}").schema
    assert [(f.name, f.dataType.simpleString(), f.nullable, f.metadata) for f in schema] == [
        ("id", "bigint", False, {"comment": "Who."}),
        ("size", "bigint", True, {"comment": "How big."}),
        ("name", "string", True, {"comment": "What it is called."}),
    ]
    assert sorted(map(tuple, filled.read(THINGS).collect())) == [(1, 5, "a"), (2, 7, None)]
    assert detail(filled)["clusteringColumns"] == ["id"], "writing the rows anew keeps all else"
    assert detail(filled)["properties"]["delta.constraints.small"] == "size < 100"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (
            replace(THINGS, constraints={"big": "size > 6"}),
            r"things: .*contract's big \(size > 6\), found 1 .*\(`id`\): 1\.",
        ),
        (replace(THINGS, constraints={"named": "name <> ''"}), r"things: .*contract's named .*found 1 .*: 2\."),
        (
            replace(THINGS, columns=column(THINGS, "name", nullable=False)),
            r"^things\.name: .*without nulls, found one that may",
        ),
        (replace(THINGS, columns=column(THINGS, "name", type="bigint")), r"^things\.name: .*bigint.*found string"),
        (replace(THINGS, columns=column(THINGS, "id", type="int")), r"^things\.id: .*int.*found bigint"),
        (
            replace(THINGS, columns=(*THINGS.columns, Column("colour", "string", "New.", nullable=False))),
            r"^things\.colour: .*without nulls, found none",
        ),
        (
            replace(THINGS, columns=THINGS.columns[:1], cluster_by=(), constraints={}),
            r"^things: .*unexpected \['name', 'size'\]",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name_and_nothing_is_altered(filled: Lake, wanted: Table, said: str) -> None:
    version = filled.version("things")
    with pytest.raises(ContractError, match=said):
        filled.ensure(wanted)
    assert Lake(filled.spark, filled.warehouse).version("things") == version
