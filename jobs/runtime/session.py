"""The Spark session. Settings live in spark-defaults.conf and spark-local.conf; code sets none."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from jobs.runtime import class_archive, workers
from jobs.runtime.places import scheme

LOG = Path(tempfile.gettempdir()) / f"refinelake-spark-{os.getpid()}.log"
"""Where a local session's JVM and Python workers write their log."""

_SUBMITTED = ("PYSPARK_GATEWAY_PORT", "SPARK_CONNECT_MODE_ENABLED", "DATABRICKS_RUNTIME_VERSION", "SPARK_REMOTE")


_S3 = ("s3", "s3a")
_CLUSTERS = ("spark://", "yarn", "k8s://")
"""Masters whose workers have what was submitted, and no more."""


def session(*places: str) -> SparkSession:
    """The session that a cluster gave us, else a local one with the settings files laid over each other: the two, what
    the `places` (warehouse, staging) need where one is in S3, and the file that REFINELAKE_SPARK_CONF may name (tests,
    a smaller machine).
    """
    if SparkSession.getActiveSession() is not None or _given():
        given = SparkSession.builder.appName("refinelake").getOrCreate()
        if _has_workers(given):
            workers.check(given)
        return given
    _prepare_local(class_archive.use(local_settings(*places)))
    # Where the JVM dies, py4j logs its own traceback on the root logger before it raises: the error itself is enough.
    logging.getLogger().addFilter(lambda record: record.msg != "Exception while sending command.")
    with _noise_to(LOG):
        return SparkSession.builder.appName("refinelake").getOrCreate()


def _has_workers(spark: SparkSession) -> bool:
    return setting(spark, "spark.master").startswith(_CLUSTERS)


def check_workers(spark: SparkSession, extras: tuple[str, ...]) -> None:
    """Raises WorkerError where the workers of a cluster lack what extras of refinelake bring."""
    if extras and _has_workers(spark):
        workers.check_extras(spark, extras)


def alone(spark: SparkSession | None = None) -> bool:
    """Whether the session, or the one that would be started, is this machine's: what Spark reaches we reach too."""
    if _given() or type(spark).__module__.startswith("pyspark.sql.connect"):
        return False
    master = local_settings().get("spark.master", "") if spark is None else spark.conf.get("spark.master", "")
    return str(master).startswith("local")


def setting(spark: SparkSession, key: str) -> str:
    """A setting of a session, empty where there is none: serverless compute refuses to tell most of them."""
    try:
        return str(spark.conf.get(key, ""))
    except PySparkException:
        return ""


def shuffle_tasks(spark: SparkSession) -> int:
    """How many tasks a shuffle has; Spark's own number where the platform decides (`auto`)."""
    said = setting(spark, "spark.sql.shuffle.partitions")
    return int(said) if said.isdecimal() else 200


def _given() -> bool:
    """Whether a cluster, a notebook or a Connect server gave us the session."""
    return any(v in os.environ for v in _SUBMITTED)


@contextmanager
def _noise_to(log: Path) -> Iterator[None]:
    """Start the JVM with its standard output and error in a file: they would bury what a run says.

    On failure the end of that file is shown, with its name.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = {stream: os.dup(stream) for stream in (1, 2)}
    with log.open("wb") as out:
        for stream in kept:
            os.dup2(out.fileno(), stream)
    try:
        yield
    except Exception as e:
        said = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise RuntimeError(f"Spark: expected a session, found {type(e).__name__}; the end of {log}:\n{said}") from e
    finally:
        for stream, before in kept.items():
            os.dup2(before, stream)
            os.close(before)


def local_settings(*places: str) -> dict[str, str]:
    """The settings of a local session that is to reach the places."""
    files = [settings_file("spark-defaults.conf"), settings_file("spark-local.conf")]
    if any(scheme(place) in _S3 for place in places):
        files.append(settings_file("spark-s3.conf"))
    if extra := os.environ.get("REFINELAKE_SPARK_CONF"):
        files.append(Path(extra))
    # Spark makes the folder of its own catalog, which stays empty, where the command runs.
    merged = {"spark.sql.warehouse.dir": str(Path(tempfile.gettempdir(), "refinelake-spark-warehouse"))}
    for file in files:
        merged |= read_settings(file)
    return merged


def _prepare_local(settings: dict[str, str]) -> None:
    with tempfile.NamedTemporaryFile("w", prefix="refinelake-", suffix=".conf", delete=False) as out:
        out.writelines(f"{k} {v}\n" for k, v in settings.items())
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--properties-file {out.name} pyspark-shell"
    # Workers must run the interpreter that has our packages; a virtual environment need not be activated.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # One thread per task in numeric libraries: Spark already runs a task per core.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def settings_file(name: str) -> Path:
    """A settings file of the checkout, else the one installed with the wheel. Raises FileNotFoundError naming both."""
    places = [Path(__file__).parents[2] / name, Path(sys.prefix) / "share" / "refinelake" / name]
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(f"{name}: expected at {places[0]} or {places[1]}, found at neither; reinstall refinelake")


def read_settings(file: Path) -> dict[str, str]:
    """Key and value of each line of a Spark properties file."""
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.split(None, 1) for line in lines if line and not line.startswith("#"))
    return {key: value.strip() for key, value in pairs}
