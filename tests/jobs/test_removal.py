"""Removal on request: rows leave every table, the next best copy takes a place, and what was removed stays out."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from jobs.cli import exit_code
from jobs.code import flow
from jobs.code.asking import keep
from jobs.runtime.accounting import rewrite_rows
from jobs.runtime.exported import note_export
from jobs.runtime.tables import Lake
from schemas import ops
from schemas.code import CODE_CORPUS, RAW_FILES
from tests.jobs.pipeline import World, contents_of, run_all
from tests.jobs.test_refresh import program
from training.data.telling import tell
from udfs.reading.delta import rows_left
from udfs.removal.requests import Request

NEEDLE = "needle_of_the_one_who_asked"


def world_of(root: Path) -> World:
    """A repository that asks to be removed, which stands for a copy and for a near copy elsewhere; one more of its
    owner; a bystander.
    """
    own = f"def {NEEDLE}(x):\n" + "".join(f"    x += {n} * x\n" for n in range(80)) + "    return x\n"
    files = {
        "asked": {"shared.py": program(1), "near.py": program(2), f"{NEEDLE}.py": own, "bad.py": f"\0{NEEDLE}"},
        "copies": {"shared.py": program(1), "near.py": program(2) + "X = 1\n", "other.py": program(3)},
        "second": {"keys/secret.pem.py": program(4), "keys/open.py": program(5)},
    }
    facts: dict[str, dict[str, Any]] = {
        "asked": {"stars": 500, "repo": f"{NEEDLE}-org/tool"},
        "copies": {"stars": 5, "repo": "https://github.com/bystander/copies.git"},
        "second": {"repo": f"https://gitlab.com/{NEEDLE}-org/second"},
    }
    return World(root, files, facts)


def command(*arguments: object) -> int:
    also = ["--allow-drop"] if arguments[0] == "remove" else []  # a few files are much of a small world
    return exit_code([*(str(a) for a in arguments), *also])


def run(world: World, warehouse: Path) -> None:
    assert command("run", "--sources", world.write(), "--warehouse", warehouse, "--allow-drop") == 0


def repos_in(lake: Lake) -> set[str]:
    return {row["repo"] for row in contents_of(lake, CODE_CORPUS)}


def assert_equal_to_a_build(grown: Lake, world: World, tmp_path: Path, name: str) -> None:
    """Every table equals one that never saw what is not in this world; but for the units that say `removed`."""
    scratch = Lake(grown.spark, str(tmp_path / name))
    run_all(scratch, world.write(), name)
    for table in flow.TABLES:
        found, expected = contents_of(grown, table), contents_of(scratch, table)
        if table.name == ops.REJECTS.name:
            found = [r for r in found if r["reason"] != "removed"]
        assert found == expected, f"{table.name} differs"


def test_an_owner_leaves_every_table_every_byte_and_stays_out(
    spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next best copies take its place, and a warehouse that honours the request equals this one."""
    world, warehouse, other = world_of(tmp_path), tmp_path / "warehouse", tmp_path / "other"
    page = tmp_path / "page.html"
    assert command("run", "--sources", world.write(), "--warehouse", warehouse, "--report", page) == 0
    lake = Lake(spark, str(warehouse))
    before = {r["path"]: r["repo"] for r in contents_of(lake, CODE_CORPUS)}
    assert before["shared.py"] == f"{NEEDLE}-org/tool", "what has more stars stands for its copies"
    assert any(found(warehouse)), "a search that finds nothing before the purge shows nothing"
    assert NEEDLE in page.read_text()
    assert said_by(capsys, "removals", "check", f"{NEEDLE}-org", warehouse).startswith(
        f"{NEEDLE}-org: 5 files in the newest release"
    )
    assert exit_code(["remove", "--path", "**", "--warehouse", str(warehouse)]) == 2
    assert "at most 5% of 8 files, found 8" in capsys.readouterr().err
    note_export(lake, "r", "s3://elsewhere/copy", 1, {"code_corpus": "version 1"})
    version = lake.version(CODE_CORPUS.name)
    tell(Path("/runs/a"), "pretrain", [(lake.location(CODE_CORPUS.name), version)])

    said = said_by(capsys, "remove", "--owner", f"{NEEDLE}-Org", "--reason", "asked by mail", "--now", warehouse)
    assert "5 files taken out, 4 texts that stand nowhere any more" in said
    assert "copied before: s3://elsewhere/copy (release 1)" in said
    assert f"trained on: /runs/a (pretrain, code_corpus version {version})" in said
    assert "withdrawn: 1" in said and "out of storage since" in said
    assert list(found(warehouse)) == [] and NEEDLE not in page.read_text()
    lake.look()
    after = {r["path"]: r["repo"] for r in contents_of(lake, CODE_CORPUS)}
    assert after["shared.py"] == after["near.py"] == "https://github.com/bystander/copies.git"
    assert command("releases", "--back-to", "1", "--warehouse", warehouse) == 2
    assert "withdrawn" in capsys.readouterr().err
    said = said_by(capsys, "removals", "check", f"{NEEDLE}-org/tool", warehouse)
    assert "not in the newest release" in said and "asked out by removal 1" in said

    # The manifest lists both still, and a second file comes to one of them: they stay out.
    world.files["asked"] |= {"new.py": program(8)}
    run(world, warehouse)
    assert "2 sources are left unread: asked to be removed" in capsys.readouterr().out
    assert list(found(warehouse)) == []
    assert "keeps out what 1 requests" in said_by(capsys, "removals", "adopt", "--of", str(warehouse), other)
    run(world, other)
    lake.look()
    assert {t.name for t in flow.TABLES if contents_of(lake, t) != contents_of(Lake(spark, str(other)), t)} == set()
    assert "out of storage since" in said_by(capsys, "removals", "list", warehouse)


