"""Ids looked for in parquet sets: by hash, by any id, by repository and path; each id once, each text once."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.udfs.reading.id_sources import lines, outcomes, parquet, records, source
from udfs.reading import kinds
from udfs.reading.ids import lists, sets
from udfs.reading.kinds import Limits


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_lists_and_sets_of_many_parts_are_joined_by_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the chunks: five files of a set, two lists in parts, several ids of one content."""
    monkeypatch.setattr(sets, "_KEYS", 7)
    monkeypatch.setattr(sets, "_GATHERED", 11)
    monkeypatch.setattr(lists, "ROWS", 5)
    monkeypatch.setattr(lists, "_PART_ROWS", 20)
    texts = [f"x = {n}\n" for n in range(60)]
    for number in range(5):
        rows = [{"sha256": sha(t), "content": t} for t in texts[number::5][:10]]  # the last two of each are missing
        parquet(tmp_path / "set" / f"{number}.parquet", rows, group=3)
    stored = {t for number in range(5) for t in texts[number::5][:10]}
    every = [{"sha256": sha(t), "repo": "o/n", "path": f"{n}.py"} for n, t in enumerate(texts)]
    every += [{"sha256": sha(texts[0]), "repo": f"copy/{n}", "path": "copy.py"} for n in range(30)]
    parquet(tmp_path / "ids" / "a.parquet", every[:50], group=10)
    parquet(tmp_path / "ids" / "b.parquet", every[50:], group=10)
    unit = source(tmp_path / "ids", "parquet", tmp_path / "set")
    assert len(kinds.probe(unit).units) == 3 + 2 + 5
    expected = {(f"copy/{n}", "copy.py"): texts[0] for n in range(30)}
    expected |= {("o/n", f"{n}.py"): t if t in stored else "text_missing" for n, t in enumerate(texts)}
    assert outcomes(unit) == expected and len(records(unit)) == len(every)


def test_a_set_is_joined_by_repository_and_path_where_it_has_no_hashes(tmp_path: Path) -> None:
    """Nemotron-Code cuts commits to seven digits; where only one side has them they do not count."""
    commit = "5d81d77" + "0" * 33
    rows: list[dict[str, Any]] = [
        {"repo_path": "Owner/One", "file_path": "a.py", "commit_id": commit, "text": "x = 1\n"},
        {"repo_path": "Owner/One", "file_path": "a.py", "commit_id": "f" * 40, "text": "x = 2\n"},
        {"repo_path": "Owner/One", "file_path": "none.py", "commit_id": commit, "text": None},
    ]
    places = parquet(tmp_path / "set.parquet", rows)
    ids = [
        {"repo": "https://github.com/Owner/One", "commit": commit[:7], "rel_path": p}
        for p in ("a.py", "b.py", "none.py")
    ]
    ids += [{"repo": "o/n", "commit": None, "rel_path": "../up"}]
    unit = source(lines(tmp_path / "ids.jsonl", ids), "parquet", places)
    assert outcomes(unit) == {
        ("Owner/One", "a.py"): "x = 1\n",
        ("Owner/One", "b.py"): "text_missing",
        ("Owner/One", "none.py"): "text_missing",
        (None, "row 4"): "malformed_id",
    }
    without = [{k: v for k, v in row.items() if k != "commit"} for row in ids[:1]]
    found = outcomes(source(lines(tmp_path / "ids.jsonl", without), "parquet", places))
    assert found == {("Owner/One", "a.py"): "x = 1\n"}


def test_ids_of_any_kind_join_and_hashes_are_checked_where_they_are_some(tmp_path: Path) -> None:
    rows = [
        {"id": "doc-1", "body": b"x = 1\n", "enc": "UTF-8"},
        {"id": sha("other"), "body": b"x = 2\n", "enc": "UTF-8"},
        {"id": sha("converted"), "body": b"x = 3\n", "enc": "ISO-8859-1"},
        {"id": sha("large"), "body": b"large" * 9, "enc": None},
        {"id": "odd", "body": b"1", "enc": None},
    ]
    place = parquet(tmp_path / "set.parquet", rows)
    ids = [{"key": row["id"], "file": f"{n}.py", "of": "o/n"} for n, row in enumerate(rows[:4])]
    ids += [{"key": "odd", "file": "/../x", "of": "o/n"}]
    named = {"hash": "key", "path": "file", "repo": "of", "text": "body", "text_hash": "id", "text_encoding": "enc"}
    unit = source(lines(tmp_path / "ids.jsonl", ids), "parquet", place, **named)
    found = records(unit, Limits(max_file_bytes=40))
    assert {r.path: r.text or r.reason for r in found} == {
        "0.py": "x = 1\n",
        "1.py": "hash_differs",
        "2.py": "x = 3\n",
        "3.py": "too_large",
        "row 5": "malformed_id",
    }


