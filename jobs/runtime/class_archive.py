"""What makes a local session start faster: Spark's and Delta's classes, loaded and checked once, kept in a file.

`refinelake doctor` keeps the JARs of `spark.jars.packages` and a class data sharing archive of the JVM in a folder of
the user's cache; `session` uses them for a local master. Without the folder, or with another JVM than the one that
wrote it, a session starts as it would: Ivy looks the packages up, and the JVM loads every class anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlparse

import pyspark

PACKAGES, OPTIONS, CLASS_PATH = "spark.jars.packages", "spark.driver.extraJavaOptions", "spark.driver.extraClassPath"
_ARCHIVE, _ABOUT = "classes.jsa", "about.json"
_WRITE_TO = "REFINELAKE_WRITE_CLASSES"


def folder(packages: str) -> Path:
    """Where the JARs of these packages and their classes are kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = hashlib.sha256(f"{pyspark.__version__} {packages}".encode()).hexdigest()[:12]
    return cache / "refinelake" / f"spark-{pyspark.__version__}-{name}"


def use(settings: dict[str, str]) -> dict[str, str]:
    """The settings of a session with what is kept, where something is; a cluster's executors need the packages."""
    kept = folder(settings.get(PACKAGES, ""))
    if not _one_process(settings) or not (kept / _ABOUT).exists():
        return settings
    jars = ":".join(str(jar) for jar in sorted(kept.glob("*.jar")))
    path = ":".join(filter(None, (jars, settings.get(CLASS_PATH))))
    to = os.environ.get(_WRITE_TO)
    option = f"-XX:ArchiveClassesAtExit={to}" if to else f"-XX:SharedArchiveFile={kept / _ARCHIVE}"
    options = f"{settings.get(OPTIONS, '')} {option} -Xlog:cds=off -Xlog:cds+dynamic=off".strip()
    return {k: v for k, v in settings.items() if k != PACKAGES} | {CLASS_PATH: path, OPTIONS: options}


def keep(settings: dict[str, str], jars: list[str]) -> str | None:
    """Keep the JARs that a session found for its packages, and the classes that a run loads; a sentence on what was
    done, None where all is in place or the master is no local one.
    """
    kept = folder(settings.get(PACKAGES, ""))
    if not _one_process(settings) or kept.exists():
        return None  # in place, or another process is at it
    try:
        return _kept(kept, jars)
    except OSError as error:  # a home that cannot be written, a disk without 400 MB: sessions start as they did
        shutil.rmtree(kept, ignore_errors=True)
        return f"{kept}: expected to keep what starts sessions faster, found {error}; they start as they did"


def _kept(kept: Path, jars: list[str]) -> str:
    kept.mkdir(parents=True)
    for jar in _ours(jars):
        shutil.copy2(jar, kept / jar.name)
    (kept / _ABOUT).write_text(json.dumps({"java": _java()}))
    with tempfile.TemporaryDirectory(prefix="refinelake-classes-") as scratch:
        to = Path(scratch) / _ARCHIVE
        command = [sys.executable, "-m", "jobs.runtime.typical_work", scratch]
        done = subprocess.run(command, env=os.environ | {_WRITE_TO: str(to)}, capture_output=True, text=True)
        if not to.exists():
            return f"{kept}: expected an archive of classes, found none; sessions start slower: {done.stderr[-300:]}"
        shutil.move(to, kept / _ARCHIVE)
    return f"{kept}: the JARs, and the classes that a run loads ({(kept / _ARCHIVE).stat().st_size / 1e6:.0f} MB)"


def forget_old(settings: dict[str, str]) -> None:
    """Throw away what another JVM wrote, or what was left half done."""
    kept = folder(settings.get(PACKAGES, ""))
    about = kept / _ABOUT
    if kept.exists() and not ((kept / _ARCHIVE).exists() and json.loads(about.read_text()) == {"java": _java()}):
        shutil.rmtree(kept)


def _one_process(settings: dict[str, str]) -> bool:
    """Whether driver and executors are one JVM; those of `local-cluster` are not."""
    return re.fullmatch(r"local(\[.*\])?", settings.get("spark.master", "")) is not None


def _ours(jars: list[str]) -> list[Path]:
    """Of the JARs that Ivy found those that Spark does not bring along itself, in whatever version."""
    spark = {_artifact(jar.name) for jar in (Path(pyspark.__file__).parent / "jars").glob("*.jar")}
    found = (Path(unquote(urlparse(jar).path)) for jar in jars)
    return [jar for jar in found if jar.exists() and _artifact(jar.name.partition("_")[2]) not in spark]


def _artifact(name: str) -> str:
    return re.sub(r"-\d[\w.]*(\.Final)?\.jar$", "", name)


def _java() -> str:
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if "JAVA_HOME" in os.environ else "java"
    return subprocess.run([str(java), "-version"], capture_output=True, text=True, check=True).stderr
