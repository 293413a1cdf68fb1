"""What this process reads of a warehouse without Spark is what Spark says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.runtime import commits, versions
from jobs.runtime.accounting import StageResult, append_rows, finished_work
from jobs.runtime.session import alone
from jobs.runtime.tables import Lake
from jobs.runtime.upkeep import double_keys
from schemas.contract import Column, Table
from schemas.ops import RELEASES, RUNS, SOURCES

THINGS = Table("things", "One row per thing.", (Column("id", "string", "Who.", nullable=False),), key=("id",))
NOTE = {
    "release_id": 1,
    "run_id": "r",
    "tables": {"b": 2, "a": 1},
    "note": None,
    "withdrawn": None,
    "created_at": datetime.now(UTC),
}


@pytest.fixture
def moved(lake: Lake) -> Lake:
    """A table that was written, altered by us, and written again; one with a map; one without rows."""
    lake.ensure(THINGS)
    lake.append(THINGS, lake.spark.createDataFrame([("a",), ("b",), ("c",)], "id string"), {"run_id": "one"})
    lake.alter(THINGS, "SET TBLPROPERTIES ('x' = 'y')", last=True)
    lake.ensure(SOURCES)
    append_rows(lake, RELEASES, [NOTE])
    return lake


def test_both_ways_see_the_same_commits(moved: Lake) -> None:
    here, by_spark = commits.newest_commits(moved.warehouse), versions.all_newest(moved.spark, moved.warehouse)
    assert here == by_spark
    assert set(here) == {"things", "sources", "releases"} == set(moved.names())
    assert here["things"].rows_version == here["things"].version - 1, "ALTER moves no row"
    for name, last in here.items():
        assert commits.commit_at(moved.location(name), last.version) == last
        assert versions.commit_at(moved.spark, moved.location(name), last.version) == last
        assert versions.newest(moved.spark, moved.ref(name)) == last


def test_maintenance_that_somebody_else_did_is_asked_of_the_history(moved: Lake) -> None:
    before = moved.rows_version("things")
    moved.spark.sql(f"ALTER TABLE {moved.ref('things')} SET TBLPROPERTIES ('by' = 'hand')")
    assert "things" not in commits.newest_commits(moved.warehouse)
    moved.look()
    assert (moved.rows_version("things"), moved.metadata("things")) == (before, {})


def test_a_small_table_reads_alike_both_ways(moved: Lake) -> None:
    moved.spark.sql(f"DELETE FROM {moved.ref('things')} WHERE id = 'b'")  # leaves a deletion vector
    moved.look()
    far = Lake(moved.spark, moved.warehouse)
    far.alone = False
    for table in (THINGS, RELEASES, SOURCES):
        assert sorted(map(str, moved.small(table))) == sorted(map(str, far.small(table)))
    assert len(moved.small(THINGS)) == 2 and dict(moved.small(RELEASES)[0]["tables"]) == NOTE["tables"]


def test_what_is_not_there_has_no_version_and_no_rows(lake: Lake) -> None:
    Path(lake.warehouse, "things", "_delta_log").mkdir(parents=True)  # a run that died before its first commit
    lake.look()
    assert (lake.version("things"), lake.names(), lake.small(THINGS)) == (None, [], [])


def test_a_column_that_an_earlier_release_had_not_is_null(lake: Lake) -> None:
    """Else no run could begin, and the run is what adds the column."""
    earlier = replace(RUNS, columns=tuple(c for c in RUNS.columns if c.name != "cpu_seconds"))
    lake.ensure(earlier)
    row = StageResult("ingest", "raw_files", run_id="r", inputs={"raw_files": 3}, rows_read=7, rows_kept=7).row()
    append_rows(lake, earlier, [row])
    for reads_itself in (True, False):
        lake.alone = reads_itself
        (found,) = finished_work(lake).values()
        assert (found.rows_read, found.inputs, found.cpu_seconds) == (7, {"raw_files": 3}, None)
    assert double_keys(lake, RUNS) == 0, "check looks at keys only"


def test_half_a_commit_is_named_with_its_remedy(moved: Lake) -> None:
    """As a run leaves it that dies on a store that shows files while they are written."""
    log = Path(moved.location("things"), "_delta_log")
    last = max(log.glob("*.json"))
    broken = log / f"{int(last.stem) + 1:020d}.json"
    broken.write_text(last.read_text()[:-30])
    with pytest.raises(commits.BrokenLogError, match=rf"{broken}: expected a commit.*delete this file"):
        moved.look()
    broken.unlink()
    moved.look()
    assert moved.version("things") == int(last.stem)


def test_only_a_session_of_this_machine_is_alone(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    assert alone() and alone(spark)
    monkeypatch.setenv("SPARK_REMOTE", "sc://somewhere")
    assert not alone() and not alone(spark)


def test_a_session_starts_when_it_is_needed(spark: SparkSession, tmp_path: Path) -> None:
    started = []
    lake = Lake(lambda: started.append(1) or spark, str(tmp_path))
    lake.look()
    assert (lake.version("things"), lake.small(SOURCES), started) == (None, [], [])
    lake.ensure(THINGS)
    lake.ensure(SOURCES)
    assert started == [1]
