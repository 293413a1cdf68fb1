"""A domain is taken out of every table, its next best copies stand for their texts, and it stays out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.cli import exit_code
from jobs.runtime.tables import Lake
from jobs.web import flow
from schemas.ops import RECEIPTS, REJECTS, RELEASES
from schemas.recall import PAGE_LABELS
from schemas.web import PAGE_TEXTS, WEB_CORPUS, WEB_PAGES
from tests.jobs.pipeline import contents_of
from tests.jobs.test_removal import found
from tests.jobs.web.crawls import Crawls, by_model, classifier, code_page, label, run_web

MARK = "www.gone.example"
GONE = r"(?<!not)gone\.example"
"""What no byte of the warehouse may say: a host of that end, and not the bystander's."""


def urls(lake: Lake) -> set[str]:
    return {r["url"] for r in lake.read(WEB_PAGES).select("url").collect()}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return classifier(tmp_path_factory.mktemp("model") / "code")


@pytest.mark.long
def test_a_domain_leaves_every_table_and_stays_out(
    lake: Lake, tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = [(f"https://{MARK}/{n}", code_page(n)) for n in range(3)] + [(f"http://{MARK}:80/broken", b"<div>" * 5000)]
    crawls = Crawls(tmp_path, {"a": [*pages, ("https://other.example/1", code_page(1))]})
    crawls.files["b"] = [("https://sub.gone.example/7", code_page(7)), ("https://notgone.example/8", code_page(8))]
    crawls.indexes["index"] = {"x": [("https://far.gone.example/docs/9", code_page(9))]}
    label(lake, {"url": f"https://{MARK}/1"}, {"pattern": "%/docs/%"})
    place = crawls.write()
    models = json.dumps({"Code": model}).replace(":", " =").replace('"Code" =', "Code =")
    run = ["web", "run", "--sources", place, "--warehouse", lake.warehouse, "--set", f"recall.models={models}"]
    assert exit_code(run) == 0, capsys.readouterr().err
    lake.look()
    assert len(urls(lake)) == 7 and lake.read(REJECTS).count() == 1

    capsys.readouterr()
    words = ["remove", "--domain", "https://GONE.example/", "--warehouse", lake.warehouse, "--allow-drop"]
    assert any(found(Path(lake.warehouse), GONE)), "a search that finds nothing before the purge shows nothing"
    assert exit_code([*words, "--now"]) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "out of storage since" in said and list(found(Path(lake.warehouse), GONE)) == []
    assert "5 files taken out, 4 texts" in said.replace("pages", "files") and "withdrawn: 1" in said
    lake.look()
    assert urls(lake) == {"https://other.example/1", "https://notgone.example/8"}
    (stands,) = lake.read(WEB_CORPUS).where("url like '%other.example/1'").collect()
    assert stands["why"] == "classifier"
    names = {name: contents_of(lake, t) for t in (*flow.TABLES, REJECTS) if (name := t.name) in lake.names()}
    for name, rows in names.items():
        assert "gone.example" not in json.dumps(rows, default=str).replace("notgone.example", ""), name
    assert {r["reason"] for r in lake.read(REJECTS).collect()} == {"removed"}
    assert lake.read(PAGE_TEXTS).count() == 2 and lake.small(PAGE_LABELS) == []
    (receipt,) = lake.small(RECEIPTS)
    assert receipt["files"] == 5 and receipt["out_of_releases_at"] is not None
    assert [bool(r["withdrawn"]) for r in sorted(lake.small(RELEASES), key=lambda r: r["release_id"])] == [True, False]

    # What comes back stays out, in a crawl file that changed and by an index that is read anew.
    crawls.files["b"].append((f"https://{MARK}/new", code_page(20)))
    crawls.indexes["index"]["x"].append(("https://far.gone.example/docs/10", code_page(10)))
    run_web(lake, crawls.write(), "later", by_model(model))
    assert urls(lake) == {"https://other.example/1", "https://notgone.example/8"}
    assert exit_code(run) == 0 and urls(lake) == {"https://other.example/1", "https://notgone.example/8"}


@pytest.mark.parametrize("name", ["", "https://", "no domain", "a/b", "x@"])
def test_what_is_no_domain_is_refused(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert exit_code(["remove", "--domain", name, "--warehouse", str(tmp_path)]) == 2
    assert "--domain: expected the name of a domain" in capsys.readouterr().err
