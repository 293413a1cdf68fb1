"""The settings of a local session."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from jobs.runtime import session


def test_spark_makes_no_folder_where_a_command_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its catalog in memory makes a folder for a warehouse that nothing is ever written to."""
    for name in ("PYSPARK_SUBMIT_ARGS", "PYSPARK_PYTHON", "SPARK_LOCAL_IP", "OMP_NUM_THREADS", "REFINELAKE_SPARK_CONF"):
        monkeypatch.setenv(name, "")  # put back afterwards, whatever is set
    session._prepare_local(())
    settings = session.read_settings(Path(os.environ["PYSPARK_SUBMIT_ARGS"].split()[1]))
    assert Path(settings["spark.sql.warehouse.dir"]).parent == Path(tempfile.gettempdir())
