"""The manifest of an export: every version, count and file that a reader, or a removal, may ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pyspark.sql import DataFrame

from jobs.export import in_force
from jobs.export.rows import THE_STACK, columns_of, composition, licences
from jobs.export.the_stack import MISSING
from jobs.export.writing import Part, listed, pattern_of
from jobs.runtime.exported import run_of
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.identity import code_identity

_CODE = ("jobs.export.rows", "jobs.export.writing", "jobs.export.card")
"""What an export hangs on beside its tables; of the code that made these each stage has its own version."""


def counted(rows: Mapping[str, DataFrame]) -> dict[str, dict[str, Any]]:
    """Of each table rows, bytes of text, composition and licences; no list grows with the rows."""
    made = [r.asDict() for r in composition(rows).collect()]
    said = [r.asDict() for r in licences(rows).collect()]
    return {
        name: _counts([r for r in made if r["table"] == name], [r for r in said if r["table"] == name]) for name in rows
    }


def _counts(made: list[dict[str, Any]], said: list[dict[str, Any]]) -> dict[str, Any]:
    kept = ("source", "language", "rows", "bytes")
    ordered = sorted(made, key=lambda r: (r["source"], r["language"]))
    return {
        "rows": sum(r["rows"] for r in made),
        "bytes": sum(r["bytes"] for r in made),
        "composition": [{name: r[name] for name in kept} for r in ordered],
        "licence_unknown": sum(r["unknown"] for r in made),
        "different_licences": max((r["different"] for r in said), default=0),
        "licences": [
            {"licence": r["licence"], "rows": r["rows"]} for r in sorted(said, key=lambda r: (-r["rows"], r["licence"]))
        ],
    }


def facts_of(
    lake: Lake,
    release: Mapping[str, Any],
    tables: tuple[Table, ...],
    begun: Mapping[str, Any],
    counts: Mapping[str, dict[str, Any]],
    files: Mapping[str, Mapping[str, Part]],
    split: str,
) -> dict[str, Any]:
    """All of the manifest. Raises AssertionError where files do not hold what was counted."""
    layout, stages = begun["format"], in_force.stages(lake, release, tables)
    benchmarks = in_force.benchmarks(lake, release, stages)
    about = {}
    for table in tables:
        shown = _about(table, layout, counts[table.name]["rows"], files.get(table.name, {}))
        shown |= {
            "doc": doc_of(table, bool(benchmarks)),
            "version": release["tables"][table.name],
            "pattern": pattern_of(table.name, layout, split),
        }
        about[table.name] = shown | counts[table.name]
    return {
        "export_id": run_of(begun["export_id"]),
        "release": release["release_id"],
        "released_at": f"{release['created_at']:%Y-%m-%d}",
        "exported_at": f"{begun['exported_at']:%Y-%m-%d}",
        "format": layout,
        "held_out": begun["held_out"],
        "split": split,
        "refinelake": _version(),
        "code": code_identity(*_CODE),
        "notes": MISSING if layout == THE_STACK else "",
        "tables": about,
        "versions": dict(release["tables"]),
        "benchmarks": benchmarks,
        "stages": stages,
        "rules": in_force.rules(stages),
    }


def doc_of(table: Table, searched: bool) -> str:
    """What a table is, as others are told: where nothing was searched for, nobody knows of it that it has no copies."""
    return table.doc if searched else re.sub(r",? without copies of benchmarks", "", table.doc)


def _about(table: Table, layout: str, rows: int, files: Mapping[str, Part]) -> dict[str, Any]:
    """What a table has, and its files."""
    found = [part.rows for part in files.values()]
    assert None in found or sum(n or 0 for n in found) == rows, f"{table.name}: expected {rows} rows, found {found}"
    columns = [{"name": c.name, "type": c.type, "doc": c.doc} for c in columns_of(layout, table)]
    return {"columns": columns, "files": listed(files)}


def _version() -> str:
    try:
        return version("refinelake")
    except PackageNotFoundError:  # code that was copied, not installed
        return "of a checkout"
