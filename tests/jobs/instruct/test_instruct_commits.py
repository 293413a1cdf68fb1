"""Commits of git sources as seeds: what is read anew, and who may ask for them to go."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.code.asking import keep
from jobs.code.ingest import ingest, ingest_less_removed
from jobs.code.parameters import Ingest
from jobs.instruct import flow
from jobs.instruct.given_seeds import NAME, read_seeds, stored_seeds
from jobs.instruct.parameters import Recipes, Synthesis
from jobs.runtime.manifest import read_manifest
from jobs.runtime.runner import Run, run_stages
from jobs.runtime.tables import Lake
from schemas.instruct import CODE_CHANGES, COMMIT_FILES, GIVEN_SEEDS
from schemas.ops import REJECTS
from tests.jobs.instruct.teaching import MODEL, teacher
from tests.jobs.pipeline import contents_of
from tests.jobs.test_removal import NEEDLE, command, found
from tests.udfs.calls.endpoint import Endpoint
from tests.udfs.recipes.repositories import History
from udfs.removal.requests import Request

TABLES = (GIVEN_SEEDS, COMMIT_FILES)


def project(folder: Path, name: str = "pick") -> History:
    """A repository with three changes of three authors, each of another file; the third is in another language."""
    made = History(folder)
    files = {part: f"{name}/{part}.py" for part in ("one", "two")} | {"three": f"{name}/three.js"}
    made.commit("begin", {path: _text(path, part, "a") for part, path in files.items()})
    for number, (part, path) in enumerate(files.items(), 1):
        text = {path: _text(path, part, f"max(a, b) + {number}")}
        made.commit(f"Return the larger number in {part} of {name}", text, f"{part}@example.org")
    return made


def _text(path: str, part: str, value: str) -> str:
    if path.endswith(".py"):
        return f"def {part}(a, b):\n    return {value}\n"
    return f"function {part}(a, b) {{\n  return {value};\n}}\n"


def manifest(folder: Path, **sources: Path) -> Path:
    rows = [
        {"kind": "git", "location": str(place), "repo": f"org/{name}", "source_id": name, "licences": ["MIT"]}
        for name, place in sources.items()
    ]
    (folder / "sources.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "sources.jsonl"


def read(lake: Lake, sources: Path | None, number: int = 10, allow_drop: bool = False) -> int:
    """Rows that the step of seeds wrote."""
    run = Run(lake, "r", flow.STAGES)
    p = Synthesis(Recipes(names=("commits",), histories=number))
    steps = [(NAME, lambda: read_seeds(run, p, allow_drop))]
    if sources:
        listed = read_manifest(str(sources))
        steps.insert(0, ("ingest", lambda: ingest(run, listed, Ingest(), allow_drop=True)[0]))
    result = run_stages(run, (), before=tuple(steps))[-1]
    run.held.let_go()
    lake.drop_staging("r")
    return result.rows_written


def messages(lake: Lake) -> set[tuple[str, str]]:
    """(source, last word but two of the message) of each seed."""
    rows = lake.read(GIVEN_SEEDS).collect()
    return {(row["origin"], json.loads(row["fields"])["message"].split()[5]) for row in rows}


@pytest.mark.long
def test_a_history_is_read_when_it_moves_and_what_is_asked_out_leaves_and_stays_out(lake: Lake, tmp_path: Path) -> None:
    work = project(tmp_path / "work")
    work.git("clone", "-q", "--bare", str(work.folder), str(tmp_path / "fork.git"))
    sources = manifest(tmp_path, pick=work.folder, fork=tmp_path / "fork.git", broken=tmp_path / "nowhere")
    assert read(lake, sources) > 0
    every = {(source, part) for source in ("pick", "fork") for part in ("one", "two", "three")}
    assert messages(lake) == every
    (seed,) = {r["seed_id"] for r in lake.read(GIVEN_SEEDS).collect() if "in one of" in r["fields"]}
    assert lake.read(GIVEN_SEEDS).where(f"seed_id = '{seed}'").count() == 2, "a change of a fork is the same seed"
    assert {r["licence"] for r in lake.read(GIVEN_SEEDS).collect()} == {"MIT"}
    assert read(lake, sources) == 0, "nothing moved"

    # Only the history that moved is read; the others stay, though one of them is gone from its place.
    work.commit(
        "Return the larger number in four of pick", {"pick/one.py": "def one(a, b):\n    return max(a, b) + 4\n"}
    )
    (tmp_path / "fork.git").rename(tmp_path / "elsewhere")
    assert read(lake, sources) > 0
    assert messages(lake) == every | {("pick", "four")}
    (tmp_path / "elsewhere").rename(tmp_path / "fork.git")

    # By author, path and repository; a night without a model takes them out, and the next one with it brings none back.
    keep(lake, "m1", [Request("author", "two@example.org", None, "repository")], None, datetime.now(UTC))
    assert without(lake) == {(source, part) for source in ("pick", "fork") for part in ("one", "three")}
    shown = " ".join(r["fields"] for r in lake.read(GIVEN_SEEDS).collect())
    assert "max(a, b) + 1" in shown and "max(a, b) + 2" not in shown, "nor stands what he wrote beside other changes"
    keep(lake, "m2", [Request("path", "", "pick/three.js", "repository")], None, datetime.now(UTC))
    assert without(lake) == {("pick", "one"), ("fork", "one")}
    read(lake, sources)
    assert messages(lake) == {("pick", "one"), ("fork", "one")}
    rebuilt = Lake(lake.spark, str(tmp_path / "rebuilt"))
    for number, request in enumerate((("author", "two@example.org", None), ("path", "", "pick/three.js"))):
        keep(rebuilt, f"m{number}", [Request(*request, "repository")], None, datetime.now(UTC))
    read(rebuilt, sources)
    for table in TABLES:
        assert contents_of(lake, table) == contents_of(rebuilt, table), table.name
    keep(lake, "m3", [Request("repo", "org/fork", None, "repository")], None, datetime.now(UTC))
    assert without(lake) == {("pick", "one")}
    assert read(lake, None, 0, allow_drop=True) > 0
    assert not lake.read(GIVEN_SEEDS).count() and not lake.read(COMMIT_FILES).count()


def without(lake: Lake) -> set[tuple[str, str]]:
    """What is left of seeds after requests for removal, without a model."""
    run = Run(lake, "w", flow.STAGES)
    run_stages(run, (), before=(("ingest", lambda: ingest_less_removed(run)), (NAME, lambda: stored_seeds(run))))
    run.held.let_go()
    lake.drop_staging("w")
    return messages(lake)


def test_a_history_that_cannot_be_read_has_its_reason_and_keeps_its_seeds(lake: Lake, tmp_path: Path) -> None:
    work = project(tmp_path / "work")
    sources = manifest(tmp_path, pick=work.folder)
    read(lake, sources)
    before = messages(lake)
    (tmp_path / "work").rename(tmp_path / "away")
    assert read(lake, None, 5) > 0  # other settings: it would be read anew
    assert messages(lake) == before
    (why,) = lake.read(REJECTS).where("stage = 'given_seeds'").collect()
    assert (why["reason"], why["source_id"]) == ("unreachable", "pick")
    (tmp_path / "away").rename(tmp_path / "work")
    read(lake, None, 2, allow_drop=True)
    assert len(messages(lake)) == 2 and not lake.read(REJECTS).where("stage = 'given_seeds'").count()


@pytest.mark.long
def test_commits_become_rows_and_no_byte_of_a_removed_one_is_left(spark: Any, tmp_path: Path) -> None:
    work = project(tmp_path / "asked", NEEDLE)
    other = project(tmp_path / "stays", "bystander")
    sources = manifest(tmp_path, asked=work.folder, stays=other.folder)
    warehouse = tmp_path / "warehouse"
    assert command("run", "--sources", sources, "--warehouse", warehouse) == 0
    lake = Lake(spark, str(warehouse))
    with Endpoint(teacher) as endpoint:
        calls = [
            f'calls.endpoints={{{MODEL}="{endpoint.url}"}}',
            f'calls.models={{default="{MODEL}"}}',
            "calls.tasks=1",
        ]
        flags = [w for setting in (*calls, "recipes.histories=10") for w in ("--set", setting)]
        made = ("instruct", "run", "--recipe", "commits", "--warehouse", warehouse, *flags)
        assert command(*made, "--dry-run") == 0 and not endpoint.log
        assert command(*made) == 0
        assert lake.read(CODE_CHANGES).count() == 6 and len(endpoint.log) == 12
        rows = lake.read(CODE_CHANGES).collect()
        assert {row["score"] for row in rows} == {2.0} and {row["repo"] for row in rows} == {"org/asked", "org/stays"}
        assert command("remove", "--repo", "org/asked", "--now", "--allow-drop", "--warehouse", warehouse) == 0
        lake.look()
        assert len(endpoint.log) == 12, "a removal asks no model"
    assert list(found(warehouse)) == []
    assert {row["repo"] for row in lake.read(CODE_CHANGES).collect()} == {"org/stays"}
