"""refinelake web as a user types it: train on labels, run, label more, look at proposals, pin, report, explain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jobs.cli import exit_code
from jobs.runtime.tables import Lake
from schemas.recall import PAGE_LABELS, RECALL_MODELS, URL_PATTERNS
from schemas.web import WEB_CORPUS
from tests.jobs.run_notebook import run as run_notebook
from tests.jobs.web.crawls import Crawls, code_page, other_page

ROOT = Path(__file__).parents[3]
SMALL = [f"fasttext.{s}" for s in ("dim=8", "epochs=20", "lr=0.5", "min_count=1", "buckets=2000", "vocabulary=400")]
SETTINGS = [word for s in (*SMALL, "recall.folds=2", "rounds.sampled=0.2") for word in ("--set", s)]
SITES = ("a.com", "b.org", "c.net", "d.io")
UNSEEN = "e.com"


@pytest.fixture
def crawl(tmp_path: Path) -> tuple[str, str]:
    """(manifest, labels): five sites of both kinds of pages, one of them held out."""
    crawls, labels = Crawls(tmp_path), []
    for at, site in enumerate((*SITES, UNSEEN)):
        pages = [(f"https://www.{site}/docs/{n}", code_page(100 * at + n)) for n in range(24)]
        pages += [(f"https://www.{site}/life/{n}", other_page(100 * at + n)) for n in range(12)]
        crawls.files[site] = pages
        for url, _ in pages[:12] + pages[24:32]:
            labels.append({"url": url, "tag": "Code", "label": "/docs/" in url, "kind": "tutorial"})
            labels[-1]["held_out"] = site == UNSEEN
    place = tmp_path / "labels.jsonl"
    place.write_text("".join(json.dumps(line) + "\n" for line in labels), encoding="utf-8")
    return crawls.write(), str(place)


def test_from_labels_to_a_corpus_and_back(
    lake: Lake,
    tmp_path: Path,
    crawl: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sources, labels = crawl
    here = ("--warehouse", lake.warehouse)

    def said(*words: str) -> str:
        capsys.readouterr()
        code = exit_code(["web" if words[0] != "explain" else words[0], *words[words[0] == "explain" :]])
        out, err = capsys.readouterr()
        assert code == 0, out + err
        lake.look()
        return out + err

    told = said("train", *here, *SETTINGS, "--sources", sources, "--from", labels, "--by", "ann", "--rounds", "2")
    assert "page_labels" not in told and "round 1: 48 seeds" in told and "on 1 sites never seen" in told
    rows = lake.small(RECALL_MODELS)
    last = max(rows, key=lambda r: r["round"])
    assert [r["pinned_at"] is not None for r in sorted(rows, key=lambda r: r["round"])][-1]
    assert last["precision"] > 0.8 and last["recall"] > 0.8 and Path(last["location"], "model.bin").exists()
    assert {r["by"] for r in lake.small(PAGE_LABELS)} == {"ann"}

    told = said("run", *here, "--sources", sources, "--report", str(tmp_path / "web.html"))
    assert "release 1 is what readers see now" in told
    found = {r["url"]: r["why"] for r in lake.read(WEB_CORPUS).select("url", "why").collect()}
    docs = [url for url in found if "/docs/" in url]
    assert len(docs) > 90 and len(found) - len(docs) < 10
    assert found["https://www.a.com/docs/1"] == "label" and "classifier" in found.values()
    page = (tmp_path / "web.html").read_text(encoding="utf-8")
    assert "<svg" in page and "Tag Code" in page and last["version"] in page

    assert "%www.a.com/docs/%" in said("label", *here, "--propose", "20")
    monkeypatch.setenv("WAREHOUSE", lake.warehouse)
    names: Any = run_notebook(ROOT / "notebooks" / "web_labels.ipynb")
    assert "%www.a.com/docs/%" in set(names["table"]["pattern"]) and len(names["shown"]) > 3
    no = ("--by", "bob", "--no", "--pattern", "%www.a.com/docs/%")
    assert "url_patterns: 1 of 1 written" in said("label", *here, *no)
    assert "%www.a.com/docs/%" in said("label", *here, "--list")
    assert "release 2 is what readers see now" in said("run", *here, "--sources", sources)
    assert "its pattern says no (%www.a.com/docs/%)" in said("explain", "www.a.com/docs/20", *here)
    assert "url_patterns: 1 of 1 taken back" in said("label", *here, *no, "--take-back")
    assert not [r for r in lake.small(URL_PATTERNS) if r["by"] == "bob"]
    url = ("--by", "bob", "--url", "https://www.a.com/life/9", "--kind", "blog", "--held-out", "--tag", "Life")
    assert "page_labels: 1 of 1 written" in said("label", *here, *url)

    first = min(rows, key=lambda r: r["round"])
    assert f"in force is {first['version']}" in said("train", *here, "--pin", first["version"])
    assert "report:" in said("report", *here, "--to", str(tmp_path / "again.html"))
    assert "in web_corpus as" in said("explain", "https://www.b.org/docs/1", *here)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["label", "--url", "https://a.example/"], "--url https://a.example/: by: expected a value, found none"),
        (["label", "--by", "ann", "--pattern", "%"], "expected a URL pattern with letters beside %, found none"),
        (["label", "--by", "ann", "--url", "u", "--tag", "no tag"], "tag: expected a name as Code"),
        (["label"], "expected one of --from, --url or --pattern, --list and --propose"),
        (["label", "--from", "none.jsonl"], "none.jsonl: expected a readable JSON-lines file"),
        (["label", "--from", "odd.jsonl"], "odd.jsonl: line 2: label: expected true or false, found 'yes'"),
        (["train", "--pin", "x", "--no-pin"], "web train --pin: expected nothing else to do"),
        (
            ["run", "--sources", "code.jsonl"],
            "kind: expected one of warc, wet, paths, set, index, found 'git'; refinelake",
        ),
        (["run"], "--sources: expected a manifest for web_ingest, found none"),
        (["run", "--only", "ingest"], "--only: expected stage names, found ingest; known: web_ingest, recall_scores"),
    ],
)
def test_wrong_input_is_refused_before_any_work(
    words: list[str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    good = {"url": "https://a.example/", "tag": "Code", "label": True, "by": "ann"}
    Path("odd.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps(good | {'label': 'yes'})}\n", encoding="utf-8")
    Path("code.jsonl").write_text('{"kind": "git", "location": "x"}\n', encoding="utf-8")
    assert exit_code(["web", *words, "--warehouse", "lake"]) == 2
    assert expected in capsys.readouterr().err and not Path("lake").exists()


def test_a_night_without_a_web_has_nothing_to_do(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert exit_code(["web", "run", "--sources", "none", "--warehouse", str(tmp_path / "lake")]) == 0
    assert "nothing was read or written" in capsys.readouterr().out and not (tmp_path / "lake").exists()


def test_training_without_both_sides_is_refused(lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = Crawls(tmp_path, {"a": [("https://www.a.com/1", code_page(1))]}).write()
    line = {"url": "https://www.a.com/1", "tag": "Code", "label": True, "by": "ann"}
    (tmp_path / "labels.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    words = ["web", "train", "--warehouse", lake.warehouse, "--sources", sources]
    capsys.readouterr()
    assert exit_code([*words, "--from", str(tmp_path / "labels.jsonl")]) == 2
    said = capsys.readouterr().err
    assert "page_labels: expected pages of Code and others to train from, found 1 of it and 0 others" in said
    lake.look()
    assert lake.small(RECALL_MODELS) == []
