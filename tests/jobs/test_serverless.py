"""The flow through Spark Connect, in a session that refuses what serverless compute refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.code import flow
from jobs.runtime.lease_row import holder_of
from jobs.runtime.tables import Lake
from schemas.code import FILE_DECISIONS, RAW_FILES
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
    """By names, as Unity Catalog has them; then without one of the sources, which takes statements; then as it is."""
    some = flow.STAGES[:stages]
    names = ",".join(["ingest", *(stage.name for stage in some)])
    where = ("--warehouse", "catalog:spark_catalog.default", "--staging", str(place / "staging"), "--only", names)
    done = refinelake(connect, "run", "--sources", str(tiny.manifest), *where)
    assert done.returncode == 0, done.stdout + done.stderr
    here, there = Lake(spark, str(tiny.warehouse)), Lake(spark, str(place / "managed"))
    tables = (*flow.INGESTED, *(stage.writes for stage in some))
    wanted = {table.name: contents_of(here, table) for table in tables}
    for table in tables:
        assert contents_of(there, table) == wanted[table.name], table.name
    assert (holder_of(there)["holder"], holder_of(there)["fence"]) == (None, 1)
    sources = tiny.manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    fewer = place / f"{stages}.jsonl"
    fewer.write_text("".join(sources[:-1]), encoding="utf-8")
    run = ("run", "--sources", str(fewer), *where)
    done = refinelake(connect, *run, "--allow-drop", "--then", *run)
    assert done.returncode == 0 and done.stdout.count(": up to date") == stages + 1, done.stdout + done.stderr
    assert holder_of(there)["fence"] == 2, "what finds nothing to do takes no lease"
    left = [r for r in wanted[RAW_FILES.name] if r["source_id"] in fewer.read_text(encoding="utf-8")]
    there.look()
    assert 0 < len(left) < len(wanted[RAW_FILES.name]) and contents_of(there, RAW_FILES) == left
    kept = {r["file_id"] for r in left}
    assert contents_of(there, FILE_DECISIONS) == [r for r in wanted[FILE_DECISIONS.name] if r["file_id"] in kept]


def test_the_stand_in_refuses(connect: str) -> None:
    """What the guard is for: without it the test above would prove nothing."""
    done = python(connect, "tests.jobs.refusals")
    asked = ("set", "get", "sql", "persist", "context", "no network")
    assert done.stdout.splitlines() == [*(f"{what} refused" for what in asked), "shuffle auto"], done.stderr
