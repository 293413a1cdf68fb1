"""Where reports were written is kept, and a removal writes anew those that it reaches, and no other file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobs.commands import reports
from jobs.runtime.accounting import append_rows
from jobs.runtime.receipts import note_reports
from jobs.runtime.tables import Lake
from schemas.ops import RECEIPTS, REPORTS


def test_reports_are_written_anew_where_they_are_still_ours(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def page(kind: str) -> reports.Page:
        return lambda lake, params: made.append(kind) or f"<p>{kind} anew\n"  # type: ignore[func-returns-value]

    monkeypatch.setattr(reports, "_pages", lambda: {kind: page(kind) for kind in (reports.CODE, reports.WEB)})
    stays, other, gone, labels = (tmp_path / f"{name}.html" for name in ("stays", "other", "gone", "labels"))
    for file in (stays, other, gone):
        reports.put(lake, reports.CODE, str(file), "<p>a needle\n")
        reports.put(lake, reports.CODE, str(file), "<p>a needle, again\n")
    reports.put(lake, reports.WEB, str(tmp_path / "web.html"), "<p>a needle\n")
    reports.note(lake, reports.LABELS, str(labels))
    labels.write_text("a needle\n")
    ours = next(r for r in lake.small(REPORTS) if r["place"] == str(stays))
    others = [{"machine": "elsewhere"}, {"place": "nothing://x/report.html", "machine": ""}]
    append_rows(lake, REPORTS, [ours | other for other in others])
    gone.unlink()
    reports.put(Lake(lake.spark, str(tmp_path / "second")), reports.CODE, str(other), "<p>of another warehouse\n")

    left = reports.renew(lake, {})
    assert stays.read_text().startswith("<p>report anew") and "needle" not in (tmp_path / "web.html").read_text()
    assert other.read_text().startswith("<p>of another warehouse") and labels.read_text() == "a needle\n"
    assert sorted(made) == [reports.CODE, reports.WEB], "each page is made once"
    assert sorted(said.partition(" (")[2].partition(",")[0] for said in left) == [
        "labels): people have worked in it",
        "report): another one has taken its place",
        "report): nothing://x/report.html: expected a scheme that fsspec knows",
        "report): on elsewhere",
    ]
    assert {Path(r["place"]).stem for r in lake.small(REPORTS)} == {"stays", "other", "web", "labels", "report"}

    asked = dict.fromkeys(RECEIPTS.names) | {"names": 1, "asked_at": datetime.now(UTC)}
    append_rows(lake, RECEIPTS, [asked | {"removal_id": n} for n in (1, 2)])
    note_reports(lake, [{"removal_id": 2}], left)
    assert {r["removal_id"]: r["reports"] for r in lake.small(RECEIPTS)} == {1: None, 2: left}


def test_who_may_only_read_a_warehouse_may_still_write_its_report(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("read only")

    monkeypatch.setattr("jobs.runtime.accounting.append_rows", refused)
    reports.put(lake, reports.CODE, str(tmp_path / "page.html"), "<p>a page\n")
    assert (tmp_path / "page.html").exists() and "a removal will not write it anew" in capsys.readouterr().out
