"""The flow through Spark Connect, in a session that refuses what serverless compute refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.code import flow
from jobs.runtime.lease_row import holder_of
from jobs.runtime.tables import Lake
from tests.jobs.conftest import TinyRun
from tests.jobs.pipeline import contents_of
from tests.jobs.serverless import python, refinelake, server


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serverless")


@pytest.fixture(scope="module")
def connect(place: Path) -> Iterator[str]:
    with server(place) as address:
        yield address


@pytest.mark.parametrize("stages", [3, pytest.param(len(flow.STAGES), marks=pytest.mark.long)])
def test_the_flow_gives_what_it_gives_in_local_mode(
    spark: Any, tiny: TinyRun, place: Path, connect: str, stages: int
) -> None:
    """By names, as Unity Catalog has them; a run after it finds nothing to do."""
    some = flow.STAGES[:stages]
    names = ",".join(["ingest", *(stage.name for stage in some)])
    where = ("--warehouse", "catalog:spark_catalog.default", "--staging", str(place / "staging"))
    run = ("run", "--sources", str(tiny.manifest), *where, "--only", names)
    done = refinelake(connect, *run)
    assert done.returncode == 0, done.stdout + done.stderr
    here, there = Lake(spark, str(tiny.warehouse)), Lake(spark, str(place / "managed"))
    for table in (*flow.INGESTED, *(stage.writes for stage in some)):
        assert contents_of(here, table) == contents_of(there, table), table.name
    assert (holder_of(there)["holder"], holder_of(there)["fence"]) == (None, 1)
    again = refinelake(connect, *run)
    assert again.returncode == 0 and again.stdout.count(": up to date") == stages + 1, again.stdout + again.stderr
    assert holder_of(there)["fence"] == 1, "and takes no lease"


def test_the_stand_in_refuses(connect: str) -> None:
    """What the guard is for: without it the test above would prove nothing."""
    done = python(connect, "tests.jobs.refusals")
    asked = ("set", "get", "sql", "persist", "context", "no network")
    assert done.stdout.splitlines() == [*(f"{what} refused" for what in asked), "shuffle auto"], done.stderr
