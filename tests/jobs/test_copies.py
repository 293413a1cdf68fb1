"""Copies of releases: their files are known, and they go with a release that a removal withdraws."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from jobs.cli import exit_code
from jobs.runtime.accounting import append_rows
from jobs.runtime.copies import delete_copies
from jobs.runtime.exported import note_export
from jobs.runtime.releases import append_release, name_versions
from jobs.runtime.tables import Lake
from schemas.ops import EXPORTS, RECEIPTS, TRAININGS
from schemas.web import PAGE_TEXTS


def test_a_copy_goes_unless_it_became_a_warehouse_of_its_own(lake: Lake, tmp_path: Path) -> None:
    lake.ensure(PAGE_TEXTS)
    lake.write_few(PAGE_TEXTS, pa.Table.from_pylist([TEXT], PAGE_TEXTS.arrow_schema()), {})
    name_versions(lake, "r1", (PAGE_TEXTS,))
    copy, grown, foreign = (str(tmp_path / name) for name in ("copy", "grown", "foreign"))
    for place in (copy, grown):
        assert exit_code(["releases", "--pin", "1", "--to", place, "--warehouse", lake.warehouse]) == 0
    lake.look()
    noted = {r["export_id"][-5:] == "begun": dict(r["files"]) for r in lake.small(EXPORTS) if r["destination"] == copy}
    ((name, size),) = noted[False].items()
    assert noted[True] == {} and size == f"{Path(copy, name).stat().st_size} bytes"
    append_release(Lake(lake.spark, grown), "theirs", {}, "work of others")
    run = {"folder": "/runs/a", "phase": "pretrain", "table_name": "code_corpus", "version": 0}
    append_rows(Lake(lake.spark, copy), TRAININGS, [run | {"started_at": datetime.now(UTC)}])
    Path(foreign).mkdir()
    Path(copy, "notes.txt").write_text("of somebody")
    for place in (foreign, "nowhere://x/copy", str(tmp_path / "elsewhere")):
        note_export(lake, "r", place, 1, {})
    lines = [f"{e['destination']} (release 1)" for e in lake.small(EXPORTS)]
    receipt = {
        "removal_id": 1,
        "names": 1,
        "asked_at": datetime.now(UTC),
        "holding": [1],
        "exports": list(dict.fromkeys(lines)),
    }
    append_rows(lake, RECEIPTS, [dict.fromkeys(RECEIPTS.names) | receipt])

    delete_copies(lake, [1])
    (told,) = lake.small(RECEIPTS)
    became = dict(line.split(" (release 1): ", 1) for line in told["exports"])
    assert became.pop("nowhere://x/copy").startswith("still there: nowhere://x/copy: expected a scheme")
    assert became == {
        copy: "deleted",
        grown: "still there: it has become a warehouse of its own, remove there too",
        foreign: "still there: no copy that refinelake made",
        str(tmp_path / "elsewhere"): "not reached from here",
    }
    assert told["trainings"] == ["/runs/a (pretrain, code_corpus version 0)"]
    assert [p.name for p in Path(copy).iterdir()] == ["notes.txt"] and Path(grown, PAGE_TEXTS.name).is_dir()
    assert copy not in {e["destination"] for e in lake.small(EXPORTS)} and len(lake.small(EXPORTS)) == 5


TEXT = {c.name: {"string": "x" * 64, "bigint": 1}.get(c.type, []) for c in PAGE_TEXTS.columns}
