"""Ids looked for in real git mirrors: by commit and path, by git's own hash, and what there is to refuse."""

from __future__ import annotations

import hashlib
import subprocess
from itertools import count
from pathlib import Path

import pytest

from tests.udfs.reading.id_sources import lines, outcomes, parquet, records, source
from tests.udfs.reading.test_git import Repository
from udfs.reading.archives import Limits
from udfs.reading.git_picked import picked
from udfs.reading.ids import lists
from udfs.reading.ids import mirrors as ids_mirrors
from udfs.reading.kinds import Unit, probe
from udfs.reading.kinds import read as read_unit


@pytest.fixture
def mirrors(tmp_path: Path) -> Path:
    return tmp_path / "mirrors"


@pytest.fixture
def one(mirrors: Path) -> tuple[Repository, str, str]:
    """(a repository, its first commit, its second)."""
    repository = Repository(mirrors / "owner" / "one")
    first = repository.commit(1, **{"src/a.py": b"x = 1\n", "b.py": b"y = 1\n", ":(top)odd -name.py": b"z = 1\n"})
    (repository.folder / "link").symlink_to("b.py")
    return repository, first, repository.commit(2, **{"src/a.py": b"x = 2\n", "bin": b"\0\1"})


def test_a_list_over_mirrors_gives_what_the_repositories_themselves_give(
    one: tuple[Repository, str, str], mirrors: Path, tmp_path: Path
) -> None:
    """Times and authors too: who asks to be removed by address is found whichever way a file came in."""
    repository, _, commit = one
    whole = Unit("s", "git", str(repository.folder), commit, "owner/one")
    wanted = {r.path: r for r in read_unit(whole, whole.location)}
    rows = [{"repo": "owner/one", "commit": commit[:7], "rel_path": path} for path in wanted]
    found = {r.path: r for r in records(source(lines(tmp_path / "ids.jsonl", rows), "git", mirrors))}
    assert {p: (r.text, r.reason, r.author, r.commit_time) for p, r in found.items()} == {
        p: (r.text, r.reason, r.author, r.commit_time) for p, r in wanted.items()
    }
    assert {r.revision for r in found.values()} == {commit} and found["link"].reason == "link"


def test_mirrors_may_be_bare_and_are_found_however_a_list_spells_them(
    one: tuple[Repository, str, str], mirrors: Path, tmp_path: Path
) -> None:
    repository, first, _ = one
    bare = mirrors / "other" / "two.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(repository.folder), str(bare)], check=True)
    spelled = ["https://github.com/Owner/One.git", "owner/one", "git@github.com:other/two.git", "other/two"]
    rows = [{"repo_name": name, "path": "/src/a.py", "commit_id": first} for name in spelled]
    rows += [{"repo_name": "gitlab.com/owner/one", "path": "./b.py", "commit_id": "main"}]
    found = outcomes(source(parquet(tmp_path / "ids.parquet", rows), "git", mirrors))
    assert found == {
        ("Owner/One", "src/a.py"): "x = 1\n",
        ("owner/one", "src/a.py"): "x = 1\n",
        ("other/two", "src/a.py"): "x = 1\n",
        ("gitlab.com/owner/one", "b.py"): "y = 1\n",
    }


def test_without_a_commit_the_blob_is_looked_for_and_without_a_hash_the_revision(
    one: tuple[Repository, str, str], mirrors: Path, tmp_path: Path
) -> None:
    """Stack-Edu names blobs, RefineCode's metadata folders and names at no commit."""
    repository, first, _ = one
    blob = repository.git("rev-parse", f"{first}:src/a.py")
    edu = [{"blob_id": blob, "repo_name": "owner/one", "path": "moved/a.py"}]
    edu += [{"blob_id": "0" * 40, "repo_name": "owner/one", "path": "none.py"}]
    found = outcomes(source(parquet(tmp_path / "edu.parquet", edu), "git", mirrors))
    assert found == {("owner/one", "moved/a.py"): "x = 1\n", ("owner/one", "none.py"): "object_missing"}
    meta = [{"repo_name": "owner/one", "sub_path": folder, "file_name": "a.py"} for folder in ("src", "src/a.py")]
    meta += [{"repo_name": "owner/one", "sub_path": "", "file_name": "b.py"}]
    ids = parquet(tmp_path / "meta.parquet", meta)
    expected = {("owner/one", "src/a.py"): "x = 2\n", ("owner/one", "b.py"): "y = 1\n"}
    assert outcomes(source(ids, "git", mirrors)) == expected
    assert outcomes(source(ids, "git", mirrors, first))["owner/one", "src/a.py"] == "x = 1\n"


