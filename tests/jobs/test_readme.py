"""README stays true: its commands run, its links lead somewhere, its numbers are those of the code."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from jobs.runtime.cli import COMMANDS
from jobs.runtime.commands import docs
from jobs.runtime.corpora import load_set
from jobs.runtime.flows import FLOWS
from tests.jobs.conftest import README_RUN, TinyRun, command

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()]


def test_the_run_of_readme_is_the_one_that_the_end_to_end_test_repeats() -> None:
    assert README_RUN in SHELL


@pytest.mark.parametrize("line", [line for line in SHELL if line != README_RUN])
def test_a_command_of_readme_runs(tiny: TinyRun, line: str) -> None:
    """In a folder that holds what the reader has there: a checkout's files, a manifest and a warehouse."""
    done = command(*line.split(), cwd=tiny.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("target", ["run", "test", "help", "lint", "golden", "bench", "wheel", "setup", "docs"])
def test_make_knows_the_targets_that_are_named(target: str) -> None:
    done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_readme_counts_what_there_is() -> None:
    from udfs.signals import all_signals, path_signals

    assert f"fetches {len(load_set('demo'))} pinned packages" in README
    assert f"measure {len(all_signals()) + len(path_signals())} quality signals" in README


def test_every_command_is_shown_in_readme_or_changelog() -> None:
    shown = README + (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if name not in shown] == []


def test_generated_pages_are_up_to_date() -> None:
    stale = [n for n, text in docs.pages().items() if (ROOT / n).read_text(encoding="utf-8") != text]
    assert stale == [], "run refinelake docs"


def test_the_bundle_runs_the_command_of_each_flow_in_their_order() -> None:
    bundle = yaml.safe_load((ROOT / "databricks.yml").read_text(encoding="utf-8"))
    tasks = bundle["resources"]["jobs"]["nightly"]["tasks"]
    wheels = [task["python_wheel_task"] for task in tasks]
    assert [f"{wheel['entry_point']} {wheel['parameters'][0]}" for wheel in wheels] == [flow.command for flow in FLOWS]
    for before, task in pairwise(tasks):
        assert task["depends_on"] == [{"task_key": before["task_key"]}]
    given = {value[6:-1] for wheel in wheels for value in wheel["parameters"] if value.startswith("${var.")}
    assert given == set(bundle["variables"])
    assert "refinelake = jobs.runtime.cli:main" in (ROOT / "setup.cfg").read_text(encoding="utf-8")
