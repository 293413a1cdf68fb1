"""What a name stands for in a warehouse of pages alone, looked up without Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.commands.found import Named, named_here
from jobs.runtime.snapshot import Snapshot
from schemas.contract import Table
from schemas.web import WEB_CORPUS, WEB_PAGES

TEXT = "a" * 64


def _laid(folder: Path, table: Table, rows: list[dict[str, Any]]) -> None:
    schema = pa.schema([field.with_nullable(True) for field in table.arrow_schema()])
    write_deltalake(str(folder / table.name), pa.Table.from_pylist(rows, schema))


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Snapshot:
    monkeypatch.setenv("REFINELAKE_SALT", "salt")
    hosts = {"p1": "example.org", "p2": "docs.example.org", "p3": "notexample.org"}
    _laid(
        tmp_path,
        WEB_PAGES,
        [{"page_id": p, "host": h, "content_id": TEXT if p == "p3" else p} for p, h in hosts.items()],
    )
    _laid(tmp_path, WEB_CORPUS, [{"page_id": "p2"}, {"page_id": "p3"}])
    return Snapshot(str(tmp_path), {WEB_PAGES.name: 0, WEB_CORPUS.name: 0})


@pytest.mark.parametrize(
    ("name", "captured", "recalled"),
    [
        ("example.org", 2, 1),
        ("Docs.Example.org", 1, 1),
        ("org", 0, 0),
        ("nobody.net", 0, 0),
        (TEXT, 1, 1),
        ("a/b", 0, 0),
    ],
)
def test_a_host_stands_for_its_pages_and_those_of_hosts_below_it(
    pages: Snapshot, name: str, captured: int, recalled: int
) -> None:
    found = named_here(pages, Named.of(name))
    assert found == {"files": 0, "published": 0, "pages": captured, "recalled": recalled}
