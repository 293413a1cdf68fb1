"""Two runs that are started at once: one wins or they follow each other, and no row is double."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.code import flow
from jobs.runtime.lease import LeaseError, as_only_writer
from jobs.runtime.lease_row import holder_of
from jobs.runtime.tables import Lake
from jobs.runtime.upkeep import double_keys, repair
from schemas.code import EXACT_DUPLICATES, FILE_DECISIONS
from schemas.ops import RUNS
from tests.jobs.pipeline import World, contents_of, run_all

STAGES = flow.STAGES[:4]


def attempt(spark: SparkSession, warehouse: str, manifest: Path, run_id: str, late: float) -> str:
    """A run in a session of its own that begins `late` seconds after the others."""
    time.sleep(late)
    lake = Lake(spark.newSession(), warehouse)
    try:
        as_only_writer(lake, run_id, lambda: run_all(lake, manifest, run_id, stages=STAGES))
    except LeaseError as e:
        return str(e)
    return "done"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 12))
def test_one_of_two_runs_writes_or_they_follow_each_other(spark: SparkSession, tmp_path: Path, seed: int) -> None:
    """The first round makes the tables, the second changes them."""
    draw, world = random.Random(seed), World(tmp_path)
    warehouse = str(tmp_path / "warehouse")
    for number in range(2):
        world.files[f"s{number}"] = {f"{n}.py": f"x = {n * number}\n" * 3 for n in range(3)}
        manifest = world.write()
        late = [0.0, draw.uniform(0, 4)]
        with ThreadPoolExecutor(2) as pool:
            names = [f"{seed}-{number}-{n}" for n in range(2)]
            said = list(pool.map(attempt, [spark] * 2, [warehouse] * 2, [manifest] * 2, names, late))
        refused = [s for s in said if s != "done"]
        assert len(refused) < 2 and all("expected to be the only writer, found run" in s for s in refused), said
        lake, scratch = Lake(spark, warehouse), Lake(spark, str(tmp_path / f"scratch{number}"))
        assert holder_of(lake)["holder"] is None
        run_all(scratch, manifest, "scratch", stages=STAGES)
        for table in (*flow.INGESTED, FILE_DECISIONS, EXACT_DUPLICATES):
            assert contents_of(lake, table) == contents_of(scratch, table), table.name
        assert double_keys(lake, RUNS) == 0, "a run that began again has recorded its one end only"


def test_double_keys_are_found_and_mended_and_the_next_run_goes_on(spark: SparkSession, tmp_path: Path) -> None:
    """What two runs without a lease left behind, as earlier releases of refinelake could."""
    world = World(tmp_path, {"s": {f"{n}.py": f"x = {n}\n" * 3 for n in range(3)}})
    lake = Lake(spark, str(tmp_path / "warehouse"))
    run_all(lake, world.write(), "r1", stages=STAGES)
    expected = contents_of(lake, FILE_DECISIONS)
    lake.append(FILE_DECISIONS, lake.read(FILE_DECISIONS).limit(2), {})
    assert (double_keys(lake, FILE_DECISIONS), double_keys(lake, EXACT_DUPLICATES)) == (2, 0)
    with pytest.raises(
        Exception, match=r"(?s)file_decisions: .*2 keys that are stored more than once \(refinelake check"
    ):
        run_all(lake, world.write(), "r2", stages=STAGES)
    assert repair(lake, FILE_DECISIONS, "r3") == 2
    assert contents_of(lake, FILE_DECISIONS) == expected
    run_all(lake, world.write(), "r4", stages=STAGES)
