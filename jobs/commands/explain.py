"""refinelake explain: the way of a file through the stages, and why it ended where it did."""

from __future__ import annotations

import argparse
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.runtime.snapshot import Snapshot
from schemas import code
from schemas.ops import REJECTS, SOURCES
from udfs.cleaning.placeholders import PLACEHOLDERS
from udfs.rules.sentences import label, sentence

MOST = 10
_REPLACED = {"email": "e-mail address", "ipv4": "IPv4 address", "ipv6": "IPv6 address"}
_REPLACED |= {kind: kind for kind in ("key", "token", "password")}
_STEPS = (
    code.FILE_DECISIONS,
    code.EXACT_DUPLICATES,
    code.NEAR_DUPLICATES,
    code.FILTER_DECISIONS,
    code.CLEAN_DUPLICATES,
    code.SAMPLE_DECISIONS,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", help="a path, a source or its end, or the first 8 or more digits of a file_id, content_id or clean_id"
    )
    parser.add_argument("--warehouse", required=True, help="location of the Delta tables")


def work(args: argparse.Namespace) -> int:
    snapshot = Snapshot.newest(args.warehouse)
    files, refused = find(snapshot, args.what)
    unread = unreachable(snapshot, args.what)
    if not files and not refused and not unread:
        raise ValueError(
            f"{args.what}: expected a path, a source or the beginning of a hash, found nothing of that name in "
            f"{snapshot.warehouse}; a path is compared from its end, `/` between parts"
        )
    for row in unread[:MOST]:
        kept = "its last snapshot is kept" if row["status"] == "stale" else "it has no snapshot, so it adds nothing"
        print(f"{row['source_id']}  {row['unit']}\n  could not be reached, {kept}: {row['error']}\n")
    for row in refused[:MOST]:
        print(f"{row['source_id']}  {row['path'] or '(the source as a whole)'}")
        print(f"  refused by {row['stage']}, {label(row['reason'])}{': ' + row['detail'] if row['detail'] else ''}\n")
    for file in files[:MOST]:
        print("\n".join(explain(snapshot, file)) + "\n")
    if len(files) + len(refused) > 2 * MOST or len(files) > MOST:
        print(f"{len(files)} files match, {MOST} are shown; give more of the path, or a file_id")
    return 0


def find(snapshot: Snapshot, what: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(files, refusals) of that path, path end or hash."""
    path = pc.field("path")
    by_path = (path == what) | pc.ends_with(path, "/" + what.lstrip("/"))
    condition = by_path
    if re.fullmatch(r"[0-9a-f]{8,64}", what):
        clean = pc.starts_with(pc.field("clean_id"), what)
        known = snapshot.rows(code.FILTER_DECISIONS, clean, ["file_id"], MOST + 1)
        ids = pc.field("file_id").isin(pa.array([r["file_id"] for r in known], pa.string()))
        starts = (pc.starts_with(pc.field(c), what) for c in ("file_id", "content_id"))
        condition = by_path | ids | next(starts) | next(starts)
    files = snapshot.rows(code.RAW_FILES, condition)
    refused = snapshot.rows(REJECTS, by_path | _named(what))
    return sorted(files, key=lambda r: (r["source_id"], r["path"])), sorted(refused, key=lambda r: r["reject_id"])


def unreachable(snapshot: Snapshot, what: str) -> list[dict[str, Any]]:
    """Units, of the source or the location of that name, that the newest run could not reach."""
    rows = snapshot.rows(SOURCES, _named(what) & (pc.field("status") != "fresh"))
    return sorted(rows, key=lambda r: (r["source_id"], r["unit"]))


def _named(what: str) -> pc.Expression:
    """The source or its unit is called so, or ends in it."""
    names = (pc.field("source_id"), pc.field("unit"))
    same = [(name == what) | pc.ends_with(name, "/" + what.lstrip("/")) for name in names]
    return same[0] | same[1]


def explain(snapshot: Snapshot, file: dict[str, Any]) -> list[str]:
    """Lines about one file: what it is, then each stage up to the one that dropped it or to the corpus."""
    found = file["language"] or "no known language"
    lines = [f"{file['source_id']}  {file['path']}"]
    lines.append(f"  file_id {file['file_id']}")
    how = f" by {file['language_by']}" if file["language_by"] else ""
    lines.append(f"  {file['size_bytes']:,} bytes, {file['encoding']}, {found}{how}, kind {file['kind']}")
    mine = pc.field("file_id") == file["file_id"]
    for table in _STEPS:
        rows = snapshot.rows(table, mine)
        if not rows:
            return lines
        if table is code.FILTER_DECISIONS:
            lines += _cleaned(snapshot, file, rows[0]["clean_id"])
        lines += _step(snapshot, table.name, rows[0])
        if not rows[0]["keep"]:
            return lines
    published = snapshot.rows(code.CODE_CORPUS, mine, ["clean_id"])
    return lines + [f"  in code_corpus as {row['clean_id']}" for row in published]


def _cleaned(snapshot: Snapshot, file: dict[str, Any], clean_id: str | None) -> list[str]:
    """What cleaning took out of the text that the filter saw: a program may have been damaged by it."""
    same = (pc.field("language") == (file["language"] or "")) & (pc.field("kind") == file["kind"])
    if clean_id is not None:
        same &= pc.field("clean_id") == clean_id
    columns = ["content_id", "header_bytes", "replaced", "cells_cut", "failure"]
    rows = snapshot.rows(code.CLEANED_TEXTS, same, columns)
    # Another text may have become the same; a text with chunks cut has an id of its own.
    rows = [row for row in rows if row["content_id"] == file["content_id"]] or (rows[:1] if clean_id else [])
    if not rows:
        return []
    row = rows[0]
    if row["failure"]:
        return [f"  cleaned_texts: not cleaned, {row['failure']}"]
    said = [f"{row['header_bytes']:,} bytes of licence header removed"] if row["header_bytes"] else []
    for kind, number in sorted(dict(row["replaced"]).items()):
        said.append(f"{number} {_REPLACED[kind]}{_plural(kind, number)} replaced by {PLACEHOLDERS[kind]}")
    if row["cells_cut"]:
        said.append(f"{row['cells_cut']} notebook outputs cut")
    return [f"  cleaned_texts: {', '.join(said) or 'unchanged'}"]


def _plural(kind: str, number: int) -> str:
    return "" if number == 1 else "es" if kind in ("email", "ipv4", "ipv6") else "s"


def _step(snapshot: Snapshot, stage: str, row: dict[str, Any]) -> list[str]:
    if row["keep"]:
        size = row.get("group_size") or 1
        note = f", stands for a group of {size}" if size > 1 else ""
        note += f", rule set {row['rule_set']}" if row.get("rule_set") else ""
        return [f"  {stage}: kept{note}"]
    lines = []
    for why in row["reasons"]:
        said = sentence(why["rule"], why["value"], why["threshold"])
        signal, _, compared = why["rule"].partition(" ")
        rule = f" [{signal}]" if compared else ""
        lines.append(f"  {stage}: dropped, {said}{_detail(snapshot, why['detail'])}{rule}")
    return lines


def _detail(snapshot: Snapshot, detail: str | None) -> str:
    """The other file's name where the detail is a file_id, else the detail itself."""
    if not detail:
        return ""
    if not re.fullmatch(r"[0-9a-f]{64}", detail):
        return f" ({detail})"
    other = snapshot.rows(code.RAW_FILES, pc.field("file_id") == detail, ["source_id", "path"], 1)
    return f": {other[0]['source_id']}  {other[0]['path']}" if other else f": {detail}"