def said_by(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command says about the warehouse that is named last."""
    capsys.readouterr()
    *words, warehouse = arguments
    assert command(*words, "--warehouse", warehouse) == 0
    return capsys.readouterr().out


def found(folder: Path, needle: str = NEEDLE) -> Iterator[str]:
    """Files that hold the needle, a regular expression: as they are, unpacked, or in a value of a Parquet file."""
    holds = re.compile(needle.encode()).search
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = file.read_bytes()
        if holds(str(file.relative_to(folder)).encode()) or holds(data):
            yield f"{file}: as it is"
        elif file.suffix == ".gz" and holds(gzip.decompress(data)):
            yield f"{file}: packed"
        elif file.suffix == ".parquet" and holds(json.dumps(pq.read_table(file).to_pylist(), default=str).encode()):
            yield f"{file}: in a row"


@pytest.mark.long
def test_a_removal_that_was_killed_is_completed_by_the_next_run(spark: Any, tmp_path: Path) -> None:
    world, warehouse = world_of(tmp_path), tmp_path / "warehouse"
    run(world, warehouse)
    lake = Lake(spark, str(warehouse))
    keep(lake, "killed", [Request("owner", f"{NEEDLE}-org")], None, datetime.now(UTC))
    run(world, warehouse)
    lake.look()
    receipt = lake.small(ops.RECEIPTS)[0]
    assert (receipt["files"], receipt["holding"]) == (5, [1]) and receipt["out_of_releases_at"] is not None
    withdrawn = {r["release_id"]: bool(r["withdrawn"]) for r in lake.small(ops.RELEASES)}
    assert withdrawn == {1: True, 2: False}
    for name in (RAW_FILES.name, CODE_CORPUS.name):
        log = Path(lake.location(name), "_delta_log")
        made = [f.stat().st_mtime for f in log.glob("*.checkpoint*.parquet")]
        assert max(made) <= receipt["out_of_releases_at"].timestamp(), "old enough on the day that storage is due"
        assert not rows_left(DeltaTable(lake.location(name)))


@pytest.mark.long
def test_paths_authors_texts_and_what_they_reach(spark: Any, tmp_path: Path) -> None:
    """Each in turn, over one warehouse; the end equals a build of what is left."""
    world, warehouse = world_of(tmp_path), tmp_path / "warehouse"
    repository = tmp_path / "git"
    repository.mkdir()
    for number, author in enumerate(("jane@example.org", "1+joe@users.noreply.github.com"), start=20):
        (repository / f"of_{author[0]}{number}.py").write_text(program(number))
        _git(repository, author)
    manifest = world.write()
    line = {"kind": "git", "location": str(repository), "source_id": "history", "repo": "team/history"}
    manifest.write_text(manifest.read_text() + json.dumps(line) + "\n")
    assert command("run", "--sources", manifest, "--warehouse", warehouse) == 0
    lake = Lake(spark, str(warehouse))

    def paths() -> set[str]:
        lake.look()
        return {f"{r['source_id']}/{r['path']}" for r in contents_of(lake, RAW_FILES)}

    first = paths()
    assert {"history/of_j20.py", "history/of_121.py"} <= first
    assert command("remove", "--author", "Jane@example.org", "--warehouse", warehouse) == 0
    assert first - paths() == {"history/of_j20.py"}
    (tmp_path / "list.txt").write_text("joe: commits, issues  # as the public lists say it\n\n# and a remark\n")
    assert command("remove", "--from", tmp_path / "list.txt", "--warehouse", warehouse) == 0
    assert first - paths() == {"history/of_j20.py", "history/of_121.py"}
    scoped = ("remove", "--repo", f"gitlab.com/{NEEDLE}-org/second", "--path", "keys/*.pem.py")
    assert command(*scoped, "--warehouse", warehouse) == 0
    assert "second/keys/secret.pem.py" not in paths() and "second/keys/open.py" in paths()
    (tmp_path / "text.py").write_text(program(1))
    assert command("remove", "--content", tmp_path / "text.py", "--warehouse", warehouse) == 0
    assert not {"asked/shared.py", "copies/shared.py"} & paths()
    assert command("remove", "--path", "asked/near.py", "--warehouse", warehouse) == 0
    assert "asked/near.py" in paths(), "a path is one inside its source"
    near = ("remove", "--repo", f"{NEEDLE}-org/tool", "--path", "near.py", "--reach", "near")
    assert command(*near, "--warehouse", warehouse) == 0
    assert not {"asked/near.py", "copies/near.py"} & paths()
    left = {name: dict(files) for name, files in world.files.items()}
    for name in ("asked", "copies"):
        del left[name]["shared.py"], left[name]["near.py"]
    del left["second"]["keys/secret.pem.py"]
    run(world, warehouse)  # the history is gone from the manifest, and all that was asked out is still in its folders
    lake.look()
    assert_equal_to_a_build(lake, World(tmp_path, left, world.facts), tmp_path, "scratch")
    # A retention later storage forgets by the upkeep of that night.
    long_ago = datetime.now(UTC) - timedelta(days=1)
    rewrite_rows(lake, ops.RECEIPTS, [{**r, "storage_due_at": long_ago} for r in lake.small(ops.RECEIPTS)])
    assert command("maintain", "--warehouse", warehouse) == 0
    lake.look()
    assert all(r["out_of_storage_at"] for r in lake.small(ops.RECEIPTS))


def _git(folder: Path, author: str) -> None:
    identity = ("-c", f"user.email={author}", "-c", "user.name=x", "-c", "init.defaultBranch=main")
    for arguments in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "one")):
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)
