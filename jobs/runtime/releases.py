"""Releases: which versions of the tables readers see. One is made once a flow is whole, never half-way through it.

A flow is whole when each of its stages has recorded that it read the tables as they now are and left its own as it now
is. Only then do the versions that a release names belong together.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

from jobs.runtime.accounting import StageResult, append_rows, finished_work
from jobs.runtime.stage import Decide, Stage
from jobs.runtime.tables import Lake
from schemas.contract import Table
from schemas.ops import RELEASES


class Flow(Protocol):
    """What a release must know of a flow (jobs/flows.py)."""

    @property
    def before(self) -> tuple[str, str, str]: ...
    @property
    def stages(self) -> tuple[Stage, ...]: ...
    @property
    def tables(self) -> tuple[Table, ...]: ...


def release_whole(
    lake: Lake,
    run_id: str,
    flows: Iterable[Flow],
    note: str | None = None,
    done: dict[str, StageResult] | None = None,
) -> tuple[int | None, list[str]]:
    """Release the flows that are whole, up to the first that is not: what follows it was made from other versions.

    `done` is the newest result of every stage, where it is known. Returns (release id, None where nothing has changed
    or nothing is whole; what the first flow still waits for).
    """
    done = finished_work(lake) if done is None else done
    tables: list[Table] = []
    waits: list[str] = []
    for flow in flows:
        if not done.keys() & {s.name for s in flow.stages}:
            continue  # its tables, if there are any, were brought here by other means
        missing = waits_for(lake, flow, done)
        if missing:
            waits = missing if not tables else []
            break
        read = [t for s in flow.stages for t in (*s.reads, *getattr(s, "texts", ()))]
        tables = list({t.name: t for t in (*tables, *read, *flow.tables)}.values())
    return (name_versions(lake, run_id, tuple(tables), note) if tables else None), waits


def waits_for(lake: Lake, flow: Flow, done: dict[str, StageResult]) -> list[str]:
    """Why a flow is not whole, one sentence a stage; empty where it is.

    Where the last to move a table of the flow was a stage of a later one, which writes a share of it (labels that a
    model gives to pages), the flow reads that in its next run: else each would wait for the other, night for night.
    """
    own = {flow.before[0], *(s.name for s in flow.stages)}
    shared = {s.name for s in flow.stages if isinstance(s, Decide) and s.scope}
    mine = {t.name for t in flow.tables}
    later = {(r.table_name, r.table_version) for name, r in done.items() if name not in own and r.table_name in mine}
    waits = []
    for name in (flow.before[0], *(s.name for s in flow.stages)):
        last = done.get(name)
        if last is None:
            waits.append(f"{name} has not been carried out")
            continue
        seen = dict(last.inputs)
        if name not in shared:
            seen[last.table_name] = last.table_version
        now = {t: lake.rows_version(t) or 0 for t in seen}
        moved = sorted(t for t, version in seen.items() if version != now[t] and (t, now[t]) not in later)
        if moved:
            waits.append(f"{name} has not been carried out since {', '.join(moved)} moved")
    return waits


def name_versions(lake: Lake, run_id: str, tables: tuple[Table, ...], note: str | None = None) -> int | None:
    """Name the present version of every table as what readers see. Returns its id, None where nothing has changed: what
    readers see of later flows, not whole at the moment, is still made from these versions.
    """
    versions = {t.name: v for t in tables if (v := lake.version(t.name)) is not None}
    last = current_release(lake)
    if last and versions.items() <= last["tables"].items():
        return None
    return append_release(lake, run_id, versions, note)


def append_release(lake: Lake, run_id: str, versions: dict[str, int], note: str | None) -> int:
    """A new release of these versions. Returns its id."""
    number = max((r["release_id"] for r in lake.small(RELEASES)), default=0) + 1
    row = {
        "release_id": number,
        "run_id": run_id,
        "tables": versions,
        "note": note,
        "withdrawn": None,
        "created_at": datetime.now(UTC),
    }
    append_rows(lake, RELEASES, [row])
    return number


def current_release(lake: Lake) -> dict[str, Any] | None:
    """The newest release, None before the first."""
    newest = max(
        (r for r in lake.small(RELEASES) if not r["withdrawn"]), key=lambda row: row["release_id"], default=None
    )
    return newest and {**newest, "tables": dict(newest["tables"])}


def named_release(lake: Lake, number: int | None = None) -> dict[str, Any]:
    """The release of that number, or the newest. Raises ValueError where there is none, or nobody may read it."""
    rows = {r["release_id"]: {**r, "tables": dict(r["tables"])} for r in lake.small(RELEASES)}
    if number is None:
        if (newest := current_release(lake)) is None:
            raise ValueError(
                f"{lake.warehouse}: expected a warehouse with a release, found none; run refinelake run first"
            )
        return newest
    if number not in rows:
        known = ", ".join(map(str, sorted(rows))) or "none"
        raise ValueError(f"{lake.warehouse}: expected one of the releases {known}, found {number}; name one of these")
    if why := rows[number]["withdrawn"]:
        raise ValueError(
            f"release {number}: expected one that may be read, found it withdrawn: {why}; name a later one"
        )
    return rows[number]