def test_a_repository_is_opened_once_however_its_ids_are_scattered(
    one: tuple[Repository, str, str], mirrors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Repository(mirrors / "owner" / "two").commit(1, **{"a.py": b"a = 2\n", "b.py": b"b = 2\n"})
    opened: list[str] = []
    monkeypatch.setattr(lists, "ROWS", 2)
    monkeypatch.setattr(ids_mirrors, "picked", lambda mirror, *a: opened.append(mirror.name) or picked(mirror, *a))
    rows = [{"repo": f"owner/{n}", "path": p, "license": ["MIT"]} for p in ("b.py", "a.py") for n in ("two", "one")]
    for place in (lines(tmp_path / "ids.jsonl", [*rows, "{"]), parquet(tmp_path / "ids.parquet", rows, group=1)):
        opened.clear()
        assert outcomes(source(place, "git", mirrors)).items() >= {
            (("owner/two", "a.py"), "a = 2\n"),
            (("owner/two", "b.py"), "b = 2\n"),
            (("owner/one", "b.py"), "y = 1\n"),
            (("owner/one", "a.py"), "path_missing"),
        }
        assert opened == ["one", "two"]


def test_what_is_missing_is_told_apart(one: tuple[Repository, str, str], mirrors: Path, tmp_path: Path) -> None:
    _, first, second = one
    Repository(mirrors / "owner" / "damaged").commit(1, **{"a.py": b"1"})
    for object_ in (mirrors / "owner" / "damaged" / ".git" / "objects").glob("??/*"):
        object_.chmod(0o600)
        object_.write_bytes(b"damage")
    ids = [
        ("owner/none", second, "b.py", None),
        ("owner/one", "0" * 40, "b.py", None),
        ("owner/one", first, "bin", None),
        ("owner/one", second, "src", None),
        ("owner/one", second, "bin", None),
        ("owner/one", first, "b.py", "f" * 64),
        ("owner/one", first, ":(top)odd -name.py", None),
        ("owner/damaged", "HEAD", "a.py", None),
        ("owner/one", second, "../b.py", None),
        ("../../etc", second, "passwd", None),
        ("owner/one", "--help", "b.py", None),
        (None, None, "c.py", "f" * 64),
    ]
    rows = [dict(zip(("repo", "commit", "path", "sha256"), row, strict=True)) for row in ids]
    found = records(source(lines(tmp_path / "ids.jsonl", [*rows, "{"]), "git", mirrors))
    assert sorted((r.path, r.reason) for r in found) == sorted(
        [
            ("b.py", "repository_missing"),
            ("b.py", "commit_missing"),
            ("bin", "path_missing"),
            ("src", "path_missing"),
            ("bin", "binary"),
            ("b.py", "hash_differs"),
            (":(top)odd -name.py", None),
            ("a.py", "repository_damaged"),
            ("row 9", "malformed_id"),
            ("row 10", "malformed_id"),
            ("row 11", "malformed_id"),
            ("c.py", "malformed_id"),
            ("row 13", "malformed_id"),
        ]
    )
    assert {r.repo for r in found if r.reason == "malformed_id"} == {None}
    assert next(r.detail for r in found if r.path == "row 9") == (
        "expected a path inside of the repository, found '../b.py'"
    )
    limited = records(source(lines(tmp_path / "one.jsonl", rows[6:7]), "git", mirrors), Limits(max_file_bytes=3))
    assert [(r.reason, r.detail) for r in limited] == [("too_large", "expected at most 3 bytes, found 6")]


@pytest.mark.parametrize("form", ["blob:none", "blob:limit=1k"])
def test_of_a_partial_clone_what_is_there_is_found_by_any_name(
    one: tuple[Repository, str, str], mirrors: Path, tmp_path: Path, form: str
) -> None:
    repository, first, second = one
    repository.git("config", "uploadpack.allowFilter", "true")
    part = mirrors / "owner" / "part.git"
    clone = ["git", "clone", "-q", "--bare", f"--filter={form}", f"file://{repository.folder}", str(part)]
    subprocess.run(clone, check=True)
    lists_ = [[{"repo": "owner/part", "commit": c, "path": "src/a.py"}] for c in (first, second[:7], "main", None)]
    found = [outcomes(source(lines(tmp_path / "ids.jsonl", rows), "git", mirrors)) for rows in lists_]
    there = ["x = 1\n", "x = 2\n", "x = 2\n", "x = 2\n"]
    expected = there if form != "blob:none" else ["object_missing"] * 4
    assert [list(each.values()) for each in found] == [[text] for text in expected]


def test_a_machine_without_git_says_nothing_about_the_mirrors(
    one: tuple[Repository, str, str], mirrors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = source(lines(tmp_path / "ids.jsonl", [{"repo": "owner/one", "path": "b.py"}]), "git", mirrors)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="git"):
        records(unit)


def test_a_commit_that_two_begin_like_is_ambiguous(mirrors: Path, tmp_path: Path) -> None:
    repository = Repository(mirrors / "many")
    head = repository.git("cat-file", "commit", repository.commit(1, **{"a.py": b"1"}))
    begin: dict[str, bytes] = {}
    for number in count():
        body = f"{head}\n{number}\n".encode()
        short = hashlib.sha1(b"commit %d\0" % len(body) + body).hexdigest()[:4]
        if short in begin:
            break
        begin[short] = body
    for text in (begin[short], body):
        (tmp_path / "commit").write_bytes(text)
        repository.git("hash-object", "-w", "-t", "commit", str(tmp_path / "commit"))
    rows = [{"repo": "many", "commit": short, "path": "a.py"}, {"repo": "many", "commit": "HEAD", "path": "a.py"}]
    found = records(source(lines(tmp_path / "ids.jsonl", rows), "git", mirrors))
    assert [r.reason for r in found] == ["commit_ambiguous", None]


def test_the_fingerprint_follows_the_list_and_every_mirror(
    one: tuple[Repository, str, str], mirrors: Path, tmp_path: Path
) -> None:
    repository, first, _ = one
    rows = [
        {"repo": "owner/one", "commit": first, "path": "b.py"},
        {"repo": "owner/new", "commit": "main", "path": "a"},
    ]
    unit = source(lines(tmp_path / "ids.jsonl", rows), "git", mirrors)
    seen = [probe(unit).units]
    assert probe(unit).units == seen[0] and list(seen[0]) == [f"file://{tmp_path / 'ids.jsonl'}"]
    repository.commit(3, **{"b.py": b"y = 3\n"})
    seen.append(probe(unit).units)
    repository.git("update-ref", "refs/heads/main", first)
    seen.append(probe(unit).units)
    Repository(mirrors / "owner" / "new").commit(1, a=b"1")
    seen.append(probe(unit).units)
    assert outcomes(unit) == {("owner/one", "b.py"): "y = 1\n", ("owner/new", "a"): "1"}
    repository.git("repack", "-adq")
    seen.append(probe(unit).units)
    lines(tmp_path / "ids.jsonl", rows[:1])
    seen.append(probe(unit).units)
    seen.append(probe(source(tmp_path / "ids.jsonl", "git", mirrors, path="path")).units)
    assert len({str(units) for units in seen}) == len(seen)


def test_objects_of_a_store_that_mirrors_share_count(tmp_path: Path) -> None:
    network = Repository(tmp_path / "network")
    commit = network.commit(1, **{"a.py": b"x = 1\n"})
    fork = tmp_path / "mirrors" / "forks" / "one.git"
    subprocess.run(["git", "clone", "-q", "--bare", "--shared", str(network.folder), str(fork)], check=True)
    unit = source(
        lines(tmp_path / "i.jsonl", [{"repo": "forks/one", "commit": commit, "path": "a.py"}]), "git", fork.parents[1]
    )
    before = probe(unit).units
    assert outcomes(unit) == {("forks/one", "a.py"): "x = 1\n"}
    network.commit(2, **{"new.py": b"n\n"})
    assert probe(unit).units != before


def test_a_place_of_mirrors_that_is_none_is_named(tmp_path: Path) -> None:
    ids = lines(tmp_path / "ids.jsonl", [{"repo": "a/b", "path": "c"}])
    error = probe(source(ids, "git", tmp_path / "none")).error
    assert error == f"{tmp_path / 'none'}: expected a folder of git mirrors, found none: check the path"
    error = probe(source(ids, "git", "memory://mirrors")).error
    assert error is not None and error.startswith("memory://mirrors: expected git mirrors in a folder of this machine")
