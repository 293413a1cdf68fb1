"""Units of every kind, from their probe to their records."""

from __future__ import annotations

import functools
import gzip
import http.server
import importlib.util
import io
import json
import os
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from udfs.reading import kinds
from udfs.reading.archives import Limits
from udfs.reading.kinds import Record, Unit, probe, read
from udfs.reading.records import staged_batches


def unit(kind: str, location: object, revision: str | None = None, repo: str | None = "o/n") -> Unit:
    return Unit("source", kind, str(location), revision, repo)


def records(source: Unit, limits: Limits | None = None) -> list[Record]:
    state = probe(source)
    assert state.reachable, state.error
    return [record for location in state.units for record in read(source, location, limits or Limits())]


def by_path(source: Unit) -> dict[str | None, str | None]:
    return {record.path: record.text if record.reason is None else record.reason for record in records(source)}


def tgz(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(out.getvalue(), mtime=0)


def declared(files: dict[str, str], folder: Path) -> tuple[str | None, tuple[str, ...] | None] | None:
    (folder / "x.tgz").write_bytes(tgz({f"top/{name}": text for name, text in files.items()} | {"top/z": "z"}))
    last = records(unit("archive", folder / "x.tgz", repo=None))[-1]
    return None if last.path else (last.repo, last.licences)


# Folders.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "src").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("[core]")
    (root / "src" / "a.py").write_text("x = 1\n")
    (root / "b.txt").write_bytes("Déjà vu, près de la forêt\n".encode("cp1252"))
    (root / "bin").write_bytes(b"\0\1")
    (root / "in").symlink_to("src/a.py")
    (root / "out").symlink_to("../elsewhere")
    (root / "dir").symlink_to("src", target_is_directory=True)
    os.mkfifo(root / "pipe")
    return root


def test_a_folder_is_walked_in_order_and_no_link_is_followed(folder: Path) -> None:
    assert list(by_path(unit("folder", folder)).items()) == [
        ("b.txt", "Déjà vu, près de la forêt\n"),
        ("bin", "binary"),
        ("dir", "link"),
        ("in", "link"),
        ("out", "link_outside"),
        ("pipe", "special_file"),
        ("src/a.py", "x = 1\n"),
    ]
    text = records(unit("folder", folder, revision="r1"))[0]
    assert (text.repo, text.revision, text.encoding, text.converted) == ("o/n", "r1", "cp1252", True)
    assert (text.size_bytes, text.commit_time) == (26, None)


def test_the_fingerprint_of_a_folder_moves_with_its_files(folder: Path) -> None:
    source = unit("folder", folder)
    first = probe(source)
    assert first == probe(source) and list(first.units) == [str(folder)]
    (folder / ".git" / "index").write_text("git's own")
    assert probe(source) == first
    os.utime(folder / "src" / "a.py", ns=(0, 1))
    second = probe(source)
    (folder / "new").write_text("")
    assert len({str(state.units) for state in (first, second, probe(source))}) == 3


def test_a_file_over_the_limit_is_not_read(folder: Path) -> None:
    found = {record.path: record for record in records(unit("folder", folder), Limits(max_file_bytes=10))}
    assert found["b.txt"].reason == "too_large"
    assert found["b.txt"].detail == "expected at most 10 bytes, found 26"
    assert found["src/a.py"].text == "x = 1\n"


def test_a_name_that_is_not_utf8_is_spelt_out(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xe9")).write_text("x")
    assert by_path(unit("folder", tmp_path)) == {"a\\xe9": "x"}


def test_a_folder_in_another_file_system() -> None:
    files = fsspec.filesystem("memory")
    for name in ("b", "a", "d/c", ".git/x"):
        files.pipe(f"/test-folder/{name}", name.encode())
    source = unit("folder", "memory://test-folder")
    assert by_path(source) == {"a": "a", "b": "b", "d/c": "d/c"}
    assert probe(source) == probe(source)


# Archives.


def test_an_archive_by_path_url_and_memory(tmp_path: Path) -> None:
    data = tgz({"p-1/a.py": "x = 1\n", "p-1/empty": ""})
    (tmp_path / "p.tgz").write_bytes(data)
    fsspec.filesystem("memory").pipe("/p.tgz", data)
    for location in (tmp_path / "p.tgz", f"file://{tmp_path}/p.tgz", "memory://p.tgz"):
        assert by_path(unit("archive", location)) == {"a.py": "x = 1\n", "empty": "empty"}


def test_the_fingerprint_of_an_archive_moves_with_it(tmp_path: Path) -> None:
    source = unit("archive", tmp_path / "p.tgz")
    (tmp_path / "p.tgz").write_bytes(tgz({"a": "1"}))
    first = probe(source)
    assert first == probe(source)
    (tmp_path / "p.tgz").write_bytes(tgz({"a": "1", "b": "another file"}))
    assert probe(source).units != first.units


def test_a_bad_archive_fails_as_a_unit(tmp_path: Path) -> None:
    source = unit("archive", tmp_path / "p.tgz")
    data = tgz({f"f{index}": str(index) * 1000 for index in range(50)})
    (tmp_path / "p.tgz").write_bytes(data[:-50])
    (last,) = records(source)
    assert (last.path, last.repo, last.reason) == (None, "o/n", "corrupt_archive")
    assert last.detail is not None and last.detail.startswith(f"{tmp_path}/p.tgz: expected")
    (tmp_path / "p.tgz").write_bytes(data)
    limits = {
        "bomb_file_count": Limits(max_files=49),
        "bomb_total_size": Limits(max_total_bytes=1000),
        "bomb_ratio": Limits(max_ratio=2, ratio_floor_bytes=1000),
    }
    for reason, limit in limits.items():
        assert [(record.path, record.reason) for record in records(source, limit)] == [(None, reason)]


def test_a_member_found_damaged_late_voids_those_before_it(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "good")
        archive.writestr("b", "damaged")
    (tmp_path / "p.zip").write_bytes(out.getvalue().replace(b"damaged", b"dXmaged"))
    found = records(unit("archive", tmp_path / "p.zip"))
    assert [(record.path, record.reason) for record in found] == [("a", None), (None, "corrupt_archive")]


def test_what_a_python_package_declares(tmp_path: Path) -> None:
    links = (
        "Project-URL: Tracker, https://github.com/sponsors/me\nProject-URL: Source, https://github.com/org/name.git\n"
    )
    classifiers = "Classifier: License :: OSI Approved\nClassifier: License :: OSI Approved :: MIT License\n"
    whole_text = "License: Permission is hereby granted\n        to any person\n"
    cases = {
        f"License-Expression: MIT OR Apache-2.0\nLicense: X\n{links}": ("org/name", ("MIT OR Apache-2.0",)),
        f"License: BSD-3-Clause\n{classifiers}": (None, ("BSD-3-Clause",)),
        f"License: UNKNOWN\n{classifiers}": (None, ("MIT License",)),
        f"{whole_text}{classifiers}": (None, ("MIT License",)),
        "Home-page: https://gitlab.com/a/b/-/issues\n\nLicense: not a header\n": ("a/b", None),
    }
    for text, expected in cases.items():
        assert declared({"PKG-INFO": "Name: x\n" + text}, tmp_path) == expected
    wheel = {"x/a.py": "", "x-1.dist-info/METADATA": "License: MIT\n"}
    (tmp_path / "x.whl").write_bytes(tgz(wheel))
    assert records(unit("archive", tmp_path / "x.whl"))[-1].licences == ("MIT",)


def test_what_a_javascript_package_declares(tmp_path: Path) -> None:
    cases: list[tuple[object, tuple[str | None, tuple[str, ...] | None] | None]] = [
        ({"license": "MIT", "repository": "org/name"}, ("org/name", ("MIT",))),
        ({"licenses": [{"type": "MIT"}, {"type": "GPL"}]}, (None, ("MIT", "GPL"))),
        ({"license": {"type": "ISC"}, "repository": {"url": "git+https://github.com/o/n.git"}}, ("o/n", ("ISC",))),
        ({"repository": "git@github.com:o/n.js.git"}, ("o/n.js", None)),
        ({"repository": "https://example.org/o/n"}, None),
        ({"license": 3, "repository": 4}, None),
        ([], None),
    ]
    for package, expected in cases:
        assert declared({"package.json": json.dumps(package)}, tmp_path) == expected
    assert declared({"package.json": "{broken"}, tmp_path) is None
    assert declared({"node_modules/x/package.json": '{"license": "GPL"}'}, tmp_path) is None


def test_what_a_crate_declares_and_which_file_is_believed(tmp_path: Path) -> None:
    crate = {"Cargo.toml": '[package]\nlicense = "MIT"\nrepository = "https://github.com/o/n"\n'}
    npm = {"package.json": '{"license": "ISC"}'}
    assert declared(crate, tmp_path) == ("o/n", ("MIT",))
    assert declared(crate | npm, tmp_path) == ("o/n", ("ISC",))
    assert declared(crate | npm | {"Cargo.toml.orig": ""}, tmp_path) == ("o/n", ("MIT",))
    assert declared({"Cargo.toml": "[package]\nlicense.workspace = true"}, tmp_path) is None


# Git and parquet.


def test_a_repository_is_read_at_its_revision(tmp_path: Path) -> None:
    who = {f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    when = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2020-01-02T00:00:00Z")
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "sym").symlink_to("a.py")
    for arguments in (["init", "-q"], ["add", "."], ["-c", "commit.gpgsign=false", "commit", "-qm", "one"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, env=os.environ | who | when, check=True)
    source = unit("git", tmp_path)
    (commit,) = probe(source).units.values()
    first, second = records(source)
    assert (first.path, first.text, first.revision) == ("a.py", "x = 1\n", commit)
    assert (first.repo, first.commit_time) == ("o/n", datetime(2020, 1, 2, tzinfo=UTC))
    assert (second.path, second.reason) == ("sym", "link")
    (bad,) = read(unit("git", tmp_path, "nowhere"), str(tmp_path))
    assert (bad.path, bad.reason) == (None, "corrupt_repository")


def test_a_parquet_set_is_a_file_a_folder_or_a_pattern(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        columns = {"code": [name], "path": [f"{name}.py"], "repo_name": pa.array([None], pa.string())}
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet")
    (tmp_path / "README").write_text("no parquet")
    assert list(by_path(unit("parquet", tmp_path)).items()) == [("a.py", "a"), ("b.py", "b"), ("c.py", "c")]
    assert by_path(unit("parquet", tmp_path / "[ab].parquet")) == {"a.py": "a", "b.py": "b"}
    (record,) = records(unit("parquet", tmp_path / "c.parquet"))
    assert (record.text, record.repo) == ("c", "o/n")
    before = probe(unit("parquet", tmp_path)).units
    (tmp_path / "c.parquet").unlink()
    assert probe(unit("parquet", tmp_path)).units != before


def test_what_starts_with_a_dot_or_a_line_is_no_part_of_a_set(tmp_path: Path) -> None:
    names = ["a", "sub/b", "_part=1/c", "_temporary/0/d", ".e", "._a", "_f", ".hidden/g", "_delta_log/h"]
    for name in names:
        file = tmp_path / ".set" / f"{name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        columns = {"code": [name], "path": [f"{name}.py"], "repo_name": ["o/n"]}
        pq.write_table(pa.table(columns), file)
    folder = tmp_path / ".set"
    assert sorted(map(str, by_path(unit("parquet", folder)).values())) == ["_part=1/c", "a", "sub/b"]
    assert sorted(map(str, by_path(unit("parquet", folder / "*.parquet")).values())) == ["a"]
    assert sorted(map(str, by_path(unit("parquet", folder / "**" / "*.parquet")).values())) == [
        "_part=1/c",
        "a",
        "sub/b",
    ]
    assert by_path(unit("parquet", folder / "_f.parquet")) == {"_f.py": "_f"}
    assert by_path(unit("parquet", folder / "_[f].parquet")) == {"_f.py": "_f"}


@pytest.mark.parametrize("error", [OverflowError("year -1"), KeyError("x"), TypeError("x"), ValueError("year 10000")])
def test_an_odd_fact_is_no_network_failure(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[Record]:
        yield Record(path="a", text="x")
        raise error

    for kind, reason in (("archive", "corrupt_archive"), ("git", "corrupt_repository"), ("folder", "corrupt_folder")):
        monkeypatch.setitem(kinds.KINDS, kind, replace(kinds.KINDS[kind], records=broken))
        _, last = read(unit(kind, tmp_path), str(tmp_path))
        assert (last.path, last.reason) == (None, reason)
        assert type(error).__name__ in str(last.detail)


def test_half_characters_do_not_lose_the_unit(tmp_path: Path) -> None:
    (tmp_path / "p.tgz").write_bytes(tgz({"package.json": '{"license": "M\\ud800T"}', "a.py": "x = 1\n"}))
    source = unit("archive", tmp_path / "p.tgz")
    (batch,) = staged_batches(source, str(tmp_path / "p.tgz"), Limits(), "salt")
    assert [row["licences"] for row in batch.to_pylist() if row["path"] is None] == [["M?T"]]


def test_bad_parquet_files_fail_as_units(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "other.parquet")
    data = (tmp_path / "other.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(data[:-10])
    (tmp_path / "thrift.parquet").write_bytes(data[:-60] + b"\xff" * 52 + data[-8:])
    expected = {"other": "unknown_layout", "cut": "corrupt_parquet", "thrift": "corrupt_parquet"}
    for name, reason in expected.items():
        location = str(tmp_path / f"{name}.parquet")
        (last,) = read(unit("parquet", location), location)
        assert (last.path, last.reason) == (None, reason)
        assert last.detail is not None and last.detail.startswith(f"{location}: expected")


@pytest.mark.parametrize(
    ("damage", "revision"),
    [
        ("no commit at all", None),
        ("no repository", None),
        ("a file", None),
        ("a head that is none", None),
        ("a reference to a missing commit", "gone"),
        ("a revision that is none", "nowhere"),
        ("a commit that is none", "1" * 40),
    ],
)
def test_a_repository_without_its_commit_is_refused_with_a_reason(
    damage: str, revision: str | None, tmp_path: Path
) -> None:
    """It was called unreachable, and stood in no table of refusals."""
    folder = tmp_path / "repo"
    if damage == "a file":
        folder.write_bytes(b"x")
    elif damage == "no repository":
        folder.mkdir()
    else:
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
    if damage == "a head that is none":
        (folder / ".git" / "HEAD").write_text("ref: refs/heads/\n")
    if revision == "gone":
        (folder / ".git" / "refs" / "heads" / "gone").write_text("2" * 40 + "\n")
    source = replace(unit("git", folder), revision=revision)
    state = probe(source)
    assert state.reachable and list(state.units) == [str(folder)]
    assert state == probe(source), "a refresh does not read it again"
    (record,) = read(source, str(folder))
    assert (record.path, record.reason) == (None, "corrupt_repository")
    assert str(record.detail).startswith(f"{folder}: expected a")


# What cannot be reached.


@pytest.mark.parametrize("kind", ["folder", "archive", "git", "parquet"])
def test_what_is_not_there_is_unreachable(kind: str, tmp_path: Path) -> None:
    state = probe(unit(kind, tmp_path / "nowhere"))
    assert (state.reachable, state.units) == (False, {})
    assert state.error is not None and str(tmp_path / "nowhere") in state.error
    with pytest.raises(OSError, match="nowhere"):
        list(read(unit(kind, tmp_path / "nowhere"), str(tmp_path / "nowhere")))


def test_a_set_without_files_and_a_file_as_a_folder_are_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "expected parquet files, found none" in str(probe(unit("parquet", tmp_path)).error)
    assert "expected a folder, found a file" in str(probe(unit("folder", tmp_path / "file")).error)


def test_an_unknown_kind_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="source source: expected a kind out of"):
        probe(unit("tarball", tmp_path))


def test_a_missing_driver_is_named() -> None:
    for location, package in (("s3://bucket/a.tgz", "s3fs"), ("http://127.0.0.1:9/a.tgz", "aiohttp")):
        if importlib.util.find_spec(package) is None:
            state = probe(unit("archive", location))
            assert state.error is not None and state.error.startswith(f"{location}: expected a driver for")
            assert package in state.error


@pytest.mark.skipif(importlib.util.find_spec("aiohttp") is None, reason="fsspec reads http with aiohttp")
def test_an_archive_over_http(tmp_path: Path) -> None:
    (tmp_path / "p.tgz").write_bytes(tgz({"p-1/a.py": "x = 1\n"}))
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert by_path(unit("archive", f"http://127.0.0.1:{server.server_port}/p.tgz")) == {"a.py": "x = 1\n"}
        server.shutdown()
