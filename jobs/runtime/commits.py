"""What the files of the tables' logs say: the newest commit of each table, and the one that last moved its rows.

The identity of an input is that last move: OPTIMIZE, VACUUM and ALTER commit too, and leave the rows as they were.
Read here without Spark, where this process reaches the tables (versions.py asks Spark where it does not).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.runtime import places

KEEPS_ROWS = frozenset(
    {
        *("OPTIMIZE", "REORG", "VACUUM START", "VACUUM END", "COMPUTE STATS", "ANALYZE", "CLUSTER BY"),
        *("UPGRADE PROTOCOL", "SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "ADD CONSTRAINT", "DROP CONSTRAINT"),
        *("CHANGE COLUMN", "DROP FEATURE", "SET COLUMN COMMENT"),
    }
)
"""Operations after which a table holds the rows that it held before (ADD COLUMNS gives them a null)."""
ROWS_VERSION = "rows_version"
"""What our own commits that move no row say of the newest one that did: no history needs to be read for it."""
INFO = '{"commitInfo"'
"""How the line of a log file begins that tells of its commit."""
_NAME = re.compile(r"(\d{20})\.json")


class BrokenLogError(ValueError):
    """The newest file of a table's log is not whole."""


@dataclass(frozen=True)
class Commit:
    """The newest commit of a table, the newest one that moved its rows, and what the newest says of itself."""

    version: int
    rows_version: int
    said: Mapping[str, Any]


def commit_of(version: int, info: Mapping[str, Any]) -> Commit | None:
    """From the `commitInfo` of a commit; None where it moved no row and does not say which one did."""
    said = metadata(info.get("userMetadata"))
    moved = rows_moved(version, info["operation"], said)
    return None if moved is None else Commit(version, moved, said)


def rows_moved(version: int, operation: str, said: Mapping[str, Any]) -> int | None:
    """The version that last moved rows, as one commit tells it: itself, or what it names; None where it cannot tell."""
    if ROWS_VERSION in said:
        return int(said[ROWS_VERSION])
    return None if operation in KEEPS_ROWS else version


def metadata(text: str | None) -> dict[str, Any]:
    """What a commit of ours says; others may write anything there."""
    try:
        said = json.loads(text or "{}")
    except json.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def table_names(warehouse: str) -> list[str]:
    """Every table of a warehouse."""
    return [name for name in places.names(warehouse) if not name.startswith("_") and versions(f"{warehouse}/{name}")]


def newest_commits(warehouse: str) -> dict[str, Commit]:
    """The newest commit of every table; without those of which the newest file alone does not tell enough."""
    found = {}
    for name in places.names(warehouse):
        place = f"{warehouse.rstrip('/')}/{name}"
        last = [] if name.startswith("_") else versions(place)[-1:]
        if last and (commit := commit_at(place, last[0])):
            found[name] = commit
    return found


def versions(place: str) -> list[int]:
    """The commits that the log of the table at `place` still holds, in order; empty where there is no table."""
    files = places.names(f"{place.rstrip('/')}/_delta_log")
    return sorted(int(found[1]) for name in files if (found := _NAME.fullmatch(name)))


def commit_at(place: str, version: int) -> Commit | None:
    """One commit of the table at `place`. None where it is not there or does not tell enough. Raises BrokenLogError."""
    file = f"{place.rstrip('/')}/_delta_log/{version:020d}.json"
    try:
        lines = places.read_text(file).splitlines()
    except FileNotFoundError:
        return None
    try:
        json.loads(lines[-1] if lines else "{}")
    except json.JSONDecodeError:
        raise BrokenLogError(
            f"{file}: expected a commit, found one that ends in the middle of a line: a writer died on a store that "
            "shows half-written files. The commit never happened: delete this file, and start the run again"
        ) from None
    info = next((line for line in lines if line.startswith(INFO)), None)
    return None if info is None else commit_of(version, json.loads(info)["commitInfo"])
