"""A session of one machine starts from kept JARs and classes; without them, or on a cluster, as Spark starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.runtime import class_archive
from jobs.runtime.session import local_settings

SETTINGS = {"spark.master": "local[2]", "spark.jars.packages": "a:b:1", "spark.driver.extraJavaOptions": "-Xss4m"}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def kept(cache: Path) -> Path:
    folder = class_archive.folder("a:b:1")
    folder.mkdir(parents=True)
    (folder / "b-1.jar").write_bytes(b"")
    (folder / "classes.jsa").write_bytes(b"")
    (folder / "about.json").write_text(json.dumps({"java": class_archive._java()}))
    return folder


def test_without_a_kept_folder_settings_stay(cache: Path) -> None:
    assert class_archive.use(SETTINGS) == SETTINGS


@pytest.mark.parametrize("master", ["spark://m:7077", "local-cluster[2,1,1024]", "yarn"])
def test_on_a_cluster_executors_need_the_packages(kept: Path, master: str) -> None:
    cluster = SETTINGS | {"spark.master": master}
    assert class_archive.use(cluster) == cluster


def test_kept_jars_stand_for_the_packages(kept: Path) -> None:
    found = class_archive.use(SETTINGS | {"spark.driver.extraClassPath": "/mine.jar"})
    assert "spark.jars.packages" not in found
    assert found["spark.driver.extraClassPath"] == f"{kept / 'b-1.jar'}:/mine.jar"
    options = found["spark.driver.extraJavaOptions"].split()
    assert options[0] == "-Xss4m" and f"-XX:SharedArchiveFile={kept / 'classes.jsa'}" in options
    other = SETTINGS | {"spark.jars.packages": "a:b:2"}
    assert class_archive.use(other) == other, "other packages are looked up"


def test_what_another_java_wrote_or_was_left_half_done_goes(kept: Path) -> None:
    class_archive.forget_old(SETTINGS)
    assert kept.exists()
    (kept / "about.json").write_text(json.dumps({"java": "another"}))
    class_archive.forget_old(SETTINGS)
    assert not kept.exists()
    kept.mkdir()
    class_archive.forget_old(SETTINGS)
    assert not kept.exists()


def test_a_home_that_cannot_be_written_is_no_error(cache: Path) -> None:
    (cache / "refinelake").write_text("a file where a folder is to be")
    said = class_archive.keep(SETTINGS, [])
    assert said and "they start as they did" in said and class_archive.use(SETTINGS) == SETTINGS


def test_only_jars_that_spark_has_not_are_kept(tmp_path: Path) -> None:
    jars = ["io.delta_delta-spark_4.1_2.13-4.4.0.jar", "org.apache.parquet_parquet-column-1.0.0.jar", "gone_gone-1.jar"]
    for name in jars[:2]:
        (tmp_path / name).write_bytes(b"")
    found = class_archive._ours([f"file:{tmp_path}/{name}" for name in jars])
    assert [jar.name for jar in found] == jars[:1]


@pytest.mark.long
def test_doctor_keeps_what_the_next_session_uses(cache: Path) -> None:
    def python(*command: str, **more: str) -> str:
        run = [sys.executable, *command]
        return subprocess.run(run, env=os.environ | more, capture_output=True, text=True, check=True).stdout

    assert "classes that a run loads" in python("-m", "jobs.cli", "doctor")
    folder = class_archive.folder(local_settings()["spark.jars.packages"])
    assert (folder / "classes.jsa").stat().st_size > 50e6
    log = cache / "classes.log"
    started = "from jobs.runtime.session import session; session().range(1).write.format('delta').save('{}')"
    python("-c", started.format(cache / "t"), JAVA_TOOL_OPTIONS=f"-Xlog:class+load:file={log}")
    delta = [line for line in log.read_text().splitlines() if " org.apache.spark.sql.delta.DeltaLog " in line]
    assert delta and all("shared objects file (top)" in line for line in delta)
