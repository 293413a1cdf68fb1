"""Before a run: how long the files of a pinned version are safe."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from tests.training.test_data_made import append_log, rows, write
from training.data.exported import export
from training.data.opening import open_table
from training.data.readable import readable_until, seconds_of

DAY = 86_400.0


def table(tmp_path: Path, **properties: str) -> str:
    place = tmp_path / "t"
    write(place, rows("a", 3), configuration={f"delta.{name}": value for name, value in properties.items()})
    return write(place, rows("b", 3))


def test_files_of_the_newest_version_are_safe_for_one_retention(tmp_path: Path) -> None:
    pinned = open_table(table(tmp_path), 1)
    found = readable_until(pinned, 6 * DAY, now=1_000.0)
    assert (found.until, found.errors, found.warnings) == (1_000.0 + 7 * DAY, (), ())
    late = readable_until(pinned, 8 * DAY, now=1_000.0)
    assert "expected version 1 to be readable for 192.0 hours, found 168.0" in late.errors[0]


def test_the_tables_own_retention_counts(tmp_path: Path) -> None:
    pinned = open_table(table(tmp_path, deletedFileRetentionDuration="interval 30 days"), 1)
    assert readable_until(pinned, 29 * DAY).errors == ()


def test_removed_files_are_safe_for_what_is_left_of_it(tmp_path: Path) -> None:
    place = table(tmp_path)
    pinned = open_table(place, 1)
    DeltaTable(place).optimize.compact()
    now = time.time()
    found = readable_until(pinned, DAY, now=now + 5 * DAY)
    assert found.errors == () and "2 of the 2 files of version 1 are no longer in version 2" in found.warnings[0]
    assert found.until == pytest.approx(now + 7 * DAY, abs=60)
    late = readable_until(pinned, 3 * DAY, now=now + 5 * DAY)
    assert "2 of its files were removed by version 2" in late.errors[0]
    assert readable_until(open_table(place, 2), DAY, now=now + 5 * DAY).warnings == ()


def test_files_that_came_back_are_safe_again(tmp_path: Path) -> None:
    place = table(tmp_path)
    pinned = open_table(place, 1)
    write(tmp_path / "t", rows("c", 1), mode="overwrite")
    DeltaTable(place).restore(1)
    later = time.time() + 5 * DAY
    found = readable_until(pinned, 6 * DAY, now=later)
    assert (found.until, found.errors, found.warnings) == (later + 7 * DAY, (), ())


def test_a_cleaned_up_log_means_that_removed_files_may_go_at_any_time(tmp_path: Path) -> None:
    place = table(tmp_path)
    pinned = open_table(place, 1)
    DeltaTable(place).optimize.compact()
    DeltaTable(place).create_checkpoint()
    (tmp_path / "t" / "_delta_log" / f"{2:020d}.json").unlink()
    assert "expected version 1 to be readable for 1.0 hours, found 0.0" in readable_until(pinned, 3600).errors[0]


def test_a_log_kept_shorter_than_the_run_is_a_warning(tmp_path: Path) -> None:
    place = table(tmp_path, deletedFileRetentionDuration="interval 90 days")
    append_log(place, {"txn": {"appId": "x", "version": 1}})
    found = readable_until(open_table(place, 1), 40 * DAY)
    assert found.errors == () and "the log of version 1 is kept for 30 days, the run takes 40" in found.warnings[0]


def test_files_that_are_gone_or_cut_off_are_errors(tmp_path: Path) -> None:
    place = table(tmp_path)
    pinned = open_table(place, 1)
    gone, cut = (tmp_path / "t" / file.path for file in pinned.files)
    gone.unlink()
    cut.write_bytes(b"PAR1")
    first, second = readable_until(pinned, 60).errors
    assert gone.name in first and "found none; it was vacuumed" in first
    assert cut.name in second and "bytes, found 4" in second


def test_an_exported_list_is_safe_while_its_files_are_there(tmp_path: Path) -> None:
    listed = export(open_table(table(tmp_path), 1), tmp_path / "l")
    pinned = open_table(str(listed))
    assert readable_until(pinned, 900 * DAY).errors == ()
    (tmp_path / "l" / pinned.files[0].path).unlink()
    assert len(readable_until(pinned, 60).errors) == 1


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [
        ("interval 7 days", 7 * DAY),
        ("INTERVAL 1 week", 7 * DAY),
        ("interval 1 day 12 hours", 1.5 * DAY),
        ("30 days", 30 * DAY),
    ],
)
def test_intervals(interval: str, seconds: float) -> None:
    assert seconds_of(interval, "t") == seconds


@pytest.mark.parametrize("interval", ["", "soon", "interval 1 fortnight", "interval 7 days 1 moon"])
def test_intervals_that_are_none_are_refused(interval: str) -> None:
    with pytest.raises(ValueError, match="t: expected an interval"):
        seconds_of(interval, "t")
