"""Ids looked for among content objects, as Software Heritage keeps them: by any hash, packed or not, in any folders."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import fsspec
import pytest

from tests.udfs.reading.id_sources import lines, outcomes, parquet, records, source
from udfs.reading import kinds
from udfs.reading.archives import Limits

TEXT = b"print(1)\n"


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


NAMES = {
    "sha1": hashlib.sha1(TEXT).hexdigest(),
    "sha1_git": git_hash(TEXT),
    "sha256": hashlib.sha256(TEXT).hexdigest(),
    "blake2s": hashlib.blake2s(TEXT).hexdigest(),
}


def put(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("form", ["{0}", "{0}.gz", "{1}/{2}/{0}", "{1}/{0}", "{1}/{2}/{3}/{0}", "{1}/{4}"])
def test_an_object_is_found_by_any_hash_in_any_folders(tmp_path: Path, kind: str, packed: bool, form: str) -> None:
    name = NAMES[kind]
    place = tmp_path / "content" / form.format(name, name[:2], name[2:4], name[4:6], name[2:])
    put(place, gzip.compress(TEXT) if packed else TEXT)
    rows = [{"blob_id": f"swh:1:cnt:{name}", "repo_name": "o/n", "path": "a.py"}, {"blob_id": name.upper()}]
    unit = source(lines(tmp_path / "ids.jsonl", rows), "objects", tmp_path / "content")
    assert outcomes(unit) == {("o/n", "a.py"): "print(1)\n", (None, name): "print(1)\n"}


def test_each_id_of_a_content_is_a_file_and_what_is_amiss_is_told_apart(tmp_path: Path) -> None:
    """Stack-Edu's columns. A content that is itself packed is no packing."""
    archive = gzip.compress(b"inside")
    wrong, damaged, large, missing = (hashlib.sha1(b).hexdigest() for b in (b"w", b"d", b"l" * 400, b"m"))
    stored = {
        NAMES["sha1"]: gzip.compress(TEXT),
        hashlib.sha1(archive).hexdigest(): archive,
        wrong: gzip.compress(b"another"),
        damaged: b"\x1f\x8b\x08\0 damage",
        large: gzip.compress(b"l" * 400),
    }
    for name, data in stored.items():
        put(tmp_path / "content" / name, data)
    paths = {"a.py": NAMES["sha1"], "b.py": NAMES["sha1"], "odd": "1234", "wrong": wrong, "damaged": damaged}
    paths |= {"x.gz": hashlib.sha1(archive).hexdigest(), "large": large, "missing": missing}
    rows = [
        {"blob_id": name, "language": "Python", "repo_name": "o/n", "path": path, "src_encoding": "UTF-8"}
        | {"length_bytes": 9, "score": 3.9, "int_score": 4, "detected_licenses": ["MIT"], "license_type": "permissive"}
        for path, name in paths.items()
    ]
    unit = source(parquet(tmp_path / "edu.parquet", rows), "objects", tmp_path / "content")
    found = {r.path: r for r in records(unit, Limits(max_file_bytes=300))}
    assert {path: r.text or r.reason for path, r in found.items()} == {
        "a.py": "print(1)\n",
        "b.py": "print(1)\n",
        "row 3": "malformed_id",
        "wrong": "hash_differs",
        "damaged": "hash_differs",
        "x.gz": "binary",
        "large": "too_large",
        "missing": "object_missing",
    }
    assert (found["a.py"].repo, found["a.py"].licences) == ("o/n", ("MIT",))
    assert found["missing"].detail == f"content {missing}"


def test_a_second_hash_of_a_row_is_tried(tmp_path: Path) -> None:
    put(tmp_path / "content" / NAMES["sha1"], TEXT)
    rows = [{"blob_id": NAMES["sha1_git"], "sha1": NAMES["sha1"], "path": "a.py", "repo": "o/n"}]
    unit = source(lines(tmp_path / "ids.jsonl", rows), "objects", tmp_path / "content")
    assert outcomes(unit) == {("o/n", "a.py"): "print(1)\n"}


def test_objects_in_a_store(tmp_path: Path) -> None:
    """A store is not listed: what it lacks is missing, and a new revision in the manifest has it looked for again."""
    files = fsspec.filesystem("memory")
    files.pipe(f"/content/{NAMES['sha1']}", gzip.compress(TEXT))
    missing = hashlib.sha1(b"later").hexdigest()
    rows = [{"sha1": name, "repo": "o/n", "path": name[:3]} for name in (NAMES["sha1"], missing)]
    unit = source(lines(tmp_path / "ids.jsonl", rows), "objects", "memory://content")
    assert outcomes(unit) == {("o/n", NAMES["sha1"][:3]): "print(1)\n", ("o/n", missing[:3]): "object_missing"}
    again = source(tmp_path / "ids.jsonl", "objects", "memory://content", "2025-10")
    assert kinds.probe(unit).units != kinds.probe(again).units


def test_the_fingerprint_follows_what_comes_and_goes(tmp_path: Path) -> None:
    put(tmp_path / "content" / "ab" / "cd" / "abcd", b"1")
    unit = source(lines(tmp_path / "ids.jsonl", [{"sha1": NAMES["sha1"]}]), "objects", tmp_path / "content")
    seen = [kinds.probe(unit).units]
    assert kinds.probe(unit).units == seen[0]
    put(tmp_path / "content" / "ab" / "cd" / "abce", b"1")
    seen.append(kinds.probe(unit).units)
    os.remove(tmp_path / "content" / "ab" / "cd" / "abcd")
    seen.append(kinds.probe(unit).units)
    put(tmp_path / "content" / "ab" / "ce" / "abce", b"1")
    seen.append(kinds.probe(unit).units)
    assert len({str(units) for units in seen}) == len(seen)
    gone = kinds.probe(source(tmp_path / "ids.jsonl", "objects", tmp_path / "none")).error
    assert gone == f"{tmp_path / 'none'}: expected a folder of content objects, found none: check the path"
