"""The card of an export, where its files lie, and how they come and go: what needs no Spark."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest
import yaml

from jobs.commands import export_data, removals
from jobs.export import card
from jobs.export.facts import doc_of
from jobs.export.in_force import behind, without_places
from jobs.export.rows import columns_of, tables_of
from jobs.export.writing import FILE_BYTES, Part, listed, named, number_of_files, pattern_of
from jobs.runtime import copies, laid_out, places
from jobs.runtime.exported import copied, has_line, since
from schemas.documents import PRETRAIN_DOCS, SFT_STAGE1, TABLES
from udfs.reading.described import described


def facts(**over: Any) -> dict[str, Any]:
    """What a card is made of, of two tables, one of which is empty."""
    made = [{"source": "code", "language": f"l{n:02}", "rows": n, "bytes": 10 * n} for n in range(1, 60)]
    made.append({"source": "web", "language": "zh", "rows": 1, "bytes": 5})
    files = named({PRETRAIN_DOCS.name: [Part("p/part-0", 7, "a" * 64, 9)]}, "parquet", "train")
    table = {"version": 4, "doc": "Documents.", "rows": 1771, "bytes": 17705, "composition": made}
    table |= {
        "licence_unknown": 3,
        "different_licences": 60,
        "pattern": pattern_of(PRETRAIN_DOCS.name, "parquet", "train"),
    }
    table |= {"licences": [{"licence": f"L|{n}", "rows": 90 - n} for n in range(50)]}
    table |= {"columns": [{"name": c.name, "type": c.type, "doc": c.doc} for c in columns_of("parquet", PRETRAIN_DOCS)]}
    table |= {"files": listed(files[PRETRAIN_DOCS.name])}
    empty = {**table, "rows": 0, "bytes": 0, "composition": [], "licences": [], "licence_unknown": 0, "files": []}
    stage = {"stage": "filter_decisions", "rows_read": 10, "rows_kept": 8, "rows_dropped": 2, "reasons": {"few": 2}}
    rule = {"set": "python", "signal": "words", "op": "<", "threshold": 3, "severity": "drop", "chance": 1.0}
    about = {"export_id": "r", "release": 3, "released_at": "2026-11-30", "exported_at": "2026-11-30", "notes": ""}
    about |= {"format": "parquet", "held_out": "leave-out", "split": "train", "refinelake": "0.1.0", "code": "c"}
    about |= {"tables": {PRETRAIN_DOCS.name: table, "anneal_docs": empty}, "versions": {"code_corpus": 7}}
    about |= {"benchmarks": {"humaneval": ["v1"]}, "stages": [{**stage, "params": {"rules": "default"}}]}
    return about | {"rules": [rule, {**rule, "set": "go"}, {**rule, "severity": "flag", "signal": "hidden"}]} | over


def test_the_header_is_what_the_hub_reads_and_names_no_empty_table() -> None:
    _, head, body = card.card(facts()).split("---\n", 2)
    read = yaml.safe_load(head)
    assert read["license"] == "other" and read["size_categories"] == ["1K<n<10K"] and read["language"] == ["code", "zh"]
    (config,) = read["configs"]
    assert config["config_name"] == PRETRAIN_DOCS.name and config["default"] is True
    assert config["data_files"] == [{"split": "train", "path": "data/pretrain_docs/train-*.parquet"}]
    assert "it has no file here" in body and "humaneval (version v1)" in body and "code_corpus@7" in body


def test_the_card_has_fields_shares_licences_rules_and_the_rest_in_sum() -> None:
    text = card.card(facts())
    assert f"| `language` | string | {PRETRAIN_DOCS.column('language').doc} |" in text and "run_id" not in text
    assert "| code | l59 | 59 | 590 | 3.33% |" in text and "| others | 20 more |" in text
    assert "| L\\|0 | 90 |" in text and "| 20 more |  |" in text and "| unknown: nobody said | 3 |" in text
    assert "| `words` | &lt; 3 | python, go |" in text and "hidden" not in text
    assert "By the rules of the refinelake that wrote this export" in text, "the release may be of an earlier one"
    assert '| filter_decisions | rules = "default" |' in text and "| filter_decisions | 10 | 8 | few 2 |" in text
    assert text.count("Of pretrain_docs, anneal_docs:") == 1, "columns of several tables stand once"
    assert "No benchmark was searched for." in card.card(facts(benchmarks={}, rules=[], stages=[]))
    assert all("benchmarks" in doc_of(t, True) and "benchmarks" not in doc_of(t, False) for t in TABLES)
    assert doc_of(SFT_STAGE1, False) == "Conversations of the first, broad stage of supervised fine-tuning."


def test_sizes_and_names_are_those_of_the_hub() -> None:
    assert [card.size_category(n) for n in (0, 999, 1000, 10**12)] == ["n<1K", "n<1K", "1K<n<10K", "n>1T"]
    assert [number_of_files(n) for n in (0, 1, FILE_BYTES, FILE_BYTES + 1)] == [1, 1, 1, 2]
    parts = [Part(f"p{n}", 1, "", None) for n in range(2)]
    assert list(named({"t": parts}, "jsonl", "test")["t"]) == [
        f"data/t/test-0000{n}-of-00002.jsonl.gz" for n in range(2)
    ]


def test_the_stack_has_code_alone_and_no_column_that_is_made_up() -> None:
    assert [t.name for t in tables_of("the-stack", ())] == [PRETRAIN_DOCS.name] and tables_of("jsonl", ()) == TABLES
    with pytest.raises(ValueError, match="--format the-stack: expected pretrain_docs alone, found sft_stage1"):
        tables_of("the-stack", (SFT_STAGE1.name,))
    assert "revision_id" not in {c.name for c in columns_of("the-stack", PRETRAIN_DOCS)}


def test_what_is_behind_a_table_and_where_it_lies() -> None:
    names = behind([PRETRAIN_DOCS])
    assert {"code_corpus", "web_corpus", "signals", "benchmark_hits", "raw_files"} <= set(names)
    assert "sft_stage1" not in names and names.index("raw_files") < names.index("code_corpus")
    given = {"benchmarks": {"mbpp": "s3://ours/secret/mbpp.jsonl"}, "tables": {"/home/me/a.parquet": 1}, "rates": [0.5]}
    assert without_places(given) == {"benchmarks": {"mbpp": "mbpp.jsonl"}, "tables": {"a.parquet": 1}, "rates": [0.5]}
    same = {"tables": {"one/*.parquet": 1, "two/*.parquet": 2, "three/*.parquet": 2}}
    assert without_places(same) == {"tables": {"*.parquet": 1, "*.parquet (2)": 2, "*.parquet (3)": 2}}


@pytest.fixture(params=["folder", "url"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where an export goes: a folder, and a store that cannot rename."""
    if request.param == "folder":
        yield str(tmp_path / "out")
        return
    root = f"memory://{uuid4().hex}/out"
    yield root
    fsspec.filesystem("memory").store.clear()


