"""A request to be removed becomes rows: names as salted hashes, and the texts that it reaches beside its own files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.removals import asked_by, check_salt
from jobs.code.taking_out import stored_files
from jobs.runtime import receipts
from jobs.runtime.runner import Run
from jobs.runtime.tables import Lake, MissingTableError
from jobs.runtime.unit_texts import DropError
from schemas.code import NEAR_DUPLICATES, RAW_FILES
from schemas.ops import REMOVALS, REMOVED_CONTENTS
from schemas.web import WEB_PAGES
from udfs.removal.names import salt, salted
from udfs.removal.requests import Request

_NEVER = datetime.fromtimestamp(0, UTC)
_CONTENTS = pa.schema([("removal_id", pa.int64()), ("name_hash", pa.string())])


def ready(lake: Lake) -> None:
    """Whether requests can be kept here. Raises MissingTableError and SaltError."""
    if all(lake.version(t.name) is None for t in (RAW_FILES, WEB_PAGES)):
        raise MissingTableError(
            f"{lake.warehouse}: expected a warehouse with files or pages, found none; nothing was removed"
        )
    check_salt(lake.warehouse, lake.small(REMOVALS), salt())


def refuse_too_many(lake: Lake, run_id: str, requests: Sequence[Request], most: float) -> None:
    """Raises DropError where the requests name more than this share of all files: `--path '**'` is soon typed."""
    if lake.version(RAW_FILES.name) is None:
        return
    asked = asked_by(Run(lake, run_id, ()), [_row(0, run_id, r, None, _NEVER) for r in requests])
    assert asked is not None
    found, every = stored_files(asked, "asked")[1].count(), lake.rows(RAW_FILES)
    if found > most * every:
        raise DropError(
            f"remove: expected to take out at most {most:.0%} of {every:,} files, found {found:,}. Nothing was "
            "removed. Say --allow-drop if they are to go"
        )


def keep(lake: Lake, run_id: str, requests: Sequence[Request], reason: str | None, at: datetime) -> int:
    """Keep the requests, which came `at` this time. Returns their number."""
    number = receipts.next_number(lake)
    rows = [_row(number, run_id, request, reason, at) for request in requests]
    _keep_contents(lake, run_id, number, requests, rows)
    receipts.begin(lake, rows)
    return number


def _row(number: int, run_id: str, request: Request, reason: str | None, at: datetime) -> dict[str, Any]:
    mine = salt()
    exact = request.path if request.path and not request.pattern else None
    name = salted(request.kind, request.name, mine) if request.name else None
    path = salted("path", exact.lstrip("/"), mine) if exact else None
    identity = "\0".join(map(str, (request.kind, name, path, request.pattern, request.reach)))
    return {
        "removal_id": number,
        "asked_id": hashlib.sha256(identity.encode()).hexdigest(),
        "kind": request.kind,
        "name_hash": name,
        "path_hash": path,
        "path_pattern": request.pattern,
        "reach": request.reach,
        "reason": reason,
        "salt_hash": salted("salt", "", mine),
        "run_id": run_id,
        "asked_at": at,
    }


def _keep_contents(
    lake: Lake, run_id: str, number: int, requests: Sequence[Request], rows: list[dict[str, Any]]
) -> None:
    """The texts asked for, and those that the other requests reach now: what comes later is looked for by name only."""
    run = Run(lake, run_id, ())
    asked = [(r, row) for r, row in zip(requests, rows, strict=True) if r.reach != "repository"]
    named = [{"removal_id": number, "name_hash": row["name_hash"]} for r, row in asked if r.kind == "content"]
    found: list[DataFrame] = []
    if named:
        found.append(lake.spark.createDataFrame(pa.Table.from_pylist(named, _CONTENTS)))
    for reach in ("text", "near"):
        if texts := _reached(run, number, [row for r, row in asked if r.reach == reach], named, near=reach == "near"):
            found.append(texts)
    if found:
        lake.ensure(REMOVED_CONTENTS)
        every = found[0]
        for more in found[1:]:
            every = every.unionByName(more)
        lake.append(REMOVED_CONTENTS, every.distinct(), {"run_id": run_id, "removal": number})


def _reached(
    run: Run, number: int, rows: list[dict[str, Any]], named: list[dict[str, Any]], near: bool
) -> DataFrame | None:
    """(removal_id, name_hash) of the texts of the files asked for, and of those near them."""
    asked = asked_by(run, rows) if run.lake.version(RAW_FILES.name) is not None else None
    if asked is None:
        return None
    _, gone = stored_files(asked, "asked.near" if near else "asked.text")
    texts = gone.select("content_id")
    if own := [row["name_hash"] for row in rows if row["kind"] == "content"]:
        files = run.narrow(RAW_FILES).select("content_id").distinct()
        hashes = run.lake.spark.createDataFrame(pa.table({"text_hash": own}))
        texts = texts.union(files.join(F.broadcast(hashes), asked.text_hash(files) == hashes["text_hash"], "left_semi"))
    texts = texts.distinct()
    if near and run.lake.version(NEAR_DUPLICATES.name):
        groups = run.narrow(NEAR_DUPLICATES).select("content_id", "group_id")
        mine = groups.join(texts, "content_id", "left_semi").select("group_id").distinct()
        texts = texts.union(groups.join(mine, "group_id", "left_semi").select("content_id")).distinct()
    hashed = texts.select(asked.text_hash(texts).alias("name_hash"))
    return hashed.select(F.lit(number).cast("bigint").alias("removal_id"), "name_hash")
