"""A text that kills its worker: the run goes on without it, here and on a cluster of processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from jobs.code.ingest import ingest
from jobs.code.parameters import Ingest, RepositoryText
from jobs.corpus.parameters import InstructionDedup
from jobs.flows import FLOWS
from jobs.runtime.manifest import read_manifest
from jobs.runtime.quarantine import append_measured
from jobs.runtime.runner import Run
from jobs.runtime.stage import Measure
from jobs.runtime.tables import Lake
from jobs.web.parameters import Recall
from schemas.code import RAW_FILES
from schemas.ops import REJECTS
from tests.jobs.killing import DEADLY, HANGS, LENGTHS, Counter, killed, killed_by_units, lengths, scenario
from tests.jobs.pipeline import World
from tests.jobs.rows import frame
from tests.jobs.web.crawls import classifier
from tests.udfs.embeddings.test_embeddings import small_encoder
from udfs.spark.guard import Limits

ROOT = Path(__file__).parents[2]
CLUSTER = """
spark.master local-cluster[2,1,1024]
spark.executor.memory 1g
spark.executorEnv.PYTHONPATH {root}
"""


MEASURES = [s for f in FLOWS for s in f.stages if isinstance(s, Measure) and not s.passes]
"""Each has a table with a place for a failure; what takes several passes writes rows of its own."""


def on_a_cluster(folder: Path) -> dict[str, Any]:
    """The scenario on a master, two workers and their executors, each a process of its own."""
    settings = (ROOT / "tests" / "spark-test.conf").read_text() + CLUSTER.format(root=ROOT)
    (folder / "cluster.conf").write_text(settings)
    env = os.environ | {"REFINELAKE_SPARK_CONF": str(folder / "cluster.conf"), "PYTHONPATH": str(ROOT)}
    script = [sys.executable, str(ROOT / "tests" / "jobs" / "killing.py"), str(folder / "warehouse")]
    done = subprocess.run(script, env=env, cwd=folder, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def expect(found: dict[str, Any]) -> None:
    deadly = {"n03", "n11"}
    sound = {f"n{n:02}": n for n in range(20) if f"n{n:02}" not in deadly}
    why = "killed_worker: SIGABRT, 2 times alone; lengths at kernel v1"
    dies, again, mended = found["dies"], found["again"], found["mended"]
    assert (dies["read"], dies["dropped"], dies["reasons"]) == (20, 2, {"killed_worker": 2})
    assert (dies["letters"], dies["failures"]) == (sound, dict.fromkeys(deadly, why))
    assert (again["read"], again["dropped"]) == (1, 0), "what killed this kernel is not tried again"
    assert (again["letters"], again["failures"]) == (sound | {"new": 3}, dict.fromkeys(deadly, why))
    assert (mended["read"], mended["failures"], len(mended["letters"])) == (21, {}, 21), "another kernel tries all"
    assert [found[run]["commits"] for run in found] == [1, 2, 3], "one commit a run, with all of its rows"


def test_the_run_goes_on_without_the_text_in_local_mode(lake: Lake) -> None:
    expect(scenario(lake))


@pytest.mark.long
def test_the_run_goes_on_without_the_text_on_a_cluster_of_processes(tmp_path: Path) -> None:
    expect(on_a_cluster(tmp_path))


def test_a_text_that_never_ends_is_set_aside_once_spark_has_ended_its_worker(lake: Lake) -> None:
    idle = "spark.sql.execution.pyspark.udf.idleTimeoutSeconds"
    before = lake.spark.conf.get(idle)
    lake.ensure(LENGTHS)
    texts = lake.spark.createDataFrame([("a", "one"), ("b", HANGS)], "content_id string, text string")
    measured = partial(lengths, texts.select("content_id"), texts, Counter())
    # Spark must be more patient than the three children that one such text takes.
    lake.spark.conf.set(idle, "20")
    try:
        said = append_measured(lake, LENGTHS, measured, "v1", {"run_id": "r1"}, Limits(3))
    finally:
        lake.spark.conf.set(idle, before)
    rows = {r["content_id"]: (r["letters"], r["failure"]) for r in lake.read(LENGTHS).collect()}
    assert rows == {"a": (3, None), "b": (0, "killed_worker: over 3 s, 2 times alone; lengths at kernel v1")}
    assert said == {"killed_worker": 1}


KEYS = {
    "fingerprints": "unit_id string, content_id string",
    "cleaned_texts": "content_id string, language string, kind string, "
    "cut struct<content_id:string,tokens:int,chunks:array<int>>",
    "signals": "clean_id string, language string, kind string, content_id string",
    "instruction_parts": "clean_id string, language string",
}
KEYS |= {f"web_{name}": KEYS[name] for name in ("fingerprints", "cleaned_texts", "signals")}
KEYS["instruction_fingerprints"] = KEYS["fingerprints"]
KEYS["instruction_embeddings"] = "unit_id string"
KEYS["algorithm_marks"] = "clean_id string"
KEYS["seed_parts"] = "clean_id string, recipe string, language string"
KEYS["package_usages"] = KEYS["instruction_parts"]
KEYS["recall_scores"] = "content_id string, tag string"
KEYS["text_scores"] = "content_id string"
KEYS["benchmark_hits"] = "text_id string, benchmark string, benchmark_version string, place int"
KERNELS_OF = {"instruction_embeddings": "embeddings", "instruction_parts": "corpus"}
KERNELS_OF["benchmark_hits"] = "contamination"
KERNELS_OF |= {"recall_scores": "web", "text_scores": "web"}
KERNELS_OF |= dict.fromkeys(("algorithm_marks", "seed_parts", "package_usages"), "instruct")
"""The file of udfs/spark whose kernels a measure maps; of all others code."""


USUALLY = ("cleaned_texts", "recall_scores", "benchmark_hits")
"""A measure of each half; the long suite takes all."""


@pytest.mark.parametrize(
    "stage", [pytest.param(s, marks=[pytest.mark.long] * (s.name not in USUALLY), id=s.name) for s in MEASURES]
)
def test_a_stand_in_is_a_row_by_contract(
    lake: Lake, stage: Measure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every measure as it stands, over a sound text and one at which its process aborts: the table takes both rows."""
    monkeypatch.setattr(f"udfs.spark.{KERNELS_OF.get(stage.name, 'code')}.mapped", killed)
    params = stage.params
    if stage.name == "recall_scores":
        params = Recall(models={"Code": classifier(tmp_path / "code")})
    elif stage.name == "text_scores":
        params = RepositoryText(model=classifier(tmp_path / "code"))
    elif stage.name == "instruction_embeddings":
        params = InstructionDedup(embeddings=str(small_encoder(tmp_path)))
    lake.ensure(stage.writes)
    texts = {"sound": "def f():\n    return 1\n", DEADLY: DEADLY}
    values = {
        "unit_id": 0,
        "text_id": 0,
        "content_id": 0,
        "clean_id": 0,
        "language": "python",
        "kind": "code",
        "tag": "Code",
    }
    values |= {"recipe": "snippets", "benchmark": "humaneval", "benchmark_version": "1"}
    names = [c.split()[0] for c in KEYS[stage.name].split(", ")]
    keys = lake.spark.createDataFrame(
        [[{"cut": None, "place": 0}.get(n) if n in ("cut", "place") else values[n] or i for n in names] for i in texts],
        KEYS[stage.name],
    )
    both = [{"content_id": i, "clean_id": i, "text": t} for i, t in texts.items()]
    tables = [frame(lake.spark, t, [{n: r[n] for n in r if n in t.names} for r in both]) for t in stage.texts]
    if stage.name in ("instruction_fingerprints", "instruction_embeddings"):
        talks = [{"instruction_id": i, "messages": [{"role": "user", "content": t}]} for i, t in texts.items()]
        tables = [frame(lake.spark, t, talks if t.name == "given_instructions" else []) for t in stage.texts]
    measured = partial(stage.transform, keys, *tables, params)
    said = append_measured(lake, stage.writes, measured, "v1", {"run_id": "r1"})
    found = {r[stage.writes.key[0]]: r["failure"] for r in lake.read(stage.writes).collect()}
    assert said == {"killed_worker": 1}
    assert found == {"sound": None, DEADLY: f"killed_worker: SIGABRT, 2 times alone; {stage.name} at kernel v1"}


def test_a_unit_that_kills_its_reader_is_refused_and_the_others_are_read(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("udfs.spark.code.mapped", killed_by_units)
    files = {"a.py": "print(1)\n", "b.py": "print(2)\n"}
    manifest = World(tmp_path, {"sound": files, f"is-{DEADLY}": files, "too": {"c.py": "print(3)\n"}}).write()
    for run_id in ("first", "again"):
        ingest(Run(lake, run_id, ()), read_manifest(str(manifest)), Ingest())
        read = {(r["source_id"], r["path"]) for r in lake.read(RAW_FILES).collect()}
        assert read == {("sound", "a.py"), ("sound", "b.py"), ("too", "c.py")}
        (refused,) = lake.read(REJECTS).collect()
        assert (refused["source_id"], refused["path"], refused["reason"]) == (f"is-{DEADLY}", None, "killed_worker")
        assert "SIGABRT, 2 times alone; ingest at reader" in refused["detail"]
    assert lake.version(REJECTS.name) == 1, "what killed this reader is not tried again"
