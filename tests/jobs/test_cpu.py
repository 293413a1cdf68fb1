"""CPU seconds of a stage: below this process on one machine, by Spark's REST interface on a cluster, else not known."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.runtime.cpu import stopwatch
from jobs.runtime.executors import executors
from tests.jobs.standalone import standalone

ROOT = Path(__file__).parents[2]
STAGES = [{"stageId": 1, "attemptId": 0, "executorCpuTime": 2_000_000_000}]


class Interface(BaseHTTPRequestHandler):
    """Answers as Spark's own does; `page` is what it says of the stages."""

    page = ""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/v1/applications/app-1/stages" else 404)
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, *words: Any) -> None: ...


@pytest.fixture
def interface(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Interface, "page", json.dumps(STAGES))
    server = HTTPServer(("127.0.0.1", 0), Interface)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def session_of(master: str, web: str | None) -> Any:
    return SimpleNamespace(sparkContext=SimpleNamespace(master=master, uiWebUrl=web, applicationId="app-1"))


def test_stages_are_added_up_and_those_that_spark_has_forgotten_stay(
    interface: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = executors(session_of("spark://m:7077", interface))
    assert far is not None and far() == 2.0
    spent = stopwatch(session_of("spark://m:7077", interface))
    later = [{"stageId": 2, "attemptId": n, "executorCpuTime": 50_000_000_000} for n in (0, 1)]
    monkeypatch.setattr(Interface, "page", json.dumps(later))
    seconds = spent()
    assert seconds is not None and 100 <= seconds < 110 and far() == 102.0


@pytest.mark.parametrize("page", ["<html>who are you?</html>", '{"a": 1}', '[{"stageId": 1}]'])
def test_an_interface_that_says_something_else_gives_no_number(
    interface: str, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setattr(Interface, "page", page)
    assert stopwatch(session_of("yarn", interface))() is None


class Connected:
    """A session of Spark Connect: it has no context, and says so by an error."""

    @property
    def sparkContext(self) -> Any:
        raise RuntimeError("[JVM_ATTRIBUTE_NOT_SUPPORTED]")


@pytest.mark.parametrize("spark", [Connected(), session_of("yarn", None), session_of("yarn", "http://127.0.0.1:9")])
def test_what_cannot_be_seen_is_not_known(spark: Any) -> None:
    assert stopwatch(spark)() is None


@pytest.mark.parametrize("master", ["local[2]", "local-cluster[2,1,1024]"])
def test_on_one_machine_all_of_it_is_below_this_process(master: str) -> None:
    spent = stopwatch(session_of(master, None))
    sum(n * n for n in range(1_000_000))
    seconds = spent()
    assert seconds is not None and 0.01 <= seconds < 60


PROGRAM = """
import sys
from pyspark.sql import SparkSession
from jobs.runtime.cpu import stopwatch
from jobs.runtime.executors import executors
settings = {"spark.driver.host": "127.0.0.1", "spark.executor.memory": "500m", "spark.driver.memory": "500m"}
builder = SparkSession.builder.master(sys.argv[1])
for name, value in settings.items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
spent, far = stopwatch(spark), executors(spark)
before = far()
spark.range(0, 40_000_000, 1, 1).selectExpr("sum(hash(id, id + 1, id + 2))").collect()
spark.range(10).repartition(2).count()
print("found", spent(), far() - before)
spark.stop()
"""


@pytest.mark.long
def test_a_real_cluster_s_tasks_are_counted(tmp_path: Path) -> None:
    """Spark's standalone master and worker: their executor is no child of the driver."""
    with standalone(tmp_path) as cluster:
        env = os.environ | {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        command = [sys.executable, "-c", PROGRAM, cluster.address]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert "found" in done.stdout, done.stderr[-3000:]
    whole, far = map(float, done.stdout.split()[-2:])
    assert far > 0.1 and whole > far, "the tasks' time, and the driver's"
