"""What was removed is trained on by nobody any more, and the runs that have read it can be named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from schemas.ops import RELEASES, TRAININGS
from training.data.delta import open_delta, version_of
from training.data.telling import tell


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A table with two versions, of which the first was withdrawn with its release."""
    for number in (1, 2):
        write_deltalake(str(tmp_path / "pretrain_tokens"), pa.table({"n": [number]}), mode="overwrite")
    now = datetime.now(UTC)
    rows = [
        {
            "release_id": 1,
            "run_id": "a",
            "tables": [("pretrain_tokens", 0)],
            "withdrawn": "removal 1",
            "created_at": now,
        },
        {"release_id": 2, "run_id": "b", "tables": [("pretrain_tokens", 1)], "withdrawn": None, "created_at": now},
    ]
    write_deltalake(str(tmp_path / "releases"), pa.Table.from_pylist(rows, RELEASES.arrow_schema()))
    return tmp_path


def test_a_withdrawn_release_is_read_by_no_name_and_by_no_version(warehouse: Path) -> None:
    place = str(warehouse / "pretrain_tokens")
    assert version_of(place, None) == version_of(place, 2) == 1
    for ask in (lambda: version_of(place, 1), lambda: open_delta(place, 0, "leave_out")):
        with pytest.raises(ValueError, match="withdrawn: removal 1"):
            ask()
    with pytest.raises(ValueError, match="columns"):  # the version is read, and is no token table
        open_delta(place, 1, "leave_out")


def test_a_run_is_noted_once_where_there_is_a_warehouse(
    warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    alone = tmp_path_factory.mktemp("alone") / "tokens"
    write_deltalake(str(alone), pa.table({"n": [1]}))
    for _ in range(2):
        tell(Path("/runs/a"), "pretrain", [(str(warehouse / "pretrain_tokens"), 1), (str(alone), 0)])
    noted = DeltaTable(str(warehouse / "trainings")).to_pyarrow_table().to_pylist()
    assert [(r["folder"], r["phase"], r["table_name"], r["version"]) for r in noted] == [
        ("/runs/a", "pretrain", "pretrain_tokens", 1)
    ]
    assert not (alone.parent / "trainings").exists()
    assert [f.name for f in DeltaTable(str(warehouse / "trainings")).schema().fields] == list(TRAININGS.names)


def test_a_warehouse_that_cannot_be_written_is_a_warning(warehouse: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (warehouse / "trainings").write_text("a file where a table would be")
    tell(Path("/runs/a"), "sft", [(str(warehouse / "pretrain_tokens"), 1)])
    assert "a removal cannot name the run" in capsys.readouterr().err
