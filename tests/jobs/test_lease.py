"""One writer: who holds the warehouse is told to others, and a holder that was taken over writes nothing more."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.runtime import lease
from jobs.runtime.lease import LeaseError, MovedError, claimed
from jobs.runtime.lease_row import holder_of
from jobs.runtime.saying import Saying
from jobs.runtime.tables import Lake
from schemas.contract import Column, Table

THINGS = Table("things", "One row per thing.", (Column("id", "bigint", "Who.", nullable=False),), key=("id",))


def things(lake: Lake, *ids: int) -> DataFrame:
    return lake.spark.createDataFrame([(i,) for i in ids], "id bigint")


def ids(lake: Lake) -> list[int]:
    return sorted(r["id"] for r in Lake(lake.spark, lake.warehouse).read(THINGS).collect())


@pytest.fixture(params=[True, False], ids=["settings", "none"])
def lake(lake: Lake, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A session that says with each statement what its commit says, and one that cannot, as on serverless compute."""
    monkeypatch.setattr(Saying, "settable", request.param)
    return lake


@pytest.fixture
def filled(lake: Lake) -> Lake:
    with claimed(lake, "first"):
        lake.ensure(THINGS)
        lake.append(THINGS, things(lake, 1), {"run_id": "first"})
    return lake


def test_a_run_that_writes_nothing_takes_no_lease(filled: Lake) -> None:
    before = holder_of(filled)
    with claimed(filled, "reader"):
        filled.ensure(THINGS)
        assert filled.rows(THINGS) == 1
    assert holder_of(filled) == before and (before["holder"], before["fence"]) == (None, 1)


def test_a_second_writer_is_told_who_writes_since_when(filled: Lake, spark: SparkSession) -> None:
    other = Lake(spark, filled.warehouse)
    with claimed(filled, "a"), claimed(other, "b"):
        filled.append(THINGS, things(filled, 2), {"run_id": "a"})
        with pytest.raises(LeaseError, match=r"found run a at .+:\d+, which has held the warehouse since 20\d\d-"):
            other.append(THINGS, things(filled, 3), {"run_id": "b"})
    assert ids(filled) == [1, 2]
    with claimed(other, "c"):
        other.append(THINGS, things(filled, 3), {"run_id": "c"})
    assert ids(filled) == [1, 2, 3], "it is given back at the end"
    assert holder_of(filled)["fence"] == 3, "a refusal takes no number"


def test_what_was_looked_at_before_another_run_wrote_is_looked_at_again(filled: Lake, spark: SparkSession) -> None:
    slow = Lake(spark, filled.warehouse)
    with claimed(slow, "slow"):
        assert slow.version("things") and slow.version("others") is None
        with claimed(filled, "quick"):
            filled.append(THINGS, things(filled, 2), {"run_id": "quick"})
        with pytest.raises(MovedError, match=r"^things: "):
            slow.append(THINGS, things(filled, 3), {"run_id": "slow"})
        slow.append(THINGS, things(filled, 4), {"run_id": "slow"})
    assert ids(filled) == [1, 2, 4]


