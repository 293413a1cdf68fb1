"""A real cluster on this machine: Spark's standalone master and one worker, in JVMs beside the driver's."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyspark

JARS = Path(pyspark.__file__).parent / "jars"
JAVA = str(Path(os.environ["JAVA_HOME"]) / "bin" / "java") if "JAVA_HOME" in os.environ else "java"


@contextmanager
def standalone(folder: Path) -> Iterator[str]:
    """The address of its master."""
    started = []
    try:
        started.append(_start(folder, "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0"))
        address = _said(folder / "master.Master.log", r"Starting Spark master at (spark://\S+)")
        place = ("--host", "127.0.0.1", "--webui-port", "0", "--work-dir", str(folder), "--cores", "1")
        started.append(_start(folder, "worker.Worker", *place, "--memory", "700m", address))
        _said(folder / "worker.Worker.log", r"(Successfully registered with master)")
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)


def _start(folder: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [JAVA, "-Xmx256m", "-cp", f"{JARS}/*", f"org.apache.spark.deploy.{name}", *arguments]
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