def put(place: str, run: str, *names: str) -> None:
    with laid_out.set_aside(place, run) as beside:
        for name in names:
            places.write_text(f"{beside}/parts/t/{name}", f"{run} {name}")
        parts = {f"data/t/{name}": f"{beside}/parts/t/{name}" for name in names}
        laid_out.put_into_place(parts, place, f"card of {run}", told(run, *names))


def told(run: str, *names: str) -> dict[str, Any]:
    return {"export_id": run, "tables": {"t": {"files": [{"path": f"data/t/{name}"} for name in names]}}}


def test_an_export_takes_the_place_of_an_earlier_one_and_of_nothing_else(place: str) -> None:
    laid_out.check_place(place)
    put(place, "r1", "a", "b")
    laid_out.check_place(place)
    put(place, "r2", "b", "c")
    assert laid_out.files_below(place) == ["README.md", "data/t/b", "data/t/c", "manifest.json"]
    assert places.read_text(f"{place}/data/t/b") == "r2 b" and not places.exists(laid_out.aside(place))
    assert (laid_out.manifest_of(place) or {})["whole"] is True
    places.write_text(f"{place}/notes.txt", "mine")
    with pytest.raises(ValueError, match=r"nothing else, found notes\.txt, which is not of it; move it away"):
        laid_out.check_place(place)
    places.remove(f"{place}/manifest.json")
    with pytest.raises(ValueError, match=r"found README\.md and no manifest\.json of refinelake; name another place"):
        laid_out.check_place(place)


