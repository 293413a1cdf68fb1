"""Places of files that a command is to write: refused before any work, and left as they are by the looking."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jobs.cli import exit_code
from jobs.runtime.places import absolute, check_file
from udfs.tokens.tokenizer import TextTokenizer


def test_a_place_that_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    there = tmp_path / "there.html"
    there.write_text("before")
    for place in (str(there), str(tmp_path / "new.html"), str(tmp_path / "new/below.html"), "memory://a/b.html"):
        check_file(place)
    assert there.read_text() == "before" and os.listdir(tmp_path) == ["there.html"]


def test_a_place_that_cannot_be_written_is_refused_with_what_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("before")
    for place, found in (
        (str(tmp_path), "expected a file, or a place for one, found a folder; name a file in it"),
        (f"{tmp_path}/file/x/y", f"expected a place that can be written, found Not a directory at {tmp_path}/file; "),
        ("nothing://x", "expected a scheme that fsspec knows"),
    ):
        with pytest.raises(ValueError, match=r".") as refused:
            check_file(place)
        assert str(refused.value).startswith(f"{place}: {found}")
    with pytest.raises(ValueError, match="found an empty name"):
        absolute("")


@pytest.mark.parametrize("more", [[], ["--canaries", "1"]])
def test_a_warehouse_that_cannot_be_made_is_refused_before_a_source_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    (tmp_path / "file").write_text("before")
    (tmp_path / "sources.jsonl").write_text(json.dumps({"kind": "folder", "location": str(tmp_path)}))
    for place in ("file", "file/warehouse"):
        asked = ["--sources", str(tmp_path / "sources.jsonl"), "--warehouse", str(tmp_path / place), *more]
        assert exit_code(["run", *asked]) == 2
        error = capsys.readouterr().err
        assert f"{tmp_path}/{place}: expected a place that can be written, found Not a directory" in error
        assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["report", "data-report", "web report", "instruct report"])
def test_a_page_is_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    asked = [*command.split(), "--warehouse", str(tmp_path / "none"), "--to", str(tmp_path)]
    assert exit_code(asked) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path}: expected a file, or a place for one, found a folder" in error and error.count("\n") == 1


def test_tokens_of_no_corpus_write_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    TextTokenizer.train(["abc"], 300).save(tmp_path / "tokenizer")
    asked = ["--warehouse", str(tmp_path / "none"), "--tokenizer", str(tmp_path / "tokenizer")]
    assert exit_code(["tokens", *asked]) == 2
    error = capsys.readouterr().err
    assert "none: expected code_corpus, found none; run refinelake run first" in error and error.count("\n") == 1
    assert not (tmp_path / "none").exists()
