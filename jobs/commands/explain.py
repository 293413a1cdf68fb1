"""refinelake explain: the way of a file or a page through the stages, and why it ended where it did."""

from __future__ import annotations

import argparse
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.commands.explain_made import explain_thread, find_threads
from jobs.commands.explain_page import explain_page, find_pages, unreached
from jobs.commands.explain_steps import cleaned_lines, copied_lines, named, recalled_lines, step_lines
from jobs.runtime.snapshot import NoTableError, Snapshot
from schemas import code
from schemas.instruct import THREADS
from schemas.ops import REJECTS, SOURCES
from schemas.web import WEB_PAGES
from udfs.rules.sentences import label

MOST = 10
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
        "what",
        help="a path, the address of a page, a source or its end, or the first 8 or more digits of a file_id, page_id, "
        "content_id, clean_id, seed_id or row_id that a recipe made",
    )
    parser.add_argument("--warehouse", required=True, help="location of the Delta tables")


def work(args: argparse.Namespace) -> int:
    snapshot = Snapshot.newest(args.warehouse)
    files, refused = find(snapshot, args.what)
    pages = find_pages(snapshot, args.what)
    threads = find_threads(snapshot, args.what)
    unread = [*unreachable(snapshot, args.what), *unreached(snapshot, args.what)]
    if not files and not pages and not threads and not refused and not unread:
        raise ValueError(
            f"{args.what}: expected a path, an address, a source or the beginning of a hash, found nothing of that "
            f"name in {snapshot.warehouse}; a path is compared from its end, `/` between parts"
        )
    for row in unread[:MOST]:
        kept = "its last snapshot is kept" if row["status"] == "stale" else "it has no snapshot, so it adds nothing"
        print(f"{row['source_id']}  {row['unit']}\n  could not be reached, {kept}: {row['error']}\n")
    for row in refused[:MOST]:
        print(f"{row['source_id']}  {row['path'] or '(the source as a whole)'}")
        print(f"  refused by {row['stage']}, {label(row['reason'])}{': ' + row['detail'] if row['detail'] else ''}\n")
    for file in files[:MOST]:
        print("\n".join(explain(snapshot, file)) + "\n")
    for page in pages[:MOST]:
        print("\n".join(explain_page(snapshot, page)) + "\n")
    for thread in threads[:MOST]:
        print("\n".join(explain_thread(snapshot, thread)) + "\n")
    if len(pages) > MOST:
        print(f"{len(pages)} pages match, {MOST} are shown; give the whole address, or a page_id")
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
        known = _rows(snapshot, code.FILTER_DECISIONS, clean, ["file_id"], MOST + 1)
        ids = pc.field("file_id").isin(pa.array([r["file_id"] for r in known], pa.string()))
        starts = (pc.starts_with(pc.field(c), what) for c in ("file_id", "content_id"))
        condition = by_path | ids | next(starts) | next(starts)
    files = _rows(snapshot, code.RAW_FILES, condition)
    refused = _rows(snapshot, REJECTS, by_path | named(what))
    return sorted(files, key=lambda r: (r["source_id"], r["path"])), sorted(refused, key=lambda r: r["reject_id"])


def _rows(snapshot: Snapshot, *asked: Any) -> list[dict[str, Any]]:
    """Rows of a table of the raw-code half; none in a warehouse of pages alone."""
    try:
        return snapshot.rows(*asked)
    except NoTableError:
        if not {WEB_PAGES.name, THREADS.name} & set(snapshot.versions):
            raise
        return []


def unreachable(snapshot: Snapshot, what: str) -> list[dict[str, Any]]:
    """Units, of the source or the location of that name, that the newest run could not reach."""
    rows = _rows(snapshot, SOURCES, named(what) & (pc.field("status") != "fresh"))
    return sorted(rows, key=lambda r: (r["source_id"], r["unit"]))


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
            kind = (file["language"] or "", file["kind"])
            lines += cleaned_lines(snapshot, code.CLEANED_TEXTS, file["content_id"], rows[0]["clean_id"], kind)
        if table is code.FILE_DECISIONS and file["kind"] == "text" and rows[0]["keep"]:
            lines += recalled_lines(snapshot, mine)
        lines += step_lines(table.name, rows[0], lambda detail: _other(snapshot, detail))
        if not rows[0]["keep"]:
            return lines
    published = snapshot.rows(code.CODE_CORPUS, mine, ["clean_id"])
    for row in published:
        lines += [f"  in code_corpus as {row['clean_id']}", *copied_lines(snapshot, row["clean_id"])]
    return lines


def _other(snapshot: Snapshot, file_id: str) -> str:
    other = snapshot.rows(code.RAW_FILES, pc.field("file_id") == file_id, ["source_id", "path"], 1)
    return f"{other[0]['source_id']}  {other[0]['path']}" if other else file_id
