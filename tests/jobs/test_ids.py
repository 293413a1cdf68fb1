"""Sources of ids through ingest: a refresh equals a rebuild, the share resolved is told, removal and explain reach."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.compute as pc
import pytest

from jobs.code.asking import keep, refuse_too_many
from jobs.code.ingest import ingest
from jobs.code.parameters import Ingest
from jobs.commands.explain import find
from jobs.runtime.accounting import StageResult
from jobs.runtime.manifest import read_manifest
from jobs.runtime.runner import Run
from jobs.runtime.snapshot import Snapshot
from jobs.runtime.tables import Lake
from jobs.runtime.unit_texts import DropError
from schemas.code import CONTENTS, RAW_FILES, REPOSITORIES
from schemas.contract import Table
from schemas.ops import REJECTS, SOURCES, UNIT_FACTS
from tests.udfs.reading.id_sources import lines, parquet
from tests.udfs.reading.test_git import Repository
from tests.udfs.reading.test_ids_sets import sha
from udfs.removal.requests import Request

TABLES = (SOURCES, UNIT_FACTS, RAW_FILES, CONTENTS, REPOSITORIES, REJECTS)


class Told:
    """What a run says on its way."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def started(self, stage: str, number: int, of: int) -> None:
        pass

    def finished(self, result: StageResult) -> None:
        pass


def read(lake: Lake, manifest: Path) -> list[str]:
    told = Told()
    run = Run(lake, "r", (), progress=told)
    _, warnings = ingest(run, read_manifest(str(manifest)), Ingest(), allow_drop=True)
    assert warnings == []
    lake.drop_staging("r")
    return told.notes


def rows_of(lake: Lake, table: Table) -> list[str]:
    """Read without Spark, which takes a second for each table."""
    rows = Snapshot(lake.warehouse).rows(table, pc.scalar(True), [n for n in table.names if n not in table.volatile])
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)


def asking(lake: Lake) -> Lake:
    """A warehouse that keeps a request from before its first run, which costs less than one that comes later."""
    for table in TABLES:
        lake.ensure(table)
    keep(lake, "asked", [Request("owner", "one")], None, datetime(2026, 1, 1, tzinfo=UTC))
    return lake


def test_ids_are_resolved_refreshed_removed_and_explained(lake: Lake, tmp_path: Path) -> None:
    mirrors = tmp_path / "mirrors"
    commit = Repository(mirrors / "one" / "tool").commit(1, **{"a.py": b"x = 1\n", "b.py": b""})
    Repository(mirrors / "two" / "lib").commit(1, **{"a.py": b"x = 1\n", "b.py": b""})
    named = [("one/tool", "a.py"), ("one/tool", "c.py"), ("one/none", "d.py")]
    named += [("two/lib", "a.py"), ("two/lib", "b.py"), ("two/lib", "c.py"), ("two/tool", "a.py"), ("new/lib", "a.py")]
    lines(tmp_path / "git.jsonl", [{"repo": r, "commit": commit[:7], "rel_path": p} for r, p in named])
    parquet(tmp_path / "set" / "0.parquet", [{"sha256": sha("x = 1\n"), "content": "x = 1\n"}])
    hashes = [{"sha256": sha(t), "repo": r, "path": "a.py"} for t, r in (("x = 1\n", "one/x"), ("x = 2\n", "six/x"))]
    parquet(tmp_path / "ids.parquet", [*hashes, {"sha256": sha("x = 1\n"), "repo": "two/x", "path": "b.py"}])
    ids = {"kind": "ids", "source_id": "mirrored", "location": str(tmp_path / "git.jsonl"), "texts": str(mirrors)}
    stored = {"kind": "ids", "source_id": "stored", "location": str(tmp_path / "ids.parquet"), "texts_kind": "parquet"}
    manifest = lines(tmp_path / "m.jsonl", [ids | {"texts_kind": "git"}, stored | {"texts": str(tmp_path / "set")}])

    assert read(asking(lake), manifest) == [
        "mirrored: 2 of 5 ids have a text (40.00 %); of a repository that has no mirror 2, at a path that the commit "
        "lacks 1",
        "stored: 1 of 2 ids have a text (50.00 %); of no row of the set 1",
    ]
    # What was missing arrives, on both sides; an id is taken off its list.
    Repository(mirrors / "new" / "lib").commit(1, **{"a.py": b"x = 1\n", "b.py": b""})
    parquet(tmp_path / "set" / "1.parquet", [{"sha256": sha("x = 2\n"), "content": "x = 2\n"}])
    lines(
        tmp_path / "git.jsonl", [{"repo": r, "commit": commit[:7], "rel_path": p} for r, p in named[:-4] + named[-2:]]
    )
    assert read(lake, manifest) == [
        "mirrored: 2 of 3 ids have a text (66.67 %); of a repository that has no mirror 1",
        "stored: 2 of 2 ids have a text (100 %)",
    ]
    scratch = asking(Lake(lake.spark, str(tmp_path / "scratch")))
    read(scratch, manifest)
    assert {t.name for t in TABLES if rows_of(lake, t) != rows_of(scratch, t)} == set()

    files, refused = find(Snapshot(lake.warehouse), "a.py")
    assert [r["source_id"] for r in files] == ["mirrored", "mirrored", "stored"]
    assert [r["detail"] for r in refused] == [f"expected two/tool or two/tool.git below {mirrors}, found none"]
    assert not any('"one/' in row for table in (REPOSITORIES, REJECTS, UNIT_FACTS) for row in rows_of(lake, table))
    with pytest.raises(DropError, match="at most 0% of 4 files, found 2"):  # a later request finds what is stored,
        refuse_too_many(lake, "r", [Request("owner", "two")], 0)
    assert any('"two/tool"' in row for row in rows_of(lake, UNIT_FACTS)), "and refusals of what could not be read"
