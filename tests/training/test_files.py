"""Folders that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.files import whole_folder


def test_a_folder_is_there_when_it_is_whole_and_replaces_what_was_there(tmp_path: Path) -> None:
    to = tmp_path / "to"
    for text in ("one", "two"):
        with whole_folder(to) as aside:
            (aside / "sub").mkdir()
            (aside / "sub" / text).write_text(text)
            assert not (to / "sub" / text).exists()
        assert [p.name for p in to.rglob("*")] == ["sub", text]
    assert [p.name for p in tmp_path.iterdir()] == ["to"]


def test_an_error_leaves_what_was_there_and_nothing_of_the_new(tmp_path: Path) -> None:
    to = tmp_path / "to"
    with whole_folder(to) as aside:
        (aside / "a").write_text("a")
    with pytest.raises(OSError, match="full"), whole_folder(to) as aside:
        (aside / "b").write_text("b")
        raise OSError("full")
    assert [p.name for p in to.iterdir()] == ["a"] and [p.name for p in tmp_path.iterdir()] == ["to"]


def test_what_a_kill_left_aside_is_no_part_of_the_next(tmp_path: Path) -> None:
    (tmp_path / ".to.writing").mkdir()
    (tmp_path / ".to.writing" / "half").write_text("half")
    with whole_folder(tmp_path / "to") as aside:
        (aside / "a").write_text("a")
    assert [p.name for p in (tmp_path / "to").iterdir()] == ["a"] and [p.name for p in tmp_path.iterdir()] == ["to"]
