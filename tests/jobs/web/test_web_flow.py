"""The web half over small crawls: what is recalled and why, what a change costs; a refresh equals a rebuild."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from jobs.runtime.tables import Lake
from jobs.web import flow
from jobs.web.parameters import Recall
from schemas import ops
from schemas.ops import REJECTS
from schemas.web import (
    DOMAIN_DECISIONS,
    PAGE_TEXTS,
    WEB_CORPUS,
    WEB_DECISIONS,
    WEB_NEAR_DUPLICATES,
    WEB_PAGES,
    WEB_PLACES,
)
from tests.jobs.pipeline import contents_of
from tests.jobs.web.crawls import Crawls, by_model, classifier, code_page, label, other_page, run_web

TABLES = (*flow.TABLES, ops.REJECTS)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return classifier(tmp_path_factory.mktemp("model") / "code")


def corpus(lake: Lake) -> dict[str, str]:
    """url -> why."""
    return {r["url"]: r["why"] for r in lake.read(WEB_CORPUS).select("url", "why").collect()}


def reasons(lake: Lake, url: str, tag: str = "Code") -> list[str]:
    pages = lake.read(WEB_PAGES).where(f"url = '{url}'").select("page_id")
    rows = lake.read(WEB_DECISIONS).where(f"tag = '{tag}'").join(pages, "page_id").collect()
    return sorted(r["rule"] for row in rows for r in row["reasons"])


def test_what_recalls_a_page_and_what_keeps_it_out(lake: Lake, tmp_path: Path, model: str) -> None:
    noai = b"<meta name='robots' content='noai'>"
    crawls = Crawls(tmp_path, {"a": [
        ("https://docs.example.com/1", code_page(1)),
        ("https://docs.example.com/2", code_page(2, block=True)),
        ("https://docs.example.com/3", other_page(3)),
        ("https://blog.example.org/4", other_page(4)),
        ("https://blog.example.org/5", code_page(5)),
        ("https://blog.example.org/6", noai + code_page(6)),
        ("https://copy.example.net/1", code_page(1)),
        ("https://near.example.net/7", code_page(7)),
        ("https://near.example.net/8", code_page(7).replace(b"T7", b"T8") + b" "),
    ]})  # fmt: skip
    label(
        lake,
        {"url": "http://DOCS.example.com/3/#top"},
        {"url": "https://blog.example.org/5", "label": False},
        {"pattern": "%blog.example.org/4%"},
        {"pattern": "%/nothing/_%", "tag": "Cooking"},
    )
    params = {Recall: Recall(models={"Code": model}, drop_no_ai=True)}
    run_web(lake, crawls.write(), "r", params)
    found = corpus(lake)
    assert found["https://docs.example.com/2"] == "code_blocks"
    assert found["https://docs.example.com/3"] == "label"
    assert found["https://blog.example.org/4"] == "pattern:%blog.example.org/4%"
    assert reasons(lake, "https://blog.example.org/5") == ["labelled_not"]
    assert reasons(lake, "https://blog.example.org/6") == ["no_ai"]
    assert reasons(lake, "https://blog.example.org/4", "Cooking") == ["not_recalled"]
    # One of each text goes on; equal times rank by page_id.
    assert len({"https://docs.example.com/1", "https://copy.example.net/1"} & found.keys()) == 1
    assert len({u for u in found if "near" in u}) == 1
    (row,) = lake.read(WEB_CORPUS).where("url = 'https://docs.example.com/2'").collect()
    assert (row["tag"], row["tags"], row["round"], row["domain"]) == ("Code", ["Code"], 0, "example.com")
    assert row["code_bytes"] > 0 and "```python" in row["text"] and row["natural_language"] == "en"


@pytest.mark.long
def test_a_domain_is_of_a_tag_by_its_cautious_share(lake: Lake, tmp_path: Path, model: str) -> None:
    pages = [(f"https://{n}.half.com/{n}", code_page(n) if n % 2 else other_page(n)) for n in range(40)]
    pages += [(f"https://few.com/{n}", code_page(100 + n)) for n in range(10)]
    run_web(lake, Crawls(tmp_path, {"a": pages}).write(), "r", by_model(model), flow.STAGES[:3])
    rows = {r["domain"]: r for r in lake.read(DOMAIN_DECISIONS).where("tag = 'Code'").collect()}
    assert {d: r["keep"] for d, r in rows.items()} == {"half.com": True, "few.com": False}
    assert [r["rule"] for r in rows["few.com"]["reasons"]] == ["too_few_pages"]
    assert (rows["half.com"]["pages"], rows["half.com"]["recalled"]) == (40, 20)


def test_a_further_crawl_file_measures_its_own_pages_only(lake: Lake, tmp_path: Path, model: str) -> None:
    crawls = Crawls(tmp_path, {"a": [(f"https://a.example/{n}", code_page(n)) for n in range(8)]})
    run_web(lake, crawls.write(), "one", by_model(model))
    crawls.files["b"] = [("https://b.example/1", code_page(20)), ("https://b.example/2", other_page(21))]
    results, _ = run_web(lake, crawls.write(), "two", by_model(model))
    measured = {r.stage: r.rows_read for r in results if r.kernel_version}
    assert measured == {"recall_scores": 2, "web_fingerprints": 1, "web_cleaned_texts": 1, "web_signals": 1}
    again, _ = run_web(lake, crawls.write(), "three", by_model(model))
    assert [r.stage for r in again if not r.skipped] == []


@pytest.mark.long
def test_broken_records_are_refused_by_file_and_place(lake: Lake, tmp_path: Path) -> None:
    crawls = Crawls(tmp_path, {"a": [(f"https://a.example/{n}", code_page(n)) for n in range(3)]})
    place = crawls.write()
    whole = (tmp_path / "a.warc.gz").read_bytes()
    (tmp_path / "a.warc.gz").write_bytes(whole[:-40])
    run_web(lake, place, "one", stages=())
    (row,) = lake.read(REJECTS).collect()
    assert (row["stage"], row["source_id"], row["reason"]) == ("web_ingest", "a", "truncated_record")
    assert row["unit"].endswith("a.warc.gz") and row["path"].startswith("byte ")
    assert lake.read(PAGE_TEXTS).count() == 2
    (tmp_path / "a.warc.gz").write_bytes(whole)
    run_web(lake, place, "two", stages=())
    assert lake.read(REJECTS).count() == 0 and lake.read(PAGE_TEXTS).count() == 3
    (tmp_path / "a.warc.gz").unlink()
    _, warnings = run_web(lake, place, "three", stages=())
    assert "its last snapshot is kept" in warnings[0] and lake.read(WEB_PAGES).count() == 3


@pytest.mark.long
def test_pages_that_an_index_leads_to(lake: Lake, tmp_path: Path) -> None:
    """Those of a labelled pattern that nothing else gave; they go when a crawl file has them."""
    far = [(f"https://far.example/docs/{n}", code_page(n)) for n in range(5)]
    crawls = Crawls(tmp_path, {"a": far[:1]}, {"index": {"x": [*far, ("https://far.example/shop/1", other_page(9))]}})
    label(lake, {"pattern": "%far.example/docs/%"})
    run_web(lake, crawls.write(), "one", stages=())
    assert lake.read(WEB_PLACES).count() == 5 and lake.read(PAGE_TEXTS).count() == 5
    fetched = {r["url"] for r in lake.read(WEB_PAGES).where("file <> unit").collect()}
    assert fetched == {url for url, _ in far[1:]}
    crawls.files["b"] = far[1:3]
    run_web(lake, crawls.write(), "two", stages=())
    fetched = {r["url"] for r in lake.read(WEB_PAGES).where("file <> unit").collect()}
    assert fetched == {url for url, _ in far[3:]} and lake.read(PAGE_TEXTS).count() == 5
    del crawls.files["b"]
    place = crawls.write()
    (tmp_path / "far" / "x.warc.gz").rename(tmp_path / "gone")
    _, warnings = run_web(lake, place, "three", stages=())
    assert "2 pages of an index could not be reached" in warnings[0] and lake.read(PAGE_TEXTS).count() == 3
    (tmp_path / "gone").rename(tmp_path / "far" / "x.warc.gz")
    run_web(lake, crawls.write(), "four", stages=())
    assert lake.read(PAGE_TEXTS).count() == 5


def state(lake: Lake) -> dict[str, list[dict[str, object]]]:
    lake.look()
    return {t.name: contents_of(lake, t) for t in TABLES if lake.version(t.name) is not None}


@pytest.mark.long
@pytest.mark.parametrize("number", range(1, 8))
def test_any_history_of_crawl_files_equals_a_rebuild(lake: Lake, tmp_path: Path, model: str, number: int) -> None:
    draw = random.Random(number)
    crawls = Crawls(
        tmp_path, indexes={"index": {"x": [(f"https://far.example/d/{n}", code_page(n)) for n in range(4)]}}
    )
    label(lake, {"pattern": "%far.example/d/%"}, {"url": "https://s0.example/3", "label": False})
    for step in range(3):
        change(crawls, draw)
        run_web(lake, crawls.write(), f"r{step}", by_model(model))
    fresh = Lake(lake.spark, str(tmp_path / "fresh"))
    label(fresh, {"pattern": "%far.example/d/%"}, {"url": "https://s0.example/3", "label": False})
    run_web(fresh, crawls.write(), "all", by_model(model))
    assert state(lake) == state(fresh)
    assert lake.read(WEB_NEAR_DUPLICATES).count() > 0


def change(crawls: Crawls, draw: random.Random) -> None:
    """Add, change or take away a crawl file."""
    names = list(crawls.files)
    if names and draw.random() < 0.3:
        del crawls.files[draw.choice(names)]
    for _ in range(draw.randrange(1, 3)):
        name = f"s{draw.randrange(4)}"
        crawls.files[name] = [some_page(draw, name, n) for n in range(draw.randrange(1, 7))]


def some_page(draw: random.Random, name: str, number: int) -> tuple[str, bytes]:
    """A page that others have too, a near copy, one that is not of the tag, or one that gets refused."""
    which, url = draw.randrange(5), f"https://{name}.example/{number}"
    if which == 0:
        return f"https://far.example/d/{draw.randrange(4)}", code_page(draw.randrange(4))
    if which == 1:
        return url, other_page(draw.randrange(6))
    if which == 2:
        return url, draw.choice([b"", b"<div>" * 5000, b"\0\0\1" * 90])
    return url, code_page(draw.randrange(6), draw.choice([0, 0, 1]), draw.random() < 0.4)
