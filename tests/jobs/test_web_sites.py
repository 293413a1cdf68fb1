"""The small web: which pages of a package become which captures, what they are labelled, and the same bytes again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import jobs.commands.fetch
import jobs.web_sites
from jobs.cli import exit_code
from jobs.corpora import Archive
from jobs.web_sites import WEB_SETS, Part, packages_of, pages_of, parts, write_web
from tests.udfs.reading.test_archives import PACKERS, deb_of, special, tar_of

TEXT = "<p>" + "A sentence about something. " * 20 + "</p>"
FOLDER = "usr/share/doc/thing/html/"
FILES = {
    f"./{FOLDER}index.html": f"<html><head><meta charset=utf-8></head>{TEXT}".encode(),
    f"./{FOLDER}deep/a b.html": f"<html>{TEXT}</html>".encode(),
    f"./{FOLDER}basic/x.html": f"<html><meta content='text/html; charset=Big5'>{TEXT}</html>".encode(),
    f"./{FOLDER}odd.html": b"\xff\xfe" + TEXT.encode(),
    f"./{FOLDER}moved.html": f'<meta http-equiv="Refresh" content="0; url=index.html">{TEXT}'.encode(),
    f"./{FOLDER}script.html": f'<noscript><meta http-equiv="refresh" content="0"></noscript>{TEXT}'.encode(),
    f"./{FOLDER}frames.html": b"<frameset cols=2><frame src=index.html></frameset>",
    f"./{FOLDER}list.html": (f"<ul>{'<li><a href=x>An entry of a list</a>' * 60}</ul>").encode(),
    f"./{FOLDER}stub.html": b"<p>Nothing here.</p>",
    f"./{FOLDER}search/s.html": f"<html>{TEXT}</html>".encode(),
    f"./{FOLDER}style.css": b"p {}",
    "./usr/share/doc/other/index.html": TEXT.encode(),
}
RULES: list[list[str | None]] = [["search/*", "skip"], ["basic/*", "code", "tutorial", "about Basic"], ["odd*", None]]
PART = Part("thing-doc", FOLDER, "https://docs.example.org/1.0/", "other", "reference", rules=RULES)


def package(folder: Path, packing: str = "tar.xz") -> Path:
    folder.mkdir(exist_ok=True)
    data = PACKERS[packing](tar_of(FILES, special(f"./{FOLDER}link.html", b"2", "index.html")))
    (folder / "thing-doc_1_all.deb").write_bytes(deb_of(data, f"data.{packing}"))
    return folder / "thing-doc_1_all.deb"


@pytest.mark.parametrize("packing", ["tar.xz", "tar.zst", "tar.gz"])
def test_pages_have_the_addresses_of_their_site(tmp_path: Path, packing: str) -> None:
    found = {p.url.removeprefix(PART.url): p for p in pages_of(PART, package(tmp_path, packing), 100)}
    assert sorted(found) == [
        "basic/x.html",
        "deep/a%20b.html",
        "index.html",
        "list.html",
        "odd.html",
        "script.html",
        "stub.html",
    ], "no link, frame, redirect, skipped page, other file or other folder"
    assert found["index.html"].media_type == "text/html; charset=utf-8"
    assert found["deep/a%20b.html"].media_type == "text/html; charset=utf-8", "the bytes say so"
    assert found["basic/x.html"].media_type == "text/html; charset=big5", "as the page says"
    assert found["odd.html"].media_type == "text/html", "nobody knows"


def test_the_first_rule_that_fits_labels_a_page(tmp_path: Path) -> None:
    found = {p.url.removeprefix(PART.url): p for p in pages_of(PART, package(tmp_path), 100)}
    assert {url: page.label for url, page in found.items()} == {
        "basic/x.html": True,
        "deep/a%20b.html": False,
        "index.html": False,
        "list.html": None,
        "odd.html": None,
        "script.html": False,
        "stub.html": None,
    }, "neither a list of links nor a stub is labelled"
    assert (found["basic/x.html"].kind, found["basic/x.html"].note) == ("tutorial", "about Basic")
    assert found["index.html"].kind == "reference" and PART.url in found["index.html"].note


def test_a_draw_is_of_so_many_and_the_same_again(tmp_path: Path) -> None:
    archive = package(tmp_path)
    some = pages_of(PART, archive, 3)
    assert len(some) == 3 and some == pages_of(PART, archive, 3)
    assert {p.url for p in some} < {p.url for p in pages_of(PART, archive, 100)}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Archive:
    """A web of one package, as if it had been fetched into tmp_path/packages."""
    file = package(tmp_path / "packages")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    row = {"source": "deb", "suite": "bookworm", "name": "thing-doc", "version": "1", "archive": file.name}
    row |= {"archive_bytes": file.stat().st_size, "sha256": digest}
    part = {"package": "thing-doc", "folder": FOLDER, "url": PART.url, "class": "other", "kind": "reference"}
    part |= {"rules": RULES, "held_out": True}
    data = {"sets": {"web": {"most": 100, "packages": None}}, "packages": [row], "parts": [part]}
    monkeypatch.setattr(jobs.web_sites, "_data", lambda: data)
    return Archive(**row)


def test_crawl_files_are_read_as_what_they_are_and_written_the_same_again(small: Archive, tmp_path: Path) -> None:
    pages = pytest.importorskip("udfs.web.pages")
    written = list[dict[str, bytes]]()
    for name in ("one", "two"):
        sites, count = write_web("web", [small], tmp_path / "packages", tmp_path / name, tmp_path / name / "web.jsonl")
        assert (sites, count) == (1, 7)
        written.append({f.name: f.read_bytes() for f in (tmp_path / name / "warc").iterdir()})
    assert written[0] == written[1] and list(written[0]) == ["docs.example.org.warc.gz"]
    (source,) = map(json.loads, (tmp_path / "one" / "web.jsonl").read_text().splitlines())
    location = str(tmp_path / "one" / "warc" / "docs.example.org.warc.gz")
    assert source == {"kind": "warc", "location": location, "source_id": "docs.example.org"}
    rows = {row.url: row for row in pages.page_rows(location)}
    assert len(rows) == 7, "requests and the warcinfo are no pages"
    assert {url for url, row in rows.items() if row.text is None} <= {PART.url + "list.html"}
    first = rows[PART.url + "index.html"]
    assert (first.status, first.content_type, first.charset_by) == (200, "text/html", "header")
    assert not any(row.wrong_length for row in rows.values())
    labels = [json.loads(line) for line in (tmp_path / "one" / "labels.jsonl").read_text().splitlines()]
    assert {said["url"] for said in labels} <= set(rows) and len(labels) == 4
    assert labels[0] == {
        "url": PART.url + "basic/x.html",
        "tag": "Code",
        "label": True,
        "by": "refinelake",
        "kind": "tutorial",
        "note": "about Basic",
        "held_out": True,
    }


def test_the_command_writes_beside_its_packages(
    small: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["fetch", "web", "--to", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"7 pages of 1 sites in {tmp_path / 'warc'}" in said and f"manifest {tmp_path / 'web.jsonl'}" in said
    assert (tmp_path / "web.jsonl").exists() and (tmp_path / "labels.jsonl").exists()


def test_a_package_that_is_not_served_is_left_out_with_its_reason(
    small: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Archive("deb", "gone-doc", "1", "gone-doc_1_all.deb", 1, "0" * 64, suite="bookworm")
    monkeypatch.setattr(jobs.commands.fetch, "packages_of", lambda name: [small, gone])
    monkeypatch.setitem(jobs.corpora._CLIENTS, "deb", lambda group, folder: None)
    assert exit_code(["fetch", "web", "--to", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "left out deb:bookworm:gone-doc:1: the registry did not serve it" in said and "1 of 2 archives" in said
    small_too = tmp_path / "packages" / small.archive
    small_too.unlink()
    assert exit_code(["fetch", "web", "--to", str(tmp_path)]) == 2
    assert (
        "expected archives of the set web, could fetch none: the registry did not serve it" in capsys.readouterr().err
    )


@pytest.mark.parametrize("name", WEB_SETS)
def test_the_pinned_sets_have_what_demo_and_measurements_need(name: str) -> None:
    archives = packages_of(name)
    held = [part for part in parts() if part.package in {a.name for a in archives}]
    assert {part.package for part in held} == {a.name for a in archives}, "a package without a part gives no page"
    assert all(part.folder.endswith("/") and part.url.endswith("/") for part in held)
    by_class: dict[Any, set[str]] = {}
    for part in held:
        by_class.setdefault(part.class_, set()).add(urlsplit(part.url).netloc)
        assert {rule[1] for rule in part.rules} <= {"code", "other", "skip", None}
    assert len(by_class["code"] | by_class["other"]) >= 8 and min(len(by_class[c]) for c in ("code", "other")) >= 4
    assert {True, False} == {part.held_out for part in held}
    sites: dict[str, set[bool]] = {}
    for part in held:
        sites.setdefault(urlsplit(part.url).netloc, set()).add(part.held_out)
    assert all(len(sides) == 1 for sides in sites.values()), "a site is held out as a whole"
    assert any("zh" in part.package for part in held)
    if name == "web":
        assert sum(a.archive_bytes for a in archives) < 12e6


def test_every_package_of_the_data_belongs_to_a_part() -> None:
    assert len({a.source_id for a in packages_of("web-bench")}) == len(packages_of("web-bench"))
    assert {a.name for a in packages_of("web")} < {a.name for a in packages_of("web-bench")}
