"""The wheel holds every module and every file that code reads beside itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
PACKAGES = ("jobs", "schemas", "training", "udfs")
SETTINGS = ("spark-defaults.conf", "spark-local.conf", "spark-s3.conf", "spark-cluster.conf")
BESIDE = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "NOTICE", *SETTINGS)


def test_the_wheel_holds_every_tracked_file_of_the_packages(tmp_path: Path) -> None:
    """Built in a folder of its own: a `build` left in the checkout would add files that are gone."""
    listed = subprocess.run(
        ["git", "ls-files", *PACKAGES, *BESIDE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tracked = listed.stdout.split()
    for name in tracked:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    made = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist")]
    done = subprocess.run([*made, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with ZipFile(wheel) as held:
        names = set(held.namelist())
    wanted = {n for n in tracked if n.split("/")[0] in PACKAGES and not n.endswith(".md")}
    assert sorted(wanted - names) == []
    assert {n.rsplit("/", 1)[1] for n in names if "/share/refinelake/" in n} == set(SETTINGS)
