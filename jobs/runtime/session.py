"""The Spark session. Settings live in spark-defaults.conf and spark-local.conf; code sets none."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

_SUBMITTED = ("PYSPARK_GATEWAY_PORT", "SPARK_CONNECT_MODE_ENABLED", "DATABRICKS_RUNTIME_VERSION", "SPARK_REMOTE")


def session() -> SparkSession:
    """The session that a cluster gave us, else a local one with the two settings files laid over each other.

    REFINELAKE_SPARK_CONF may name one more file of settings, laid over both (tests, a smaller machine).
    """
    if SparkSession.getActiveSession() is None and not any(v in os.environ for v in _SUBMITTED):
        _prepare_local()
    return SparkSession.builder.appName("refinelake").getOrCreate()


def _prepare_local() -> None:
    files = [settings_file("spark-defaults.conf"), settings_file("spark-local.conf")]
    if extra := os.environ.get("REFINELAKE_SPARK_CONF"):
        files.append(Path(extra))
    merged: dict[str, str] = {}
    for file in files:
        merged |= read_settings(file)
    with tempfile.NamedTemporaryFile("w", prefix="refinelake-", suffix=".conf", delete=False) as out:
        out.writelines(f"{k} {v}\n" for k, v in merged.items())
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
