"""A Spark Connect server on this machine, and `python -m tests.jobs.serverless COMMAND ... --then ...`: commands of
refinelake in a session that refuses what Databricks' serverless compute refuses, as its pages say.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import pyspark
import pytest
from pyspark.errors import AnalysisException

from jobs.cli import exit_code
from jobs.runtime import class_archive
from jobs.runtime.session import local_settings

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "spark.databricks.execution.timeout",
    "spark.sql.ansi.enabled",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.legacy.timeParserPolicy",
    "spark.sql.session.timeZone",
    "spark.sql.shuffle.partitions",
}
"""All that a session may set there."""
_WORKERS = """
import socket

def _refused(self, address, connect=socket.socket.connect):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "localhost", "::1"):
        raise OSError(f"{address}: no network inside of a function")
    return connect(self, address)

socket.socket.connect = _refused
"""
"""For every Python process of the server: a function reaches Spark, and nothing else."""
_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"


def _refuse(what: str) -> NoReturn:
    raise AnalysisException(f"[NOT_SUPPORTED_WITH_SERVERLESS] {what} is not supported on serverless compute")


def guard(patch: pytest.MonkeyPatch) -> None:
    """What the service refuses, at the client."""
    from pyspark.sql.connect.conf import RuntimeConf
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession as Session

    def only_known(what: Any) -> Any:
        def asked(self: Any, key: str, *more: Any) -> Any:
            ours = not sys._getframe(1).f_globals["__name__"].startswith("pyspark.")
            if ours and key not in SETTINGS:
                raise AnalysisException(f"[CONFIG_NOT_AVAILABLE] Configuration {key} is not available")
            return what(self, key, *more)

        return asked

    shown = RuntimeConf.get
    auto = lambda self, key, *more: "auto" if key.endswith("shuffle.partitions") else shown(self, key, *more)  # noqa: E731
    for name, what in (("set", RuntimeConf.set), ("unset", RuntimeConf.unset), ("get", auto)):
        patch.setattr(RuntimeConf, name, only_known(what))
    for name in ("persist", "cache", "unpersist", "checkpoint", "localCheckpoint", "createGlobalTempView"):
        patch.setattr(DataFrame, name, lambda *_, name=name, **__: _refuse(name))
    spoken = Session.sql

    def sql(self: Any, text: str, *more: Any, **rows: Any) -> Any:
        if re.match(r"\s*(SET|RESET|CACHE|UNCACHE)\b", text, re.I):
            _refuse(text)
        return spoken(self, text, *more, **rows)

    patch.setattr(Session, "sql", sql)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The address of a server whose catalog keeps its tables below `folder`, in `managed`."""
    (folder / "workers").mkdir(parents=True)
    (folder / "workers" / "sitecustomize.py").write_text(_WORKERS)
    port = 15900 + os.getpid() % 900
    conf = class_archive.use(local_settings()) | {"spark.sql.warehouse.dir": str(folder / "managed")}
    conf |= {"spark.connect.grpc.binding.address": "127.0.0.1", "spark.connect.grpc.binding.port": str(port)}
    (folder / "server.conf").write_text("".join(f"{key} {value}\n" for key, value in conf.items()))
    home = Path(pyspark.__file__).parent
    command = [home / "bin" / "spark-submit", "--class", _CLASS, "--properties-file", folder / "server.conf"]
    env = os.environ | {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    env["PYTHONPATH"] = os.pathsep.join([str(folder / "workers"), str(ROOT)])
    with (folder / "server.log").open("wb") as log:
        started = subprocess.Popen([*command, "spark-internal"], env=env, cwd=folder, stdout=log, stderr=log)
        try:
            _said(started, folder / "server.log", "Spark Connect server started at")
            yield f"sc://127.0.0.1:{port}"
        finally:
            started.terminate()
            with suppress(subprocess.TimeoutExpired):
                started.wait(20)
            started.kill()


def refinelake(address: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Commands, one `--then` the other, in a process and a session of their own."""
    return python(address, "tests.jobs.serverless", *words)


def python(address: str, module: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYSPARK", "SPARK"))}
    more = {"SPARK_REMOTE": address, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, env=env | more, cwd=ROOT, capture_output=True, text=True, timeout=600)


def _said(server: subprocess.Popen[bytes], log: Path, words: str, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while words not in log.read_text(errors="replace"):
        if time.monotonic() > until or server.poll() is not None:
            raise TimeoutError(f"{log}: expected {words}, found {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        guard(patch)
        asked = " ".join(sys.argv[1:]).split(" --then ")
        sys.exit(next((code for words in asked if (code := exit_code(words.split()))), 0))