def test_an_export_that_was_killed_is_not_whole_and_starts_again(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(place, "r1", "a", "b")
    moved: list[str] = []

    def dies(part: str, to: str) -> None:
        if moved:
            raise KeyboardInterrupt
        moved.append(to)
        move(part, to)

    move = laid_out._move
    monkeypatch.setattr(laid_out, "_move", dies)
    with pytest.raises(KeyboardInterrupt):
        put(place, "r2", "a", "c")
    monkeypatch.undo()
    left = laid_out.manifest_of(place) or {}
    assert left["export_id"] == "r1" if "memory:" not in place else left["whole"] is False
    laid_out.check_place(place)
    put(place, "r3", "d")
    assert laid_out.files_below(place) == ["README.md", "data/t/d", "manifest.json"]


def test_an_export_goes_by_its_manifest_and_says_what_became_of_it(place: str) -> None:
    row = {"destination": place, "machine": "", "export_id": "r1"}
    assert laid_out.delete_export(row).startswith("no longer there")
    put(place, "r2", "a")
    assert laid_out.delete_export(row).startswith("another export has taken its place")
    assert laid_out.delete_export({**row, "machine": "elsewhere"}) == "not reached from here"
    places.write_text(f"{place}/notes.txt", "mine")
    assert laid_out.delete_export({**row, "export_id": "r2-begun"}).startswith("deleted")
    assert laid_out.files_below(place) == ["notes.txt"]
    assert laid_out.delete_export(row) == "still there: no export that refinelake made"
    assert laid_out.delete_export({**row, "destination": "nothing://x/y"}).startswith("still there: nothing://x/y")
    places.remove(f"{place}/notes.txt")


def test_what_an_export_that_was_killed_has_set_aside_goes_with_a_removal(place: str) -> None:
    """A process that is ended from outside cleans nothing up; what another run sets aside there is that run's."""
    with laid_out.set_aside(place, "r2"):
        places.write_text(f"{laid_out.aside(place)}/parts/t/a", "a text")
        row = {"destination": place, "machine": "", "export_id": "r1-begun"}
        assert laid_out.delete_export(row).startswith("no longer there")
        assert places.exists(f"{laid_out.aside(place)}/parts/t/a")
        assert laid_out.delete_export({**row, "export_id": "r2-begun"}).startswith("deleted")
        assert not places.exists(laid_out.aside(place))


def test_what_was_put_beside_an_export_while_it_was_written_stays(place: str) -> None:
    put(place, "r1", "a")
    refused = pytest.raises(ValueError, match=r"found notes\.txt, which is not of it")
    with refused, laid_out.set_aside(place, "r2") as beside:
        places.write_text(f"{beside}/parts/t/a", "r2 a")
        places.write_text(f"{place}/notes.txt", "mine")
        laid_out.put_into_place({"data/t/a": f"{beside}/parts/t/a"}, place, "card", told("r2", "a"))
    assert places.read_text(f"{place}/notes.txt") == "mine" and places.read_text(f"{place}/data/t/a") == "r1 a"


def test_a_receipt_says_once_what_became_of_a_copy() -> None:
    receipt: dict[str, Any] = {"exports": ["/x (release 2)", "/y (release 2)"], "holding": [2], "trainings": []}
    for _ in range(2):  # the first was ended before it had kept that it was done
        receipt = copies._told(receipt, {"/x (release 2)": "not reached from here"}, {})
        assert receipt["exports"] == ["/x (release 2): not reached from here", "/y (release 2)"]


def test_a_file_is_no_place_for_an_export(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="expected a folder, or a place for one, found a file"):
        laid_out.check_place(str(tmp_path / "file"))
    with pytest.raises(ValueError, match=r"/file/out: expected a place that can be written, found Not a directory"):
        laid_out.check_place(str(tmp_path / "file" / "out"))
    with pytest.raises(ValueError, match=r"^/: expected a folder, or a place for one, found the root"):
        laid_out.check_place("")  # what is left of / without its last slash
    with pytest.raises(ValueError, match=r"/file/out: expected a place that can be written, found "):
        put(str(tmp_path / "file" / "out"), "r", "a")
    with pytest.raises(ValueError, match="found names in a catalog"):
        laid_out.check_place("catalog:main.data")
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 1}))
    assert laid_out.manifest_of(str(tmp_path)) is None


def test_lines_of_copies_and_exports() -> None:
    row = {"destination": "/x", "release_id": 2, "format": None, "machine": None, "gone_at": None}
    assert copied(row) == "/x (release 2)"
    at = datetime(2026, 11, 30, 16, 5, 12, tzinfo=UTC)
    row |= {"format": "jsonl", "machine": platform.node(), "exported_at": at}
    assert copied(row) == f"/x on {platform.node()} (release 2, jsonl of 2026-11-30 16:05:12)" and since(row) == ""
    assert has_line([f"{copied(row)}: held 1"], copied(row)) and not has_line([f"{copied(row)}0"], copied(row))
    assert since({"gone_at": at}) == ", gone from there since 2026-11-30"
    assert removals._copy(row | {"gone_at": at}).endswith("16:05:12), gone from there since 2026-11-30: may hold it")
    assert tuple(t.name for t in TABLES) == export_data.TABLES


def test_a_file_is_described_from_beginning_to_end(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert described(str(tmp_path / "a")) == (
        3,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        None,
    )
