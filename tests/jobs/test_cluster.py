"""A cluster of processes, submitted to as README says: a master and two workers that have nothing but Spark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest

from jobs.code import flow
from jobs.flows import CODE, FLOWS
from jobs.runtime.requirements import modules
from jobs.runtime.tables import Lake
from schemas.ops import UNIT_FACTS
from tests.jobs.conftest import ROOT, TinyRun, command
from tests.jobs.pipeline import contents_of
from tests.jobs.standalone import Cluster, standalone
from tests.jobs.test_readme import PACK, SUBMIT

WITHOUT_FASTWARC = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name == "fastwarc":
            raise ModuleNotFoundError("No module named 'fastwarc'", name=name)

sys.meta_path.insert(0, Without())
"""
pytestmark = pytest.mark.long  # an archive, a master, two workers and whole runs: ten minutes on two cores
Submitted = subprocess.Popen[str]
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
    done = command(*PACK.replace("dist/cluster", str(place)).split(), cwd=place)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with standalone(tmp_path_factory.mktemp("cluster"), workers=2, memory="1600m") as started:
        yield started


def submit(
    cluster: Cluster, packed: Path, manifest: Path, warehouse: Path, file: str = "", flow: str = "run", **settings: str
) -> Submitted:
    """README's line, or with a stage's file in the place of `jobs/submit.py run`, in a folder that is no checkout, with
    an environment that says nothing of Python.
    """
    line = SUBMIT.replace("spark://HOST:7077", cluster.address).replace("dist/cluster", str(packed))
    line = line.replace("jobs/submit.py run", str(ROOT / file) if file else f"{ROOT / 'jobs/submit.py'} {flow}")
    line = line.replace("sources.jsonl", str(manifest)).replace("--warehouse warehouse", f"--warehouse {warehouse}")
    program, *rest = line.split()
    named = [f"--conf={key}={value}" for key, value in (SMALL | settings).items()]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYSPARK", "REFINELAKE"))}
    return subprocess.Popen(
        [str(SPARK / "bin" / program), *named, *rest],
        cwd=packed,
        env=env | {"SPARK_HOME": str(SPARK)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # spark-submit itself puts Python's errors there
    )


def test_a_worker_without_the_archive_is_named_before_any_work(cluster: Cluster, packed: Path, tmp_path: Path) -> None:
    bare = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
    (tmp_path / "sources.jsonl").write_text(json.dumps({"kind": "folder", "location": str(tmp_path)}))
    where = (cluster, packed, tmp_path / "sources.jsonl", tmp_path / "warehouse", "jobs/code/ingest.py")
    for python, said in ((bare, "No module named"), ("./none", "an interpreter at ./none, found none")):
        ended = submit(*where, **{"spark.pyspark.python": python})
        out, _ = ended.communicate(timeout=300)
        told = [line for line in out.splitlines() if line.startswith("refinelake: ")]
        assert ended.returncode == 2 and len(told) == 1 and said in told[0] and "refinelake pack" in told[0], out[
            -3000:
        ]


def test_the_archive_brings_what_the_kernels_of_every_flow_import(packed: Path) -> None:
    with tarfile.open(packed / "env.tar.gz") as held:
        names = {parts[1].split("/")[0] for n in held.getnames() if len(parts := n.split("site-packages/")) == 2}
    tops = {name.split(".")[0] for name in names}
    needed = {m for f in FLOWS for m in modules(["", f.extra])}
    assert {"fastwarc", "resiliparse", "brotli", "tldextract", "fasttext", "aiohttp", "jinja2", "tokenizers"} <= needed
    assert needed - tops == set() and "pyspark" not in tops


def test_only_a_flow_that_needs_it_finds_a_package_missing(cluster: Cluster, packed: Path, tmp_path: Path) -> None:
    """Workers as a hand-made environment without the web's packages would have them; the driver has all."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_FASTWARC)
    (tmp_path / "sources.jsonl").write_text(json.dumps({"kind": "warc", "location": str(tmp_path)}))
    settings = {"spark.executorEnv.PYTHONPATH": str(tmp_path)}
    where = (cluster, packed, tmp_path / "sources.jsonl", tmp_path / "warehouse")
    ended = submit(*where, flow="web run", **settings)
    out, _ = ended.communicate(timeout=300)
    said = "expected what refinelake[web] brings, found no fastwarc. Submit with the settings"
    assert ended.returncode == 2 and said in out, out[-3000:]
    assert CODE.extras({}) == ()


def test_the_flow_gives_what_one_machine_gives_though_a_worker_dies(
    spark: object, tiny: TinyRun, cluster: Cluster, packed: Path, tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse"
    ingest = submit(cluster, packed, tiny.manifest, warehouse, "jobs/code/ingest.py")
    out, _ = ingest.communicate(timeout=600)
    assert ingest.returncode == 0 and "no new release" in out, out[-3000:]
    run = submit(cluster, packed, tiny.manifest, warehouse)
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
