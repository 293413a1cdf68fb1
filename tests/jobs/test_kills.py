"""A run that is killed at any moment (kill -9, the JVM and its Python workers with it) is made good by the next one."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.code import flow
from jobs.runtime.cpu import tree
from jobs.runtime.tables import Lake
from tests.jobs.pipeline import World, contents_of, run_all
from tests.jobs.test_refresh import assert_same, change

STAGES = flow.STAGES[:3]
KILLS = 3


def start(world: World, warehouse: Path, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """A run of its own, which takes over the lease of the one that was killed."""
    only = ",".join(("ingest", *(stage.name for stage in STAGES)))
    command = [sys.executable, "-m", "jobs.cli", "run", "--sources", str(world.write()), "--warehouse", str(warehouse)]
    more = ["--only", only, "--break-lock", "--allow-drop"]
    return subprocess.Popen(
        [*command, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=before,
    )


def killed_after(process: subprocess.Popen[str], seconds: float) -> bool:
    """Kill a run and all it has started; whether it had come to its end before."""
    time.sleep(seconds)
    ended = process.poll() is not None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        assert ended
    process.communicate()
    return ended


def full_disk() -> None:
    """No file of the process may grow beyond this, as on a disk that is full: Java and Python both get an error."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


def kill_workers(process: subprocess.Popen[str]) -> None:
    """Kill Python workers of the run, one after another, until it ends."""
    while process.poll() is None:
        workers = [p.pid for p in tree(process.pid) if p.command.startswith("python") and p.pid != process.pid]
        for pid in workers[-1:]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(3)


@pytest.mark.long
@pytest.mark.parametrize("harm", ["disk", "workers"])
def test_a_run_that_ends_with_an_error_is_made_good(spark: SparkSession, tmp_path: Path, harm: str) -> None:
    """It says what happened in one line, and the next one leaves what a run without harm leaves."""
    draw, world, warehouse = random.Random(harm), World(tmp_path), tmp_path / "warehouse"
    for history in range(6):
        change(world, draw, history)
    hurt = start(world, warehouse, full_disk if harm == "disk" else None)
    if harm == "workers":
        kill_workers(hurt)
    said, _ = hurt.communicate()
    if harm == "disk":
        assert hurt.returncode == 1 and said.splitlines()[-1].startswith("refinelake: Spark: expected"), said[-2000:]
        assert "found that a disk is full: make room" in said
    last = start(world, warehouse)
    said, _ = last.communicate()
    assert last.returncode == 0, said
    grown, scratch = Lake(spark, str(warehouse)), Lake(spark, str(tmp_path / "scratch"))
    run_all(scratch, world.write(), "scratch", stages=STAGES)
    assert_same(grown, scratch, (*flow.INGESTED, *(stage.writes for stage in STAGES)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 20))
def test_what_a_killed_run_left_is_made_good(spark: SparkSession, tmp_path: Path, seed: int) -> None:
    draw, world, warehouse = random.Random(seed), World(tmp_path), tmp_path / "warehouse"
    ends = []
    for _ in range(KILLS):
        for history in range(3):
            change(world, draw, history)
        process = start(world, warehouse)
        while not (warehouse / "_staging").exists() and process.poll() is None:
            time.sleep(0.1)  # a run that has not begun to work is no case
        ends.append(killed_after(process, draw.uniform(0, 20)))
    last = start(world, warehouse)
    said, _ = last.communicate()
    assert last.returncode == 0, said
    assert not all(ends), "none was killed: the moments come too late on this machine"
    grown, scratch = Lake(spark, str(warehouse)), Lake(spark, str(tmp_path / "scratch"))
    run_all(scratch, world.write(), "scratch", stages=STAGES)
    assert_same(grown, scratch, (*flow.INGESTED, *(stage.writes for stage in STAGES)))
    assert contents_of(scratch, flow.INGESTED[0])
    assert [p.name for p in (warehouse / "_staging").iterdir()] == [], "what the killed runs set aside is swept"
