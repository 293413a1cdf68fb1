"""One run of the command line over the pinned tiny set, shared by the tests that look at what a user gets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

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


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyRun]:
    """One run for all workers of pytest-xdist: the first module makes it, and one module at a time has it to itself."""
    own = tmp_path_factory.getbasetemp()
    place = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "tiny"
    archives = ROOT / ".cache" / "tiny"
    with FileLock(f"{place}.lock"):
        printed = place / "printed.txt"
        if not printed.exists():
            printed.write_text(_run_tiny(place), encoding="utf-8")
        said = printed.read_text(encoding="utf-8")
        yield TinyRun(place, archives, archives / "sources.jsonl", place / "warehouse", said)


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
