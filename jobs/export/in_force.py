"""What was in force when the tables of a release were made: of each stage behind them parameters and outcome, the
benchmarks that were searched for, and the rules of the filter with their limits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pyspark.sql import functions as F

from jobs.code.parameters import Filter
from jobs.flows import TABLES
from jobs.runtime.tables import Lake
from schemas.code import FILTER_DECISIONS
from schemas.contamination import BENCHMARK_HITS, CONTAMINATION
from schemas.contract import Table
from schemas.ops import RUNS
from udfs.rules.load import BUILT_IN, load_rules

_TOLD = ("code_version", "kernel_version", "rows_read", "rows_kept", "rows_dropped")


def behind(tables: Iterable[Table]) -> tuple[str, ...]:
    """Names of the tables and of all that they are made from, in the order of the flows."""
    known = {t.name: t for t in TABLES}
    found: set[str] = set()
    waiting = [t.name for t in tables]
    while waiting:
        name = waiting.pop()
        if name in known and name not in found:
            found.add(name)
            waiting += known[name].made_from
    return tuple(name for name in known if name in found)


def stages(lake: Lake, release: Mapping[str, Any], tables: Iterable[Table]) -> list[dict[str, Any]]:
    """Of each stage behind the tables its newest record up to the release, in the order of the flows."""
    order = {name: place for place, name in enumerate(behind(tables))}
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(lake.small(RUNS), key=lambda r: r["finished_at"]):
        name, version = row["table_name"], row["table_version"]
        released = release["tables"].get(name)
        late = row["finished_at"] > release["created_at"]
        if name in order and released is not None and not late and (version or 0) <= released:
            newest[row["stage"]] = row
    rows = sorted(newest.values(), key=lambda r: (order[r["table_name"]], r["stage"]))
    return [_told(row) for row in rows]


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    params = without_places(json.loads(row["params"] or "{}"))
    about = {"stage": row["stage"], "table": row["table_name"], "version": row["table_version"], "params": params}
    told = {name: row[name] for name in _TOLD if row[name] is not None}
    return about | told | {"reasons": dict(row["reasons"] or ()), "finished_at": f"{row['finished_at']:%Y-%m-%d %H:%M}"}


def without_places(value: Any) -> Any:
    """A value of parameters, of folders and URLs the last part only: where something lies is nobody else's business. Of
    keys that end alike each stays.
    """
    if isinstance(value, dict):
        names = [without_places(key) for key in value]
        said = [f"{name} ({n})" if (n := names[: at + 1].count(name)) > 1 else name for at, name in enumerate(names)]
        return {name: without_places(inner) for name, inner in zip(said, value.values(), strict=True)}
    if isinstance(value, list):
        return [without_places(inner) for inner in value]
    return value.rstrip("/").rpartition("/")[2] if isinstance(value, str) else value


def benchmarks(lake: Lake, release: Mapping[str, Any], found: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Versions of each benchmark that the texts were searched for, as the release has them; empty where none was."""
    by = {row["stage"]: row for row in found}
    version = release["tables"].get(BENCHMARK_HITS.name)
    decided = by.get(CONTAMINATION.name)
    if decided is None or version is None or decided["params"].get("rules") == "none":
        return {}
    names = sorted(decided["params"].get("benchmarks", {}))
    hits = lake.read(BENCHMARK_HITS, version).where(F.col("benchmark").isin(names) & F.col("failure").isNull())
    if kernel := by.get(BENCHMARK_HITS.name, {}).get("kernel_version"):
        hits = hits.where(F.col("kernel_version") == kernel)
    rows = hits.select("benchmark", "benchmark_version").distinct().collect()  # a few of each name
    return {n: sorted(r["benchmark_version"] for r in rows if r["benchmark"] == n) for n in names}


def rules(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rules that the filter of code had, by set, with the limits that they have in this version of refinelake; none
    where they stand in a file of somebody's, which may have changed since.
    """
    mine = (row for row in found if row["stage"] == FILTER_DECISIONS.name)
    name = next((row["params"].get("rules", Filter().rules) for row in mine), None)
    if name not in BUILT_IN:
        return []
    sets = load_rules(name).sets
    return [
        {
            "set": each,
            "signal": r.signal,
            "op": r.op,
            "threshold": r.threshold,
            "severity": r.severity,
            "chance": r.chance,
        }
        for each, held in sets.items()
        for r in held
    ]
