"""doctor --languages: what programs may be written in here, and how they are kept in."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.cli import exit_code
from udfs.execution import languages, levels


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert exit_code(["doctor", *words]) == 0
    return capsys.readouterr().out


def test_languages_and_levels_are_listed_without_spark(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.commands.doctor._session", lambda *_: pytest.fail("started Spark"))
    lines = said(capsys, "--languages").splitlines()
    assert "isolation rlimits: holds" in lines
    assert any(line.startswith("python: Python 3.") for line in lines)
    assert {line.split(":")[0] for line in lines} >= set(languages.languages())


def test_what_is_missing_is_named_with_what_brings_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(levels, "probed", lambda: {"rlimits": "", "bubblewrap": "no bwrap"})
    monkeypatch.setenv("PATH", str(tmp_path))
    languages.tools.cache_clear()
    try:
        lines = said(capsys, "--languages").splitlines()
    finally:
        languages.tools.cache_clear()
    assert lines[:2] == ["isolation rlimits: holds", "isolation bubblewrap: does not hold here: no bwrap"]
    assert "ruby: found no ruby; apt-get install ruby" in lines
    assert lines[-1].startswith("all of them: apt-get install ") and " php-cli " in lines[-1]
