"""The benchmark of recall: what is counted, which pages a threshold comes from, which errors are shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("tldextract")

from benchmarks.web_recall import Counts, Page, both, choose, counted, errors, groups, labelled_pages, report, rule
from tests.udfs.web.warcs import page as record
from udfs.web.seeds import Streams

P = Streams(code_bytes=10, code_share=0, rule_score=0.2, recall=1.0)


def pages() -> list[Page]:
    """Two sites: of the first fold the scores are lower than of the second."""
    return [
        Page("https://a.org/1", "a.org", "one", True, "tutorial", 0, fold=0, score=0.5),
        Page("https://a.org/2", "a.org", "two", False, None, 0, fold=0, score=0.4),
        Page("https://a.org/3", "a.org", "three", True, "tutorial", 100, fold=0, score=0.3),
        Page("https://a.org/4", "a.org", "four", False, None, 100, fold=0, score=0.1),
        Page("https://b.org/1", "b.org", "一二三", True, None, 0, fold=1, score=0.9),
        Page("https://b.org/2", "b.org", "six", False, None, 0, fold=1, score=0.6),
    ]


def test_a_threshold_comes_from_the_pages_of_other_folds() -> None:
    found = pages()
    choose(found, P)
    assert {p.fold: p.least for p in found} == {0: 0.9, 1: 0.5}, "not from the page with code, either"


def test_the_rule_asks_for_code_and_a_score_and_both_for_either() -> None:
    found = pages()
    choose(found, P)
    assert [rule(p, P) for p in found] == [False, False, True, False, False, False]
    assert [both(p, P) for p in found] == [False, False, True, False, True, True]


def test_counts_and_shares() -> None:
    found = pages()
    choose(found, P)
    counts = counted(found, lambda p: both(p, P))
    assert counts == Counts(pages=6, of_tag=3, recalled=3, right=2)
    assert (counts.precision, counts.recall, counts.wrongly) == (2 / 3, 2 / 3, 1 / 3)
    nothing = counted([], lambda p: True)
    assert (nothing.precision, nothing.recall, nothing.wrongly) == (None, None, None)


def test_errors_are_the_worst_of_each_site() -> None:
    found = pages()
    choose(found, P)
    assert [(e["site"], e["error"], e["pages"], e["worst"][0]["url"]) for e in errors(found, P)] == [
        ("a.org", "missed", 1, "https://a.org/1"),
        ("b.org", "wrongly", 1, "https://b.org/2"),
    ]


def test_groups_and_report() -> None:
    found = pages()
    choose(found, P)
    by = groups(found)
    assert {k: len(v) for k, v in by["language"].items()} == {"Chinese": 1, "English and others": 5}
    assert set(by["site"]) == {"a.org", "b.org"} and set(by["kind"]) == {"tutorial", "unknown"}
    result, text = report(found, P)
    assert result["both"].right == 2 and result["site"]["b.org"].recalled == 2
    assert "| both | 6 | 3 | 3 | 0.667 | 0.667 |" in text and "| rule alone | 6 | 3 | 2 | 0.500 | 0.333 |" in text


def test_pages_are_read_from_crawl_files_once_each(tmp_path: Path) -> None:
    body = b"<html><body><p>%b</p><pre>x = 1</pre></body></html>" % (b"A sentence that is long enough. " * 10)
    other, short = b"<html><body><p>Another page.</p></body></html>", b"<html><body><p>Moved!</p></body></html>"
    urls = [f"https://docs.a.co.uk/{n}" for n in "1234"]
    bodies = [body, body, short, other]
    records = [record(body, url) for body, url in zip(bodies, urls, strict=True)]
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    source = {"kind": "warc", "location": str(tmp_path / "a.warc"), "source_id": "a"}
    (tmp_path / "web.jsonl").write_text(json.dumps(source) + "\n")
    said = [{"url": url, "label": True, "kind": "blog"} for url in urls[:3]]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(one) + "\n" for one in said))
    (found,) = labelled_pages(tmp_path)
    assert (found.url, found.domain, found.is_of_tag, found.kind) == (urls[0], "a.co.uk", True, "blog")
    assert found.code_bytes == 5 and "x = 1" in found.text
