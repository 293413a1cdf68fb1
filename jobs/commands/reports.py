"""Reports show paths, domains and excerpts of texts: where each was written is kept, so that a removal reaches it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from jobs.runtime.tables import Lake

CODE, WEB, INSTRUCT, DATA = "report", "web report", "instruct report", "data report"
LABELS, COPIES = "labels", "copies of benchmarks"
"""What is written; neither a file of labels, in which people have worked, nor one of copies is written anew."""

_BY_HAND = {LABELS: "people have worked in it", COPIES: "delete it, refinelake contamination --to writes it anew"}

Page: TypeAlias = "Callable[[Lake, dict[type, Any]], str]"


def put(lake: Lake, kind: str, place: str, page: str) -> None:
    """Write a report and keep where. Raises OSError from the place."""
    from jobs.runtime.places import write_text

    note(lake, kind, place)
    write_text(place, page + _mark(lake, kind))


def note(lake: Lake, kind: str, place: str) -> None:
    """Keep that a file shows rows of the warehouse, once; who may only read it may still look at it."""
    from jobs.runtime.accounting import append_rows
    from jobs.runtime.places import scheme
    from schemas.ops import REPORTS

    row = {"place": place, "machine": "" if scheme(place) else platform.node(), "kind": kind}
    try:
        if all({name: r[name] for name in row} != row for r in lake.small(REPORTS)):
            append_rows(lake, REPORTS, [row | {"written_at": datetime.now(UTC)}])
    except Exception as error:  # every store has errors of its own
        print(f"{place}: expected to note it in {lake.warehouse}, found {error}; a removal will not write it anew")


def renew(lake: Lake, params: dict[type, Any], also: str | None = None) -> list[str]:
    """Write anew every report that is known of, the one beside the warehouse and `also`, where they are reached.
    Returns those that are not, with why; one that is no longer there is forgotten.
    """
    from jobs.runtime.accounting import rewrite_rows
    from schemas.ops import REPORTS

    rows = lake.small(REPORTS)
    pages: dict[str, str] = {}
    left, kept = [], []
    for row in [*rows, *_unnoted(lake, rows, also)]:
        found = _renewed(lake, params, row, pages, sure=row["place"] == also or "written_at" not in row)
        left += [f"{row['place']} ({row['kind']}): {found}"] if found else []
        kept += [row] if found is not None and "written_at" in row else []
    if len(kept) < len(rows):
        rewrite_rows(lake, REPORTS, kept)
    return left


def _unnoted(lake: Lake, rows: list[dict[str, Any]], also: str | None) -> list[dict[str, Any]]:
    """The places that are looked at whatever is noted: reports of before this was kept."""
    from jobs.runtime.places import absolute, exists, files_place
    from schemas.code import CODE_CORPUS

    if lake.version(CODE_CORPUS.name) is None:
        return []
    beside = f"{files_place(lake.warehouse, lake.staging_root)}/report.html"
    here = {"machine": platform.node(), "kind": CODE}
    wanted = [absolute(also)] if also else []
    wanted += [beside] if beside not in wanted and exists(beside) else []
    return [here | {"place": p} for p in wanted if p not in {r["place"] for r in rows}]


def _renewed(lake: Lake, params: dict[type, Any], row: dict[str, Any], pages: dict[str, str], sure: bool) -> str | None:
    """Write one anew: empty where that was done, None where it is no more, else why not."""
    from jobs.runtime.places import exists, read_text, write_text

    kind, place = row["kind"], row["place"]
    if row["machine"] not in ("", platform.node()):
        return f"on {row['machine']}"
    try:
        if not exists(place):
            return None
        if kind in _BY_HAND:
            return _BY_HAND[kind]
        if not sure and _mark(lake, kind) not in read_text(place):
            return "another one has taken its place, or somebody has changed it"
        if kind not in pages:
            pages[kind] = _pages()[kind](lake, params) + _mark(lake, kind)
        write_text(place, pages[kind])
    except (OSError, ValueError) as error:  # from the place; ValueError where its driver is not here
        return str(error)
    return ""


def _pages() -> dict[str, Page]:
    from jobs.report_data import data_report_page
    from jobs.report_instruct import instruct_report_page
    from jobs.report_web import web_report_page

    return {
        CODE: _code_page,
        WEB: lambda lake, params: web_report_page(lake),
        INSTRUCT: lambda lake, params: instruct_report_page(lake),
        DATA: lambda lake, params: data_report_page(lake),
    }


def _code_page(lake: Lake, params: dict[type, Any]) -> str:
    from jobs.flows import CODE as FLOW
    from jobs.report import report_page
    from jobs.runtime.runner import Run

    run = Run(lake, "report", FLOW.stages, params)
    try:
        return report_page(run)
    finally:
        run.held.let_go()


def _mark(lake: Lake, kind: str) -> str:
    """At the end of a report: a file of the same name may by now be another warehouse's."""
    return f"<!-- refinelake {kind} {hashlib.sha256(lake.warehouse.encode()).hexdigest()[:16]} -->\n"
