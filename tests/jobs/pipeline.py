"""Small corpora on disk, whole runs over them, and table contents as plain rows: what the Spark tests share."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from jobs.code import flow
from jobs.code.ingest import ingest
from jobs.code.parameters import Ingest
from jobs.runtime import releases, runner
from jobs.runtime.accounting import StageResult
from jobs.runtime.manifest import read_manifest
from jobs.runtime.tables import Lake
from schemas.contract import Table


@dataclass
class World:
    """Folder sources below `root`: name -> {path: text}, and what the manifest says of each."""

    root: Path
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self) -> Path:
        """Bring the folders and the manifest to this state."""
        lines = []
        for name, files in self.files.items():
            folder = self.root / "sources" / name
            folder.mkdir(parents=True, exist_ok=True)
            wanted = {folder / path: text for path, text in files.items()}
            for stored in [p for p in folder.rglob("*") if p.is_file() and p not in wanted]:
                stored.unlink()
            for path, text in wanted.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.exists() or path.read_text(encoding="utf-8") != text:
                    path.write_text(text, encoding="utf-8")
            row = {"kind": "folder", "location": str(folder), "source_id": name, **self.facts.get(name, {})}
            lines.append(json.dumps(row))
        manifest = self.root / "sources.jsonl"
        manifest.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return manifest


def run_all(
    lake: Lake,
    manifest: Path,
    run_id: str,
    params: dict[type, Any] | None = None,
    allow_drop: bool = True,
    stages: Iterable[Any] = flow.STAGES,
    progress: runner.Progress | None = None,
) -> list[StageResult]:
    """Ingest and every stage, then the release."""
    run = runner.Run(lake, run_id, flow.STAGES, params or {}, progress=progress)
    sources = read_manifest(str(manifest))

    def read_sources() -> StageResult:
        return ingest(run, sources, run.params.get(Ingest, Ingest()), allow_drop)[0]

    results = runner.run_stages(run, tuple(stages), before=(("ingest", read_sources),))
    releases.name_versions(lake, run_id, flow.TABLES)
    run.held.let_go()
    return results


class JobCounts:
    """Counts the Spark jobs of each stage of a run."""

    def __init__(self, spark: Any) -> None:
        self._context = spark.sparkContext
        self._group = ""
        self.jobs: dict[str, int] = {}

    def started(self, stage: str, number: int, of: int) -> None:
        self._group = f"{stage} {uuid.uuid4()}"
        self._context.setJobGroup(self._group, stage)

    def note(self, text: str) -> None:
        pass

    def finished(self, result: StageResult) -> None:
        self.jobs[result.stage] = len(self._context.statusTracker().getJobIdsForGroup(self._group))
        self._context.setLocalProperty("spark.jobGroup.id", None)


def contents_of(lake: Lake, table: Table) -> list[dict[str, Any]]:
    """All rows of a table without its volatile columns, sorted, maps as sorted pairs, so that two tables compare. One
    that only a command makes (scorers) holds nothing before.
    """
    return plain_rows(table, lake.read(table)) if lake.version(table.name) is not None else []


def plain_rows(table: Table, rows: DataFrame) -> list[dict[str, Any]]:
    """Rows in a table's columns, as contents_of gives those that are stored."""
    names = [n for n in table.names if n not in table.volatile]
    found = [{n: _plain(r[n]) for n in names} for r in rows.select(*names).collect()]
    return sorted(found, key=lambda r: json.dumps(r, sort_keys=True, default=str))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted(value.items())
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    return value
