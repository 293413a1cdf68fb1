"""A cluster of processes, submitted to as README says: a master and two workers that have nothing but Spark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest

from jobs.code import flow
from jobs.runtime.tables import Lake
from schemas.ops import UNIT_FACTS
from tests.jobs.conftest import ROOT, TinyRun, command
from tests.jobs.pipeline import contents_of
from tests.jobs.standalone import Cluster, standalone

SPARK = Path(pyspark.__file__).parent
SMALL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1500m",
    "spark.executor.cores": "1",
    "spark.executor.memory": "1g",
    "spark.executor.memoryOverhead": "500m",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
}
"""What this machine is smaller by than the ones that spark-cluster.conf is for."""


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pack")
    done = command("refinelake", "pack", "--to", str(place), cwd=place)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with standalone(tmp_path_factory.mktemp("cluster"), workers=2, memory="1600m") as started:
        yield started


def submit(cluster: Cluster, packed: Path, file: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    """spark-submit in a folder that is no checkout, with an environment that says nothing of Python."""
    named = [f"--conf={key}={value}" for key, value in (SMALL | settings).items()]
    spark = [str(SPARK / "bin" / "spark-submit"), "--master", cluster.address]
    spark += ["--properties-file", str(packed / "cluster.conf"), *named, str(ROOT / file)]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYSPARK", "REFINELAKE"))}
    env["SPARK_HOME"] = str(SPARK)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}  # spark-submit itself puts Python's errors there
    return subprocess.Popen([*spark, *arguments], cwd=packed, env=env, text=True, **pipes)


def test_a_worker_without_the_archive_is_named_before_any_work(cluster: Cluster, packed: Path, tmp_path: Path) -> None:
    bare = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
    (tmp_path / "sources.jsonl").write_text(json.dumps({"kind": "folder", "location": str(tmp_path)}))
    arguments = ("jobs/code/ingest.py", "--sources", str(tmp_path / "sources.jsonl"), "--warehouse", str(tmp_path))
    for python, said in ((bare, "No module named"), ("./none", "an interpreter at ./none, found none")):
        ended = submit(cluster, packed, *arguments, **{"spark.pyspark.python": python})
        out, _ = ended.communicate(timeout=300)
        told = [line for line in out.splitlines() if line.startswith("refinelake: ")]
        assert ended.returncode == 2 and len(told) == 1 and said in told[0] and "refinelake pack" in told[0], out[
            -3000:
        ]


def test_the_flow_gives_what_one_machine_gives_though_a_worker_dies(
    spark: object, tiny: TinyRun, cluster: Cluster, packed: Path, tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse"
    arguments = ("--sources", str(tiny.manifest), "--warehouse", str(warehouse))
    ingest = submit(cluster, packed, "jobs/code/ingest.py", *arguments)
    out, _ = ingest.communicate(timeout=600)
    assert ingest.returncode == 0 and "no release" in out, out[-3000:]
    run = submit(cluster, packed, "jobs/submit.py", "run", *arguments)
    assert run.stdout
    said = []
    for line in run.stdout:
        said.append(line)
        if line.startswith("exact_duplicates"):
            cluster.workers[0].kill()
    assert run.wait(60) == 0 and "is what readers see now" in "".join(said), "".join(said)[-3000:]
    assert cluster.workers[0].poll() is not None
    here, there = Lake(spark, str(tiny.warehouse)), Lake(spark, str(warehouse))
    for table in (*flow.TABLES, UNIT_FACTS):
        assert contents_of(here, table) == contents_of(there, table), table.name
