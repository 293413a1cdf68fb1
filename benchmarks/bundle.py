"""python -m benchmarks.bundle: the training benchmark for a GPU machine without network, as one folder.

    make bundle                                              (dist/bundle, for Python 3.12)
    python -m benchmarks.bundle --to dist/bundle --python 3.12

Copy the folder and run `python3 run.py` in it, with the Python that has PyTorch: run.py takes of the wheels what that
Python lacks, changes nothing of it, and starts benchmarks.train. In it are the versions that are installed here, of
all that the benchmark needs but PyTorch itself. DeepSpeed, which has no wheel anywhere, is built without its kernels.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
ROOTS = ("deepspeed", "transformers", "pyarrow", "filelock")
THERE = ("torch", "numpy")
"""What every image with PyTorch has."""
SOURCES = ("schemas", "udfs", "training", "benchmarks")
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bundle", description=(__doc__ or "").partition(": ")[2])
    parser.add_argument("--to", default="dist/bundle", metavar="DIR", help="folder to write (dist/bundle)")
    parser.add_argument("--python", default="3.12", metavar="X.Y", help="the GPU machine's Python (3.12)")
    parser.add_argument(
        "--without", action="append", default=[], metavar="NAME", help="what the machine has: pyarrow is 55 MB of 90"
    )
    args = parser.parse_args()
    to = Path(args.to)
    if not re.fullmatch(r"3\.\d+", args.python):
        parser.error(f"--python: expected a version as 3.12, found {args.python}")
    shutil.rmtree(to, ignore_errors=True)
    (to / "wheels").mkdir(parents=True)
    for name in (names := needed(args.python, args.without)):
        fetch(name, to / "wheels", args.python)
    copy_sources(to / "source")
    shutil.copy(ROOT / "benchmarks" / "bundled.py", to / "run.py")
    size = sum(file.stat().st_size for file in to.rglob("*") if file.is_file())
    print(f"{to}: {len(names)} wheels for Python {args.python}, {size / 1e6:.0f} MB; there: python3 run.py")
    return 0


def needed(python: str, without: Iterable[str] = ()) -> list[str]:
    """The roots and what they require, by name, but for what is there. Sorted. Raises ValueError."""
    there = {*THERE, *map(canonical, without)}
    found: set[str] = set()
    waiting = list(ROOTS)
    environment = {"python_version": python, "sys_platform": "linux", "platform_machine": "x86_64", "extra": ""}
    while waiting:
        name = canonical(waiting.pop())
        if name in found or name in there:
            continue
        try:
            listed = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            raise ValueError(f"{name}: expected it to be installed here, found it is not; run make setup") from None
        found.add(name)
        waiting += [r.name for r in listed if r.marker is None or r.marker.evaluate(environment)]
    return sorted(found)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def fetch(name: str, to: Path, python: str) -> None:
    """The wheel of the version that is installed here: fetched, or built where there is none. Raises ValueError."""
    pinned = f"{name}=={version(name)}"
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    given = ["--no-deps", "--only-binary", ":all:", "--python-version", python, *platforms, "-d", str(to), pinned]
    done = subprocess.run([*pip, "download", *given], capture_output=True, text=True)
    if done.returncode == 0:
        return
    # Built with the PyTorch of this environment, which DeepSpeed's set-up asks for its version. No kernel is compiled.
    env = {**os.environ, "DS_BUILD_OPS": "0", "DS_BUILD_STRING": ""}
    given = ["--no-deps", "--no-build-isolation", "-w", str(to), pinned]
    built = subprocess.run([*pip, "wheel", *given], capture_output=True, text=True, env=env)
    made = list(to.glob(f"{name.replace('-', '_')}-*.whl"))
    if built.returncode or not made or not made[0].name.endswith("-none-any.whl"):
        said = (built.stderr or done.stderr).strip().splitlines()[-1:]
        raise ValueError(f"{pinned}: expected a wheel for Python {python}, found none ({' '.join(said)})")


def copy_sources(to: Path) -> None:
    """The project's packages that the benchmark imports, tracked files or not, without caches."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ValueError as error:
        print(f"benchmarks.bundle: {error}", file=sys.stderr)
        sys.exit(2)
