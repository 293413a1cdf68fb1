"""Tables that have three-part names in a catalog, as Unity Catalog wants them, and no folder of ours."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.cli import exit_code
from jobs.code import flow
from jobs.runtime import upkeep
from jobs.runtime.lease import LeaseError, claimed
from jobs.runtime.lease_row import holder_of
from jobs.runtime.places import absolute, schema_of
from jobs.runtime.tables import Lake
from schemas.code import RAW_FILES
from schemas.ops import RELEASES, RUNS, UNIT_FACTS
from tests.jobs.pipeline import World, contents_of, run_all
from tests.jobs.test_refresh import change, program


@pytest.fixture
def named(spark: Any, tmp_path: Path) -> Iterator[Lake]:
    """A schema of the session's own catalog."""
    schema = f"nights_{uuid.uuid4().hex[:8]}"
    spark.sql(f"CREATE SCHEMA spark_catalog.{schema} LOCATION '{tmp_path / 'managed'}'")
    yield Lake(spark, f"catalog:spark_catalog.{schema}", str(tmp_path / "staging"))
    spark.sql(f"DROP SCHEMA spark_catalog.{schema} CASCADE")


@pytest.mark.long
@pytest.mark.parametrize("stages", [3, len(flow.STAGES)])
def test_a_refresh_by_names_equals_a_rebuild_in_folders(
    spark: object, named: Lake, tmp_path: Path, stages: int
) -> None:
    some = flow.STAGES[:stages]
    draw, world = random.Random(5), World(tmp_path)
    for _ in range(4):
        change(world, draw)
    world.files["kept"] = {"a.py": program(1), "b.py": program(1, 1)}
    with claimed(named, "first"):
        run_all(named, world.write(), "first", stages=some)
    properties = _properties(named, RAW_FILES.name)
    change(world, draw)
    world.files["kept"]["c.py"] = program(900)
    with claimed(named, "second"):
        run_all(named, world.write(), "second", stages=some)
        with pytest.raises(LeaseError, match=r"catalog:spark_catalog\.nights_.* found run second"), claimed(named, "x"):
            named.append(RUNS, named.read(RUNS).limit(1), {})
    scratch = Lake(spark, str(tmp_path / "scratch"))
    run_all(scratch, world.write(), "scratch", stages=some)
    for table in (*flow.INGESTED, *(stage.writes for stage in some), UNIT_FACTS):
        assert contents_of(named, table) == contents_of(scratch, table), table.name
    assert contents_of(named, some[-1].writes) and len(named.small(RELEASES)) == 2
    assert holder_of(named)["holder"] is None and holder_of(named)["fence"] == 2
    assert _properties(named, RAW_FILES.name) == properties, "a write by name leaves the table's contract as it was"
    assert upkeep.tidy(named, RAW_FILES).files_after == 1 and upkeep.double_keys(named, RAW_FILES) == 0
    assert run_all(named, world.write(), "again", stages=some)[1].skipped, "upkeep leaves finished work finished"


def _properties(lake: Lake, name: str) -> dict[str, str]:
    detail = lake.spark.sql(f"DESCRIBE DETAIL {lake.ref(name)}").collect()[0]
    return {**detail["properties"], "clustering": ",".join(detail["clusteringColumns"])}


def test_a_schema_that_is_not_there_is_named(spark: object, tmp_path: Path) -> None:
    lake = Lake(spark, "catalog:spark_catalog.nowhere", str(tmp_path))
    with pytest.raises(ValueError, match=r"catalog:spark_catalog\.nowhere: expected a schema, found SCHEMA_NOT_FOUND"):
        lake.look()


@pytest.mark.parametrize("place", ["catalog:", "catalog:main", "catalog:a.b.c", "catalog:a/b.c"])
def test_a_name_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match=r"expected catalog:CATALOG\.SCHEMA"):
        absolute(place)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--sources", "sources.jsonl", "--warehouse", "catalog:a.b"), "catalog:a.b: expected --staging"),
        (("check", "--warehouse", "catalog:a.b"), "catalog:a.b: expected --staging"),
        (("explain", "README.md", "--warehouse", "catalog:a.b"), "catalog:a.b: expected a folder or URL"),
        (("releases", "--warehouse", "catalog:a.b"), "catalog:a.b: expected a folder or URL"),
    ],
)
def test_what_names_alone_do_not_tell_is_asked_for(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert exit_code(list(words)) == 2 and f"refinelake: {said}" in capsys.readouterr().err


def test_a_folder_with_a_dot_in_its_name_is_a_folder() -> None:
    assert schema_of("main.corpus") is None and absolute("main.corpus").endswith("/main.corpus")
    assert (
        absolute("catalog:main.corpus") == "catalog:main.corpus" and schema_of("catalog:main.corpus") == "main.corpus"
    )