def test_sets_that_do_not_fit_say_so_and_damage_stops_nothing_else(tmp_path: Path) -> None:
    ids = lines(tmp_path / "ids.jsonl", [{"sha256": sha("x = 1\n"), "path": "a.py"}])
    parquet(tmp_path / "set" / "a.parquet", [{"sha256": sha("x = 1\n"), "content": "x = 1\n"}])
    parquet(tmp_path / "set" / "b.parquet", [{"sha256": sha("x = 1\n"), "other": "x = 1\n"}])
    parquet(tmp_path / "set" / "c.parquet", [{"repo": "o/n", "path": "a.py", "content": "x = 1\n"}])
    (tmp_path / "set" / "d.parquet").write_bytes(b"PAR1 damage PAR1")
    found = {r.reason: r for r in records(source(ids, "parquet", tmp_path / "set")) if r.reason != "unknown_layout"}
    assert {reason: r.path for reason, r in found.items()} == {None: "a.py", "corrupt_ids": None}
    layouts = [r.detail for r in records(source(ids, "parquet", tmp_path / "set")) if r.reason == "unknown_layout"]
    assert len(layouts) == 2 and all(d is not None for d in layouts)
    assert "b.parquet: expected a column of texts (content, text, code) beside one of hashes" in str(layouts[0])
    assert "c.parquet: expected what the list has too, hashes or repositories and paths" in str(layouts[1])


def test_a_list_that_cannot_be_used_leaves_a_set_to_the_others(tmp_path: Path) -> None:
    parquet(tmp_path / "ids" / "good.parquet", [{"sha256": sha("x = 1\n"), "path": "a.py"}])
    parquet(tmp_path / "set" / "a.parquet", [{"sha256": sha("x = 1\n"), "content": "x = 1\n"}])
    (tmp_path / "ids" / "damaged.parquet").write_bytes(b"PAR1 no footer")
    whole = gzip.compress("".join(json.dumps({"sha256": sha(str(n))}) + "\n" for n in range(2000)).encode())
    (tmp_path / "ids" / "cut.jsonl.gz").write_bytes(whole[:-2000])
    (tmp_path / "ids" / "layout.csv").write_text("a,b\n1,2\n")
    lines(tmp_path / "ids" / "paths.jsonl", [{"repo": "o/n", "path": "b.py"}])
    found = records(source(tmp_path / "ids", "parquet", tmp_path / "set"))
    assert sorted((r.path or str(r.detail).split(":")[1].rpartition("/")[2], r.reason) for r in found) == [
        ("a.py", None),
        ("b.py", "text_missing"),
        ("cut.jsonl.gz", "corrupt_ids"),
        ("damaged.parquet", "corrupt_ids"),
        ("layout.csv", "unknown_layout"),
    ]


def test_the_fingerprints_follow_the_list_and_the_set(tmp_path: Path) -> None:
    """A new file of texts moves its own unit and the list's, for what was missing may be there; no other file's."""
    ids = lines(tmp_path / "ids.jsonl", [{"sha256": sha("x = 1\n"), "path": "a.py"}])
    parquet(tmp_path / "set" / "a.parquet", [{"sha256": sha("x = 0\n"), "content": "x = 0\n"}])
    unit = source(ids, "parquet", tmp_path / "set")
    before = kinds.probe(unit).units
    parquet(tmp_path / "set" / "b.parquet", [{"sha256": sha("x = 1\n"), "content": "x = 1\n"}])
    after = kinds.probe(unit).units
    place = f"file://{tmp_path}"
    moved = {u for u in before.keys() | after.keys() if before.get(u) != after.get(u)}
    assert moved == {f"{place}/ids.jsonl", f"{place}/set/b.parquet#texts"}
    lines(ids, [{"sha256": sha("x = 0\n"), "path": "b.py"}])
    assert not set(kinds.probe(unit).units.items()) & set(after.items()), "texts are asked for by the list"
    assert kinds.size(unit, f"{place}/set/b.parquet#texts") > 0 and kinds.size(unit, f"{place}/ids.jsonl") == 0
