"""The way of a page through the web half, for refinelake explain."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.commands.explain_steps import cleaned_lines, copied_lines, named, step_lines
from jobs.runtime.snapshot import NoTableError, Snapshot
from schemas import web
from schemas.recall import PAGE_LABELS

_STEPS = (
    web.WEB_EXACT_DUPLICATES,
    web.WEB_NEAR_DUPLICATES,
    web.WEB_FILTER_DECISIONS,
    web.WEB_CLEAN_DUPLICATES,
)
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")


def find_pages(snapshot: Snapshot, what: str) -> list[dict[str, Any]]:
    """Pages of that address, with or without its scheme, of an address that ends so, or of a hash; none where there is
    no web half.
    """
    url = pc.field("url")
    bare = _SCHEME.sub("", what)
    same = (url == what) | url.isin([f"https://{bare}", f"http://{bare}"])
    condition = same | pc.ends_with(url, "/" + bare.lstrip("/"))
    try:
        if re.fullmatch(r"[0-9a-f]{8,64}", what):
            clean = pc.starts_with(pc.field("clean_id"), what)
            known = snapshot.rows(web.WEB_FILTER_DECISIONS, clean, ["file_id"])
            condition = condition | pc.field("page_id").isin(pa.array([r["file_id"] for r in known], pa.string()))
            for column in ("page_id", "content_id"):
                condition = condition | pc.starts_with(pc.field(column), what)
        found = snapshot.rows(web.WEB_PAGES, condition | named(what))
    except NoTableError:
        return []
    return sorted(found, key=lambda r: (r["url"] or "", r["page_id"]))


def unreached(snapshot: Snapshot, what: str) -> list[dict[str, Any]]:
    """Units, of the source or the location of that name, that the newest run could not reach."""
    try:
        return snapshot.rows(web.WEB_SOURCES, named(what) & (pc.field("status") != "fresh"))
    except NoTableError:
        return []


def explain_page(snapshot: Snapshot, page: dict[str, Any]) -> list[str]:
    """Lines about one page: what it is, then each stage up to the one that dropped it or to the corpus."""
    lines = [f"{page['source_id']}  {page['url'] or '(without an address)'}", f"  page_id {page['page_id']}"]
    status = f"status {page['status']}, " if page["status"] else ""
    when = f", captured {page['captured_at']:%Y-%m-%d}" if page["captured_at"] else ""
    lines.append(f"  {status}{page['content_type'] or page['kind']}{when}, byte {page['offset']} of {page['file']}")
    if page["content_id"] is None:
        return [*lines, f"  no text: {page['reason']}"]
    mine = pc.field("page_id") == page["page_id"]
    decided = sorted(snapshot.rows(web.WEB_DECISIONS, mine), key=lambda r: r["tag"])
    for row in decided:
        lines += _tag(row)
    lines += _labels(snapshot, page)
    if not any(row["keep"] for row in decided):
        return lines
    for table in _STEPS:
        rows = snapshot.rows(table, pc.field("file_id") == page["page_id"])
        if not rows:
            return lines
        if table is web.WEB_FILTER_DECISIONS:
            lines += cleaned_lines(snapshot, web.WEB_CLEANED_TEXTS, page["content_id"], rows[0]["clean_id"])
        lines += step_lines(table.name, rows[0], lambda detail: _other(snapshot, detail))
        if not rows[0]["keep"]:
            return lines
    published = snapshot.rows(web.WEB_CORPUS, mine, ["clean_id", "tags"])
    for row in published:
        lines.append(f"  in web_corpus as {row['clean_id']}, tags {', '.join(row['tags'])}")
        lines += copied_lines(snapshot, row["clean_id"])
    return lines


def _tag(row: dict[str, Any]) -> list[str]:
    score = "" if row["score"] is None else f", score {row['score']:.3f}"
    if row["keep"]:
        return [f"  {row['tag']}: recalled by {row['why'].replace('_', ' ')}{score}"]
    said = {"not_recalled": "not recalled", "labelled_not": "a person said no", "pattern_not": "its pattern says no"}
    lines = []
    for why in row["reasons"]:
        limit = f" under {why['threshold']:.3f}" if why["threshold"] is not None else ""
        of = f" ({why['detail']})" if why["detail"] else ""
        reason = said.get(why["rule"], f"asks not to be used ({why['rule']})")
        lines.append(f"  {row['tag']}: {reason}{of}{score if why['rule'] == 'not_recalled' else ''}{limit}")
    return lines


def _labels(snapshot: Snapshot, page: dict[str, Any]) -> list[str]:
    if page["url"] is None:
        return []
    try:
        rows = snapshot.rows(PAGE_LABELS, pc.field("url") == page["url"])
    except NoTableError:
        return []
    said = [f"{r['by']} says {'yes' if r['label'] else 'no'} to {r['tag']}" for r in rows]
    return [f"  page_labels: {'; '.join(sorted(said))}"] if said else []


def _other(snapshot: Snapshot, page_id: str) -> str:
    rows = snapshot.rows(web.WEB_PAGES, pc.field("page_id") == page_id, ["url", "source_id"], 1)
    return f"{rows[0]['source_id']}  {rows[0]['url'] or page_id}" if rows else page_id
