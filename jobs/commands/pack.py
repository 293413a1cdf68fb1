"""refinelake pack: this environment as an archive for a cluster's workers, Delta's JARs, and settings for spark-submit.

The archive holds what the project requires, in the versions that run here, and no Spark, which the cluster has. Its
interpreter is a link: workers need the same Python at the same place, as they do for every such archive.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import tarfile
import tempfile
import venv
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from jobs.runtime.requirements import normal
from schemas.identity import PROJECT

_OPTIONAL = ("compat",)
"""Beside what flows need and what object stores need: what a parameter may ask of a kernel."""
_ARCHIVE, _SETTINGS = "env.tar.gz", "cluster.conf"


class PackError(ValueError):
    """This environment lacks what is to be packed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="FOLDER", default="dist/cluster", help="folder (default: %(default)s)")


def work(args: argparse.Namespace) -> int:
    from jobs.runtime.places import made_folder

    to = made_folder(args.to)
    extras, lacking = _extras()
    found = sorted(_required("refinelake", tuple(extras)), key=lambda d: d.name.lower())
    with tempfile.TemporaryDirectory(prefix="refinelake-pack-") as scratch:
        _write_archive(to / _ARCHIVE, Path(scratch), found)
    jars = _copy_jars(to / "jars")
    settings = _settings(to, jars)
    (to / _SETTINGS).write_text("".join(f"{key} {value}\n" for key, value in settings.items()), encoding="utf-8")
    size = (to / _ARCHIVE).stat().st_size / 1e6
    named = f"refinelake[{','.join(extras)}]"
    print(f"{to / _ARCHIVE}: {named} and {len(found)} packages for Python {_python()}, {size:.0f} MB")
    for extra, package in lacking.items():
        print(f"  without {extra}: {package} is not here; pip install 'refinelake[{extra}]' before for workers with it")
    print(f"{to / _SETTINGS}: settings; Delta {'from jars/' if jars else 'from Maven, at each submit'}")
    print(f"spark-submit --master URL --properties-file {to / _SETTINGS} {_submit()} run --sources ... --warehouse ...")
    return 0


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def _submit() -> Path:
    import jobs

    return Path(jobs.__path__[0]) / "submit.py"


def _extras() -> tuple[list[str], dict[str, str]]:
    """The extras that workers may need and that are here as a whole, and what the others lack."""
    from jobs.flows import FLOWS
    from jobs.runtime.places import EXTRAS

    wanted = dict.fromkeys([f.extra for f in FLOWS if f.extra] + [*EXTRAS.values(), *_OPTIONAL])
    whole, lacking = [], {}
    for extra in wanted:
        try:
            _required("refinelake", (extra,))
            whole.append(extra)
        except PackError as e:
            lacking[extra] = str(e).partition(":")[0]
    return whole, lacking


def _required(name: str, extras: tuple[str, ...] = ()) -> list[Distribution]:
    """The distributions that one needs, at any depth, itself aside. Raises PackError for one that is not here."""
    from packaging.requirements import Requirement

    found: dict[str, Distribution] = {}
    waiting = [(name, extras)]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            here = distribution(name)
        except PackageNotFoundError as e:
            raise PackError(f"{name}: expected in this environment, found none; install refinelake") from e
        found[normal(here.name)] = here
        for line in here.requires or ():
            wanted = Requirement(line)
            if wanted.marker is None or any(wanted.marker.evaluate({"extra": e}) for e in ("", *extras)):
                waiting.append((wanted.name, tuple(sorted(wanted.extras))))
    return [d for key, d in found.items() if key != "refinelake"]


def _write_archive(to: Path, scratch: Path, found: list[Distribution]) -> None:
    env = scratch / "env"
    venv.create(env, symlinks=True, with_pip=False)
    site = f"lib/python{_python()}/site-packages"
    with tarfile.open(to, "w:gz", compresslevel=1) as out:
        out.add(env, ".")
        for each in found:
            for file in each.files or ():
                place = Path(str(each.locate_file(file)))
                if ".." not in file.parts and place.is_file():
                    out.add(place, f"{site}/{file}")
        for file in _own_files():
            out.add(file[0], f"{site}/{file[1]}")


def _own_files() -> Iterator[tuple[Path, str]]:
    """(file, name in the archive) of our own packages, wherever they are installed."""
    for package in PROJECT:
        root = Path(import_module(package).__path__[0])
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file, f"{package}/{file.relative_to(root).as_posix()}"


def _copy_jars(to: Path) -> list[Path]:
    """Delta's JARs as `refinelake doctor` has kept them, else none: Spark then looks them up itself."""
    from jobs.runtime.class_archive import PACKAGES, folder
    from jobs.runtime.places import made_folder
    from jobs.runtime.session import local_settings

    kept, to = folder(local_settings().get(PACKAGES, "")), made_folder(to)
    return [Path(shutil.copy2(jar, to)) for jar in sorted(kept.glob("*.jar"))]


def _settings(to: Path, jars: list[Path]) -> dict[str, str]:
    from jobs.runtime.class_archive import PACKAGES
    from jobs.runtime.session import read_settings, settings_file

    settings = read_settings(settings_file("spark-defaults.conf")) | read_settings(settings_file("spark-cluster.conf"))
    if jars:
        del settings[PACKAGES]
        settings["spark.jars"] = ",".join(map(str, jars))
    return settings | {
        "spark.archives": f"{to / _ARCHIVE}#env",
        "spark.pyspark.python": "./env/bin/python",
        "spark.pyspark.driver.python": sys.executable,
    }
