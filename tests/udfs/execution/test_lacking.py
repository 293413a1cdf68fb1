"""Which languages cannot be run here, and why."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from udfs.execution.batches import Running, lacking_batches
from udfs.execution.languages import tools
from udfs.execution.programs import Limits


def lacking(how: Running, *names: str) -> list[dict[str, str]]:
    (found,) = lacking_batches(how, [pa.RecordBatch.from_pylist([{"language": name} for name in names])])
    return found.to_pylist()


def test_a_language_without_tools_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    how = Running("rlimits", Limits())
    assert lacking(how, "python") == []
    monkeypatch.setenv("PATH", str(tmp_path))
    tools.cache_clear()
    try:
        (row,) = lacking(how, "python", "rust")
    finally:
        tools.cache_clear()
    assert row["language"] == "rust" and row["why"].startswith("rust: found no rustc") and "apt-get" in row["why"]


def test_where_nothing_can_be_run_no_language_is_named(tmp_path: Path) -> None:
    (row,) = lacking(Running("rlimits", Limits(), libraries=(str(tmp_path / "nowhere"),)), "python", "rust")
    assert row["language"] == "" and "nowhere" in row["why"]
