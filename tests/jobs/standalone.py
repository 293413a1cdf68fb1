"""A real cluster on this machine: Spark's standalone master and its workers, in JVMs beside the driver's."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyspark

JARS = Path(pyspark.__file__).parent / "jars"
JAVA = str(Path(os.environ["JAVA_HOME"]) / "bin" / "java") if "JAVA_HOME" in os.environ else "java"


@dataclass
class Cluster:
    """The master's address and the processes of the workers, each with a core."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def standalone(folder: Path, workers: int = 1, memory: str = "700m") -> Iterator[Cluster]:
    started = [_start(folder, "master", "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")]
    try:
        address = _said(folder / "master.log", r"Starting Spark master at (spark://\S+)")
        place = ("--host", "127.0.0.1", "--webui-port", "0", "--work-dir", str(folder), "--cores", "1")
        names = [f"worker{n}" for n in range(workers)]
        started += [_start(folder, name, "worker.Worker", *place, "--memory", memory, address) for name in names]
        for name in names:
            _said(folder / f"{name}.log", r"(Successfully registered with master)")
        yield Cluster(address, started[1:])
    finally:
        for process in reversed(started):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)


def _start(folder: Path, name: str, kind: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [JAVA, "-Xmx256m", "-cp", f"{JARS}/*", f"org.apache.spark.deploy.{kind}", *arguments]
    settings = folder / "log4j2.properties"
    settings.write_text("rootLogger.level = info\nrootLogger.appenderRef.out.ref = out\nappender.out.type = Console\n"
                        "appender.out.name = out\nappender.out.layout.type = PatternLayout\n"
                        "appender.out.layout.pattern = %m%n\n")  # fmt: skip
    command.insert(1, f"-Dlog4j.configurationFile={settings}")
    opens = [p for n in ("java.nio", "java.lang", "java.util", "sun.nio.ch")
             for p in ("--add-opens", f"java.base/{n}=ALL-UNNAMED")]  # fmt: skip
    with (folder / f"{name}.log").open("wb") as log:
        env = os.environ | {"SPARK_HOME": str(JARS.parent), "SPARK_SCALA_VERSION": "2.13"}  # what an executor runs
        return subprocess.Popen([command[0], *opens, *command[1:]], env=env, stdout=log, stderr=subprocess.STDOUT)


def _said(log: Path, pattern: str, seconds: float = 120) -> str:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := re.search(pattern, log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.2)
    raise TimeoutError(f"{log}: expected {pattern}, found {log.read_text(errors='replace')[-2000:]}")
