"""README stays true: its commands run, its links lead somewhere, its numbers are those of the code."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import training.commands
from jobs import cli
from jobs.cli import COMMANDS
from jobs.commands import docs
from jobs.corpora import load_set
from tests.jobs.conftest import README_RUN, Said, TinyRun, command
from tests.training.runs import FIXTURES, TOKENIZER
from training.recipes import RECIPES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()]
TRAINING = [line for line in SHELL if line.split()[1] in training.commands.COMMANDS]
"""Run by a test of their own: in order, in this process, and on committed tables instead of a warehouse."""
PACK = "refinelake pack --to dist/cluster"
SUBMIT = (
    "spark-submit --master spark://HOST:7077 --properties-file dist/cluster/cluster.conf jobs/submit.py run "
    "--sources sources.jsonl --warehouse warehouse"
)
"""Run by test_cluster.py."""
SMALL = {
    "pretrain": ("batch.size=8", "batch.length=64", "batch.micro=4", "duration.steps=4", "rate.warmup=1"),
    "anneal": ("batch.size=8", "batch.length=64", "batch.micro=4", "duration.steps=2"),
    "sft1": ("batch.size=16", "batch.length=256", "batch.micro=8"),
}


def test_readme_shows_the_commands_that_other_tests_run() -> None:
    assert {README_RUN, PACK, SUBMIT} <= set(SHELL)


@pytest.mark.parametrize("line", [line for line in SHELL if line not in (README_RUN, PACK, SUBMIT, *TRAINING)])
def test_a_command_of_readme_runs(here: Callable[..., Said], tiny: TinyRun, line: str) -> None:
    """In a folder that holds what the reader has there: a checkout's files, a manifest and a warehouse."""
    if line.startswith("refinelake"):
        said = here(*line.split())
        assert said.code == 0, said.out + said.err
        assert said.out.strip()
    else:
        done = command(*line.split(), cwd=tiny.folder)
        assert done.returncode == 0 and done.stdout.strip(), done.stdout + done.stderr


def test_the_training_commands_of_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As they stand there, with the smallest model, few steps and two tasks; every command of the half is shown."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "warehouse").mkdir()
    tables = {"pretrain_tokens": "documents", "sft_tokens": "rows"}
    for line in TRAINING:
        for table, folder in tables.items():
            line = line.replace(f"warehouse/{table}", str(FIXTURES / folder / "files.json"))
        line = line.replace("--tokenizer tokenizer", f"--tokenizer {TOKENIZER}").replace("toy", "tiny")
        _, *words = line.replace("$CONTENT_ID", "0" * 64).split()
        if words[0] == "train":
            words += [word for setting in SMALL.get(words[1], ()) for word in ("--set", setting)]
        if words[0] == "evaluate":
            words += ["--tasks", "2", "--most-tokens", "8"]
        monkeypatch.setattr("sys.argv", ["refinelake", *words])
        assert cli.exit_code() == 0, line + capsys.readouterr().err
        assert capsys.readouterr().out.strip(), line
    assert (tmp_path / "training.html").exists() and (tmp_path / "runs" / "model" / "model.safetensors").exists()
    assert {line.split()[1] for line in TRAINING} == set(training.commands.COMMANDS)
    assert [name for name in RECIPES if f"`{name}`" not in README] == []


@pytest.mark.parametrize(
    "target", ["run", "model", "test", "help", "lint", "golden", "bench", "bundle", "wheel", "setup", "docs"]
)
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
