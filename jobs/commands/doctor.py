"""refinelake doctor: start the session once, so that Delta's JARs are there, and say what this machine has."""

from __future__ import annotations

import argparse
import platform
import shutil
import uuid
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Start Spark once (this resolves Delta's JARs) and say what is in place. With --warehouse, write, list, read "
        "and delete a file there, without Spark and by Spark."
    )
    parser.add_argument("--warehouse", metavar="URL", help="a place of Delta tables to try: a folder or a URL")
    parser.add_argument(
        "--languages",
        action="store_true",
        help="instead: how programs are isolated here and which languages they may have",
    )
    parser.add_argument("--staging", metavar="URL", help="a place where rows are set aside, to try as well")


def work(args: argparse.Namespace) -> int:
    """0 where all is in place, 1 where a place failed; each failure is a sentence with what to do."""
    if args.languages:
        return _languages()
    from jobs.runtime.places import absolute

    places = {f"--{name}": absolute(p) for name in ("warehouse", "staging") if (p := getattr(args, name))}
    wrong = {name: said for name, place in places.items() if (said := _tried(name, place, _by_fsspec))}
    _session(places, wrong)
    for tool, use in (("git", "git sources"), ("npm", "the npm part of the demo"), ("apt-get", "its Debian part")):
        if shutil.which(tool) is None:
            print(f"{tool} is not on this machine: {use} will be left out")
    return 1 if wrong else 0


def _languages() -> int:
    """Without Spark: each level as it was tried, each language with its version or the package that brings it."""
    from udfs.execution.languages import Missing, available
    from udfs.execution.levels import probed

    for level, amiss in probed().items():
        print(f"isolation {level}: {f'does not hold here: {amiss}' if amiss else 'holds'}")
    found = available()
    for name, tools in found.items():
        if not isinstance(tools, Missing):
            print(f"{name}: {tools.version}")
    lacking = [tools for tools in found.values() if isinstance(tools, Missing)]
    for tools in lacking:
        print(tools)
    if lacking:
        packages = dict.fromkeys(package for tools in lacking for package in tools.packages)
        print(f"all of them: apt-get install {' '.join(packages)}")
    return 0


def _session(places: dict[str, str], wrong: dict[str, str]) -> None:
    """Start Spark and try the places that did not fail before."""
    import pyspark

    from jobs.runtime import class_archive
    from jobs.runtime.session import local_settings, session, setting

    settings = local_settings(*places.values())
    class_archive.forget_old(settings)
    spark = session(*places.values())
    spark.sql("SELECT 1").collect()
    delta = settings[class_archive.PACKAGES]
    print(f"Python {platform.python_version()}, Spark {pyspark.__version__} with {delta}: a session starts")
    jars = setting(spark, "spark.jars").split(",")
    for name, place in places.items():
        if name not in wrong and (said := _tried(name, place, lambda probe: _by_spark(spark, probe))):
            wrong[name] = said
    spark.stop()
    if said := class_archive.keep(settings, jars):
        print(said)


def _tried(name: str, place: str, attempt: Any) -> str | None:
    """None where a probe below the place can be written, listed, read and deleted; else what was said."""
    from jobs.runtime.places import driver, remove
    from jobs.runtime.store_errors import remedy

    probe = f"{place.rstrip('/')}/_doctor-{uuid.uuid4().hex[:8]}"
    try:
        driver(place)
        by = attempt(probe)
        remove(probe)
    except ValueError as error:  # ours: no driver, no such scheme
        said = str(error)
    except Exception as error:  # every driver has errors of its own
        said = f"{place}: expected to write, list, read and delete below it, found {remedy(error)}"
    else:
        print(f"{name} {place}: {by}")
        return None
    print(f"{name}: {said}")
    return said


def _by_fsspec(probe: str) -> str:
    from jobs.runtime.places import driver, names, read_text, write_text

    write_text(f"{probe}/file", "refinelake")
    if names(probe) != ["file"] or read_text(f"{probe}/file") != "refinelake":
        raise OSError(f"{names(probe)} where one file was written")
    return f"written, listed, read and deleted without Spark, by {type(driver(probe)[0]).__name__}"


def _by_spark(spark: Any, probe: str) -> str:
    spark.range(3).write.parquet(probe)
    if spark.read.parquet(probe).count() != 3:
        raise OSError("other rows than were written")
    return "written and read by Spark"
