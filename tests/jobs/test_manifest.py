"""The manifest of sources: what is read, and what every error says (file, line, field, what was found, remedy)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jobs.corpora import SETS, load_set, write_manifest
from jobs.runtime.manifest import ManifestError, Source, read_manifest

GOOD: dict[str, Any] = {"kind": "folder", "location": "data/mine"}
IDS: dict[str, Any] = {"kind": "ids", "location": "ids.csv", "texts": "data/m", "texts_kind": "git"}


def manifest(folder: Path, *lines: dict[str, Any] | str) -> str:
    """Path of a manifest with these lines, objects or raw text."""
    file = folder / "sources.jsonl"
    file.write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines), encoding="utf-8")
    return str(file)


def one(folder: Path, **fields: Any) -> Source:
    return read_manifest(manifest(folder, GOOD | fields))[0]


def error_of(place: str) -> str:
    with pytest.raises(ManifestError) as error:
        read_manifest(place)
    return str(error.value)


def test_kind_and_location_are_enough(tmp_path: Path) -> None:
    assert one(tmp_path) == Source("data/mine", "folder", "data/mine")


def test_every_field_is_taken_over(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        kind="git",
        source_id="mine",
        repo="org/mine",
        revision="abc",
        stars=0,
        licences=["MIT", "Apache-2.0"],
        commit_time="2024-05-01T12:00:00Z",
    )
    time = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert found == Source("mine", "git", "data/mine", "org/mine", "abc", 0, ("Apache-2.0", "MIT"), time)


@pytest.mark.parametrize("kind", ["folder", "archive", "git", "parquet"])
def test_each_kind_is_known(tmp_path: Path, kind: str) -> None:
    assert one(tmp_path, kind=kind).kind == kind


def test_null_is_as_good_as_leaving_a_field_out(tmp_path: Path) -> None:
    names = ("source_id", "repo", "revision", "stars", "licences", "commit_time")
    assert one(tmp_path, **dict.fromkeys(names)) == one(tmp_path)


def test_licences_are_sorted_and_none_declared_differs_from_unknown(tmp_path: Path) -> None:
    assert one(tmp_path, licences=["b", "a"]).licences == ("a", "b")
    assert one(tmp_path, licences=[]).licences == ()
    assert one(tmp_path).licences is None


def test_ids_say_where_their_texts_are_and_which_columns_mean_what(tmp_path: Path) -> None:
    found = one(tmp_path, **IDS, columns={"path": "file", "hash": "digest"})
    assert (found.texts, found.texts_kind) == ("data/m", "git")
    assert found.columns == '{"hash": "digest", "path": "file"}' and one(tmp_path, **IDS).columns is None


def test_source_id_by_default_is_the_location_without_the_revision(tmp_path: Path) -> None:
    old = one(tmp_path, location="pool/requests-2.31.0.tar.gz", revision="2.31.0")
    new = one(tmp_path, location="pool/requests-2.32.0.tar.gz", revision="2.32.0")
    assert old.source_id == new.source_id == "pool/requests-.tar.gz", "a new version replaces the old one"
    assert one(tmp_path, location="a/b.zip", revision="9").source_id == "a/b.zip"
    assert one(tmp_path, location="a-1.zip", revision="1", source_id="a").source_id == "a"


@pytest.mark.parametrize(
    ("location", "revision", "expected"),
    [
        ("repos/domain.git", "main", "repos/domain.git"),
        ("repos/main2.git", "main", "repos/main2.git"),
        ("pool/remaster.tgz", "master", "pool/remaster.tgz"),
        ("pool/dev-tools-dev.zip", "dev", "pool/-tools-.zip"),
        ("pool/lib-11.2.zip", "1.2", "pool/lib-11.2.zip"),
        ("pool/lib-1.2.3.zip", "1.2", "pool/lib-1.2.3.zip"),
        ("pool/jquery3.1.tgz", "3.1", "pool/jquery.tgz"),
        ("pool/lib_1.2-1_amd64.deb", "1.2-1", "pool/lib__amd64.deb"),
        ("pool/lib-v1.2.tar.gz", "v1.2", "pool/lib-.tar.gz"),
        ("pool/a+b-1.0+x.tgz", "1.0+x", "pool/a+b-.tgz"),
        ("repos/main.git", "main", "repos/main.git"),
        ("repos/main", "main", "repos/main"),
        ("main", "main", "main"),
        ("main.tar.gz", "main", "main.tar.gz"),
        ("repos/main-main.git", "main", "repos/main-main.git"),
        ("repos/main/flask.git", "main", "repos/main/flask.git"),
        ("repos/2.0.tar.gz", "2.0", "repos/2.0.tar.gz"),
        ("pool/2.0/flask-2.0.tgz", "2.0", "pool//flask-.tgz"),
        ("pool/flask-feature/x.zip", "feature/x", "pool/flask-.zip"),
        ("repos/feature/x", "feature/x", "repos/feature/x"),
        ("repos/v1", "v1", "repos/v1"),
        (".git", "git", ".git"),
    ],
)
def test_only_a_revision_that_stands_by_itself_is_left_out(
    tmp_path: Path, location: str, revision: str, expected: str
) -> None:
    assert one(tmp_path, location=location, revision=revision).source_id == expected


def test_sources_that_are_named_after_their_revision_are_told_apart(tmp_path: Path) -> None:
    rows = [
        {"kind": "git", "location": name, "revision": name.partition(".")[0]} for name in ("main", "dev", "dev.git")
    ]
    assert [source.source_id for source in read_manifest(manifest(tmp_path, *rows))] == ["main", "dev", "dev.git"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_windows_writes_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "sources.jsonl"
    file.write_bytes((json.dumps(GOOD | {"repo": "é"}, ensure_ascii=False) + "\r\n").encode(encoding))
    assert [source.repo for source in read_manifest(str(file))] == ["é"]


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2024-05-01T12:00:00Z", 12),  # UTC
        ("2024-05-01T14:00:00+02:00", 12),  # another zone is converted
        ("2024-05-01T12:00:00", 12),  # no zone counts as UTC
        ("2024-05-01", 0),  # a date is its midnight
    ],
)
def test_times_are_read_as_utc(tmp_path: Path, written: str, hour: int) -> None:
    found = one(tmp_path, commit_time=written).commit_time
    assert found == datetime(2024, 5, 1, hour, tzinfo=UTC)
    assert found is not None and found.tzinfo is UTC


def test_empty_lines_and_a_missing_last_newline_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "sources.jsonl"
    file.write_text(f"\n  \n{json.dumps(GOOD)}\n\n{json.dumps(GOOD | {'location': 'b'})}", encoding="utf-8")
    assert [s.source_id for s in read_manifest(str(file))] == ["data/mine", "b"]


def test_names_in_other_scripts_are_kept(tmp_path: Path) -> None:
    assert one(tmp_path, repo="组织/仓库", location="données").repo == "组织/仓库"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"kind": "folder",', ["expected one JSON object, found an error", "as in {"]),  # broken JSON
        ("data/mine", ["expected one JSON object, found an error", "as in {"]),  # a bare path
        ("[" * 100_000, ["expected one JSON object, found an error", "as in {"]),
        ('["folder"]', ['expected one JSON object, found ["folder"]', "as in {"]),  # JSON, but no object
        ({"location": "a"}, ["kind: expected a value, found none", "add it"]),
        ({"kind": "folder"}, ["location: expected a value, found none", "add it"]),
        (GOOD | {"location": ""}, ["location: expected a value, found none", "add it"]),
        (GOOD | {"kind": None}, ["kind: expected a value, found none", "add it"]),
        (
            GOOD | {"kind": "zip"},
            ["kind: expected one of folder, archive, git, parquet, ids, found 'zip'", "correct it"],
        ),
        (
            GOOD | {"licenses": ["MIT"]},
            ["licenses: expected a known field, found 'licenses'", "did you mean licences?"],
        ),
        (GOOD | {"xyz": 1}, ["xyz: expected a known field", "known are kind, location, source_id"]),
        (GOOD | {"stars": "12"}, ["stars: expected a whole number, found '12'", "correct it or leave it out"]),
        (GOOD | {"stars": 1.5}, ["stars: expected a whole number, found 1.5", "correct it or leave it out"]),
        (GOOD | {"stars": True}, ["stars: expected a whole number, found True", "correct it or leave it out"]),
        (GOOD | {"stars": -1}, ["stars: expected a number from 0, found -1", "correct it or leave it out"]),
        (GOOD | {"repo": 7}, ["repo: expected a string, found 7", "correct it or leave it out"]),
        (GOOD | {"location": ["a"]}, ["location: expected a string, found ['a']", "correct it"]),
        (GOOD | {"licences": "MIT"}, ["licences: expected a list, found 'MIT'", "correct it or leave it out"]),
        (GOOD | {"licences": ["MIT", 2]}, ["licences: expected a list of names, found ['MIT', 2]", 'as in ["MIT"]']),
        (GOOD | {"commit_time": "May 2024"}, ["commit_time: expected ISO 8601, found 'May 2024'", "write it as 2024-"]),
        (IDS | {"texts": ""}, ["texts: expected the place where texts are looked for, found none", "add it"]),
        (
            IDS | {"texts_kind": "swh"},
            ["texts_kind: expected one of git, objects, parquet, found 'swh'", "what data/m is"],
        ),
        (IDS | {"texts_kind": None}, ["texts_kind: expected one of git, objects, parquet, found None", "as in {"]),
        (IDS | {"columns": {"sha": "x"}}, ["columns: expected a known field, found 'sha'", "known are repo, path"]),
        (IDS | {"columns": {"text_pat": "x"}}, ["columns: expected a known field", "did you mean text_path?"]),
        (IDS | {"columns": {"path": 1}}, ["columns: expected the name of a column for path, found 1", "mend it"]),
        (IDS | {"columns": "path"}, ["columns: expected an object, found 'path'", "correct it or leave it out"]),
        (GOOD | {"texts": "x"}, ["texts: expected on kind ids only, found it on kind 'folder'", "leave it out"]),
        (GOOD | {"commit_time": 17}, ["commit_time: expected a string, found 17", "correct it or leave it out"]),
    ],
)
def test_an_error_names_file_line_field_and_remedy(tmp_path: Path, line: dict | str, said: list[str]) -> None:
    place = manifest(tmp_path, GOOD | {"location": "other"}, "", line)
    message = error_of(place)
    assert message.startswith(f"{place}: line 3: {said[0]}")
    assert said[1] in message


def test_a_repeated_source_is_refused_with_both_lines(tmp_path: Path) -> None:
    place = manifest(tmp_path, GOOD, {"kind": "git", "location": "x", "source_id": "y"}, GOOD | {"kind": "archive"})
    message = error_of(place)
    assert message.startswith(f"{place}: line 3: source_id: expected each source once, found 'data/mine' on line 1 too")
    assert "remove one of the two lines" in message


def test_two_versions_that_differ_in_the_revision_alone_are_a_repeat(tmp_path: Path) -> None:
    versions = [{"kind": "archive", "location": f"a-{v}.zip", "revision": v} for v in ("1", "2")]
    assert "line 2: source_id: expected each source once, found 'a-.zip' on line 1 too" in error_of(
        manifest(tmp_path, *versions)
    )


def test_a_manifest_without_sources_is_a_mistake(tmp_path: Path) -> None:
    place = manifest(tmp_path, "", "  ")
    assert error_of(place).startswith(f"{place}: expected at least one source, found none; write one object a line")


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    place = str(tmp_path / "none.jsonl")
    assert error_of(place).startswith(f"{place}: expected a readable JSON-lines file in UTF-8, found ")


def test_a_manifest_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "latin.jsonl"
    file.write_bytes(json.dumps(GOOD | {"repo": "für"}, ensure_ascii=False).encode("latin-1"))
    assert "expected a readable JSON-lines file in UTF-8" in error_of(str(file))


def test_a_line_separator_inside_a_string_does_not_break_the_line(tmp_path: Path) -> None:
    place = manifest(tmp_path, json.dumps(GOOD | {"repo": "a\u2028b"}, ensure_ascii=False))
    assert read_manifest(place)[0].repo == "a\u2028b"


def test_an_error_of_the_manifest_is_an_error_of_the_user() -> None:
    assert issubclass(ManifestError, ValueError), "the command line ends with exit code 2"


@pytest.mark.parametrize("name", SETS)
def test_the_manifest_of_every_pinned_set_is_taken(tmp_path: Path, name: str) -> None:
    """Two archives of one Debian source had one source_id, and `run` refused what `fetch bench` wrote."""
    archives = load_set(name)
    write_manifest(archives, tmp_path, tmp_path / "sources.jsonl")
    assert len(read_manifest(str(tmp_path / "sources.jsonl"))) == len(archives)
