"""The settings of a local session."""

from __future__ import annotations

import tempfile
from pathlib import Path

from jobs.runtime.session import local_settings


def test_spark_makes_no_folder_where_a_command_runs() -> None:
    """Its catalog in memory makes a folder for a warehouse that nothing is ever written to."""
    assert Path(local_settings()["spark.sql.warehouse.dir"]).parent == Path(tempfile.gettempdir())