@pytest.mark.parametrize("broken", [True, False])
def test_a_dead_holder_is_taken_over_and_writes_nothing_more(
    filled: Lake, spark: SparkSession, broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    heir = Lake(spark, filled.warehouse)
    with claimed(filled, "dead"):
        filled.append(THINGS, things(filled, 2), {"run_id": "dead"})
        moved = filled.rows_version("things")
        if not broken:
            monkeypatch.setattr(lease, "STALE_SECONDS", 0)
        with claimed(heir, "heir", break_lock=broken) as claim:
            heir.ensure(THINGS)
            assert holder_of(filled)["holder"] == "dead", "taken at the first write, not before"
            rows = things(filled, 3).selectExpr("'insert' AS _op", "id")
            claim.take()
            assert heir.rows_version("things") == moved, "what was made from the table is still finished"
            heir.merge(THINGS, rows, {"run_id": "heir"})
            for verb in ("append", "merge", "delete"):
                gone = things(filled, 1)
                given = gone.selectExpr("'delete' AS _op", "id") if verb == "merge" else gone
                with pytest.raises(LeaseError, match=r"^things: expected the newest commit to be of run dead"):
                    getattr(filled, verb)(THINGS, given, {"run_id": "dead"})
            heir.append(THINGS, things(filled, 5), {"run_id": "heir"})
    assert ids(filled) == [1, 2, 3, 5]
    assert holder_of(filled)["holder"] is None, "the dead one gave back what it no longer had"


def test_a_dead_run_that_wrote_after_its_heir_had_looked_is_noticed(filled: Lake, spark: SparkSession) -> None:
    heir = Lake(spark, filled.warehouse)
    with claimed(filled, "dead"), claimed(heir, "heir", break_lock=True):
        assert heir.version("things")
        filled.append(THINGS, things(filled, 2), {"run_id": "dead"})
        with pytest.raises(MovedError, match=r"^things: "):
            heir.append(THINGS, things(filled, 3), {"run_id": "heir"})


def test_a_dead_run_cannot_write_a_table_that_its_heir_has_not_written_yet(filled: Lake, spark: SparkSession) -> None:
    """The heir has only read `things`: a row that comes after that would be double, or lost, for ever."""
    heir = Lake(spark, filled.warehouse)
    others = Table("others", THINGS.doc, THINGS.columns, THINGS.key)
    with claimed(filled, "dead"):
        filled.append(THINGS, things(filled, 2), {"run_id": "dead"})
        with claimed(heir, "heir", break_lock=True):
            heir.ensure(others)
            with pytest.raises(LeaseError):
                filled.append(THINGS, things(filled, 3), {"run_id": "dead"})
    assert ids(filled) == [1, 2]


def test_what_a_dead_run_had_set_aside_is_swept_and_what_a_reader_has_is_not(filled: Lake) -> None:
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    mine, dead, reader = f"{now}-aaaaaa", f"{now}-bbbbbb", f"reader-{now}-cccccc"
    for name in (mine, dead, reader, "reader-20260101T000000-dddddd"):
        filled.stage(things(filled, 1), name, "rows")
    with claimed(filled, mine) as claim:
        claim.take()
    assert sorted(p.name for p in Path(filled.staging("")).iterdir()) == [mine, reader]


def test_a_heartbeat_notices_that_the_lease_is_lost(filled: Lake, spark: SparkSession) -> None:
    heir = Lake(spark, filled.warehouse)
    with claimed(filled, "dead") as claim:
        filled.append(THINGS, things(filled, 2), {"run_id": "dead"})
        claim.beat(spark)
        assert claim.lost is None and holder_of(filled)["heartbeat_at"] > holder_of(filled)["taken_at"]
        with claimed(heir, "heir", break_lock=True) as taken:
            taken.take()
            claim.beat(spark)
            with pytest.raises(LeaseError, match="found it taken over"):
                filled.append(THINGS, things(filled, 3), {"run_id": "dead"})


def test_a_statement_under_way_ends_with_the_lease(filled: Lake, spark: SparkSession) -> None:
    """Where it carries no fence, it is in conflict with what its heir does to the table."""
    heir, begun = Lake(spark, filled.warehouse), threading.Event()

    def slowly(value: int) -> int:
        time.sleep(4)
        return value

    def dead() -> str:
        rows = things(filled, 2).select(F.lit("insert").alias("_op"), F.udf(slowly, "bigint")("id").alias("id"))
        begun.set()
        try:
            filled.merge(THINGS, rows, {"run_id": "dead"})
        except (LeaseError, PySparkException, Py4JError) as e:
            return str(e)
        return "written"

    with claimed(filled, "dead") as claim, ThreadPoolExecutor(1) as pool:
        claim.take()
        said = pool.submit(dead)
        begun.wait(20)
        time.sleep(2)
        with claimed(heir, "heir", break_lock=True) as taken:
            taken.take()
            assert re.search("METADATA_CHANGED|CONCURRENT|run dead", said.result(60)), said.result()
    assert ids(filled) == [1]
