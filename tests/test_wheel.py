"""The wheel holds every module and every file that code reads beside itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
PACKAGES = ("jobs", "schemas", "training", "udfs")
SETTINGS = ("spark-defaults.conf", "spark-local.conf", "spark-s3.conf", "spark-cluster.conf")
BESIDE = ("Makefile", "setup.cfg", "pyproject.toml", "README.md", "LICENSE", "NOTICE", *SETTINGS)


def test_the_wheel_holds_every_tracked_file_of_the_packages(tmp_path: Path) -> None:
    """Built as the Makefile does, without the environment of the checkout, where older builds have left files."""
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES, *BESIDE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tracked = listed.stdout.split()
    for name in tracked:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for left in ("build/lib/jobs/gone.py", "dist/refinelake-0.0.1-py3-none-any.whl"):
        (tmp_path / left).parent.mkdir(parents=True)
        (tmp_path / left).touch()
    env = os.environ | {"PIP_NO_BUILD_ISOLATION": "0", "VENV": str(tmp_path / "none")}
    make = ["make", "wheel", f"PYTHON={sys.executable}"]
    done = subprocess.run(make, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / "none").exists()
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with ZipFile(wheel) as held:
        names = set(held.namelist())
    wanted = {n for n in tracked if n.split("/")[0] in PACKAGES and not n.endswith(".md")}
    assert sorted(wanted - names) == [] and "jobs/gone.py" not in names
    assert {n.rsplit("/", 1)[1] for n in names if "/share/refinelake/" in n} == set(SETTINGS)
