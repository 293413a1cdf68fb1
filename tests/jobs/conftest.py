"""One run of the command line over the pinned tiny set, shared by the tests that look at what a user gets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jobs.cli import exit_code

ROOT = Path(__file__).parents[2]
README_RUN = "refinelake run --sources sources.jsonl --warehouse warehouse"


@dataclass(frozen=True)
class TinyRun:
    """Where the archives and the warehouse are, and what the run printed."""

    folder: Path
    archives: Path
    manifest: Path
    warehouse: Path
    output: str


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run an installed command (refinelake, spark-submit) as a user would."""
    program, *rest = arguments
    found = Path(sys.executable).with_name(program)
    env = os.environ | {"PATH": f"{found.parent}{os.pathsep}{os.environ['PATH']}", "PYSPARK_PYTHON": sys.executable}
    return subprocess.run([str(found), *rest], cwd=cwd, env=env, capture_output=True, text=True, timeout=800)


@dataclass(frozen=True)
class Said:
    """What a command gave back."""

    code: int
    out: str
    err: str


@pytest.fixture
def here(
    spark: object, tiny: TinyRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """`here("refinelake", ...)`: a command in the tiny run's folder, by its entry point and in the session that is
    open. A session of its own costs half a minute.
    """

    def run(program: str, *arguments: str) -> Said:
        assert program == "refinelake"
        capsys.readouterr()
        code = exit_code(list(arguments))
        return Said(code, *capsys.readouterr())

    monkeypatch.chdir(tiny.folder)
    return run


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyRun:
    """One run, as a user starts it. The files that ask for it are those of TINY in tests/conftest.py."""
    place, archives = tmp_path_factory.getbasetemp() / "tiny", ROOT / ".cache" / "tiny"
    return TinyRun(place, archives, archives / "sources.jsonl", place / "warehouse", _run_tiny(place))


def _run_tiny(folder: Path) -> str:
    """Fetch and run in a new folder that looks like a checkout. Returns what the run printed."""
    folder.mkdir()
    for name in ("jobs", "spark-defaults.conf"):
        (folder / name).symlink_to(ROOT / name)
    archives = ROOT / ".cache" / "tiny"
    fetched = command("refinelake", "fetch", "tiny", "--to", str(archives), cwd=folder)
    assert fetched.returncode == 0, fetched.stderr
    (folder / "sources.jsonl").symlink_to(archives / "sources.jsonl")
    run = command(*README_RUN.split(), "--report", "report.html", cwd=folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
