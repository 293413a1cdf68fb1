# ruff: noqa: E501 (programs stand as they are run)
"""Levels are tried, not looked up, and nothing is run below the one that was asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.udfs.execution.conftest import SMALL
from udfs.execution import levels
from udfs.execution.programs import LEVELS, Program, Test
from udfs.execution.running import Runner

PATH = Path(__file__).parents[3]


def asked(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which probes anew."""
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PATH), **environment}
    return subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=False)


def test_rlimits_hold_wherever_the_tests_run() -> None:
    assert levels.probed()["rlimits"] == ""


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
def test_a_level_whose_tool_is_there_but_does_nothing_does_not_hold(tmp_path: Path) -> None:
    """A bwrap that only runs the command: every wall is missing, and the probe sees each."""
    fake = tmp_path / "bwrap"
    fake.write_text('#!/bin/bash\nwhile [ "$1" != -- ]; do [ "$1" = --bind ] && p=$2; [ "$1" = --ro-bind ] && [ "$3" = /box/program ] && p=$2; shift; done\nshift\n[ "$1" = setpriv ] && while [ "$1" != -- ]; do shift; done && shift\ncd "$p/../work" && exec "$1" "$p/probe.sh" "${@:3}"\n')  # fmt: skip
    fake.chmod(0o755)
    ran = asked("from udfs.execution.levels import probed; print(probed()['bubblewrap'])", PATH=f"{tmp_path}:{os.environ['PATH']}")  # fmt: skip
    for said in (
        "expected own network, found it not",
        "expected own processes, found it not",
        "a program reads outside",
    ):
        assert said in ran.stdout, ran


def test_a_level_whose_tool_is_missing_does_not_hold_and_is_refused(tmp_path: Path) -> None:
    for tool in ("sh", "cat", "grep", "cut", "tail", "tr"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    code = "from udfs.execution.running import Runner\nprint(Runner().level)\nRunner(need='bubblewrap')"
    ran = asked(code, PATH=str(tmp_path))
    assert ran.stdout.strip() in ("rlimits", "landlock")
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith("ValueError: isolation: expected bubblewrap or better, found ")
    assert "install Debian's package bubblewrap" in last and "bwrap" in last


def test_nothing_runs_below_its_need(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"rlimits": "", "landlock": "", "bubblewrap": "broken"}
    monkeypatch.setattr(levels, "probed", lambda: found)
    assert levels.strongest() == levels.strongest("landlock") == "landlock"
    with pytest.raises(ValueError, match=r"expected bubblewrap or better, found landlock .bubblewrap: broken."):
        Runner("bubblewrap")
    with pytest.raises(ValueError, match="expected landlock or better"):
        Runner("landlock", level="rlimits")
    with pytest.raises(ValueError, match="isolation docker: expected one of rlimits, landlock, bubblewrap"):
        Runner("docker")


def test_the_level_stands_in_the_result(runner: Runner) -> None:
    result = runner.run(Program("python", "pass"))
    assert result.level == runner.level and result.level in LEVELS and result.passed


def test_runs_at_once_do_not_see_each_other(runner: Runner) -> None:
    program = (
        "import os, time\nopen('mine', 'w').write(str(os.getpid()))\ntime.sleep(0.3)\nassert os.listdir() == ['mine']"
    )
    results = runner.run_all([Program("python", program, (Test("t", "assert open('mine').read()"),))] * 6, workers=6)
    assert [r.detail for r in results if not r.passed] == []
    assert SMALL.processes > 6
