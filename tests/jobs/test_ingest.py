"""Ingest over real folders: what happens to sources that vanish, come back, or are taken off the manifest."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jobs.code import ingest as module
from jobs.code.ingest import ingest
from jobs.code.parameters import Ingest
from jobs.runtime import sources, unit_texts
from jobs.runtime.manifest import read_manifest
from jobs.runtime.runner import Run
from jobs.runtime.tables import Lake
from jobs.runtime.unit_texts import DropError
from schemas.code import CONTENTS, RAW_FILES, REPOSITORIES
from schemas.ops import REJECTS, SOURCES
from tests.jobs.pipeline import World


def read(lake: Lake, manifest: Path, allow_drop: bool = False) -> tuple[bool, list[str]]:
    """(whether anything was written, warnings) of one ingest."""
    result, warnings = ingest(Run(lake, "r", ()), read_manifest(str(manifest)), Ingest(), allow_drop)
    lake.drop_staging("r")
    return result.rows_written > 0, warnings


def files(lake: Lake) -> set[tuple[str, str]]:
    return {(r["source_id"], r["path"]) for r in lake.read(RAW_FILES).collect()}


def test_a_source_that_vanishes_is_stale_and_one_taken_off_is_gone(spark: object, lake: Lake, tmp_path: Path) -> None:
    world = World(tmp_path)
    world.files = {"kept": {"a.py": "print(1)\n", "empty.py": ""}, "lost": {"b.py": "print(2)\n", "c.py": "print(1)\n"}}
    world.facts = {"kept": {"stars": 7}}
    assert read(lake, world.write()) == (True, [])
    every = {("kept", "a.py"), ("lost", "b.py"), ("lost", "c.py")}
    assert files(lake) == every
    assert lake.read(CONTENTS).count() == 2, "equal texts are stored once"
    assert [(r["path"], r["reason"]) for r in lake.read(REJECTS).collect()] == [("empty.py", "empty")]
    assert {r["source_id"]: r["stars"] for r in lake.read(REPOSITORIES).collect()} == {"kept": 7, "lost": None}

    manifest = tmp_path / "sources.jsonl"
    shutil.rmtree(tmp_path / "sources" / "lost")
    written, warnings = read(lake, manifest)
    assert written and len(warnings) == 1 and "lost: could not be reached, its last snapshot is kept" in warnings[0]
    assert files(lake) == every
    assert {r["source_id"]: r["status"] for r in lake.read(SOURCES).collect()} == {"kept": "fresh", "lost": "stale"}
    assert read(lake, manifest)[0] is False, "a source that stays away changes nothing more"

    del world.files["lost"]
    before = {t.name: lake.version(t.name) for t in (RAW_FILES, CONTENTS, REJECTS, REPOSITORIES, SOURCES)}
    with pytest.raises(DropError, match=r"drops 2 .*2 of lost.*--allow-drop"):
        read(lake, world.write())
    assert {name: lake.version(name) for name in before} == before, "nothing is written before the question is answered"
    assert read(lake, world.write(), allow_drop=True) == (True, [])
    assert files(lake) == {("kept", "a.py")}
    assert lake.read(CONTENTS).count() == 1 and lake.read(REPOSITORIES).count() == 1


@pytest.mark.parametrize("named", [True, False])
def test_a_source_that_changes_back_after_a_run_that_died_is_read_again(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    """The run has written the rows of its files, and not yet the state of its sources: that is as it was before."""
    world = World(tmp_path, {"it's one": {"a.py": "print(1)\n"}, "two": {"b.py": "print(2)\n"}})
    read(lake, world.write())
    world.files["it's one"]["more.py"], world.files["two"]["empty.py"] = "print(3)\n", ""
    world.files["new"] = {"c.py": "print(4)\n"}
    with monkeypatch.context() as patch:
        patch.setattr(sources, "_NAMED", 50 if named else 0)
        patch.setattr(module, "repositories", killed)
        with pytest.raises(Killed):
            read(lake, world.write())
    assert {("it's one", "more.py"), ("new", "c.py")} < files(lake) and lake.read(REJECTS).count() == 1
    del world.files["it's one"]["more.py"], world.files["two"]["empty.py"], world.files["new"]
    read(lake, world.write(), allow_drop=True)
    assert files(lake) == {("it's one", "a.py"), ("two", "b.py")}
    assert lake.read(REJECTS).count() == 0 and lake.read(CONTENTS).count() == 2


class Killed(BaseException):
    """Stands for the process that is gone."""


def killed(*_: object) -> None:
    raise Killed


def test_the_join_that_carries_text_is_cut_by_bytes(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [unit_texts.join_tasks(size, 400) for size in (0, 80 * 10**9, 6 * 10**12)] == [None, None, 30_000]
    monkeypatch.setattr(unit_texts, "TASK_BYTES", 10)
    texts = {f"{n}.py": f"print({n})\n" * 3 for n in range(12)}
    manifest = World(tmp_path, {"one": texts, "two": texts}).write()
    run = Run(lake, "r", ())
    ingest(run, read_manifest(str(manifest)), Ingest())
    assert sorted(r["text"] for r in lake.read(CONTENTS).collect()) == sorted(texts.values())
