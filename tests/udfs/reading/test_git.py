"""Reading real repositories: trees, times, refusals, damage, and a repository that means harm."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import threading
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from udfs.reading.git import GitFile, RepositoryError, UnreachableError, files, is_remote, local_copy, resolve


class Repository:
    """A repository in a folder, with a clock that the test sets."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.day = folder, 1
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        who = {f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        when = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"2020-01-{self.day:02}T00:00:00Z")
        clean = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always", *arguments]
        environment = os.environ | who | when | clean
        done = subprocess.run(command, cwd=self.folder, env=environment, check=True, capture_output=True)
        return done.stdout.decode().strip()

    def write(self, path: str, data: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def commit(self, day: int, **written: bytes) -> str:
        for name, data in written.items():
            self.write(name, data)
        self.day = day
        self.git("add", "-A")
        self.git("commit", "-qm", f"day {day}", "--allow-empty")
        return self.git("rev-parse", "HEAD")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "work")


def read(folder: Path, revision: str | None = None, max_file_bytes: int = 1000) -> dict[str, GitFile]:
    commit = resolve(str(folder), revision)
    with local_copy(str(folder)) as path:
        return {file.path: file for file in files(path, commit, max_file_bytes)}


def day(number: int) -> datetime:
    return datetime(2020, 1, number, tzinfo=UTC)


def test_every_file_of_a_revision_comes_with_its_content_and_newest_commit(repository: Repository) -> None:
    first = repository.commit(1, a=b"old", b=b"b", gone=b"x")
    (repository.folder / "gone").unlink()
    repository.commit(2, a=b"new", empty=b"")
    repository.commit(3)
    found = read(repository.folder)
    assert {path: (file.data, file.commit_time) for path, file in found.items()} == {
        "a": (b"new", day(2)),
        "b": (b"b", day(1)),
        "empty": (b"", day(2)),
    }
    assert {path: file.data for path, file in read(repository.folder, first).items()} == {
        "a": b"old",
        "b": b"b",
        "gone": b"x",
    }


def test_a_merge_counts_for_what_it_changed_itself(repository: Repository) -> None:
    repository.commit(1, a=b"1", side=b"1", both=b"1")
    repository.git("checkout", "-qb", "topic")
    repository.commit(2, side=b"2")
    repository.git("checkout", "-q", "main")
    repository.commit(3, a=b"3")
    repository.git("merge", "-q", "--no-commit", "topic")
    repository.commit(4, both=b"evil")
    times = {path: file.commit_time for path, file in read(repository.folder).items()}
    assert times == {"a": day(3), "both": day(4), "side": day(2)}


def test_strange_paths_are_kept_as_they_are(repository: Repository) -> None:
    names = ["\n first", " spaced\ttab", '"quoted"', "名前/é.py", "-dash", "back\\slash"]
    for name in names:
        repository.write(name, name.encode())
    repository.commit(1)
    repository.git("checkout", "-qb", "topic")
    repository.commit(2, b=b"1")
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "--no-commit", "topic")
    repository.write("\n first", b"changed by the merge")
    repository.commit(3)
    found = read(repository.folder)
    assert set(found) == {*names, "b"}
    assert {path: file.commit_time for path, file in found.items() if path != "b"} == dict.fromkeys(names, day(1)) | {
        "\n first": day(3)
    }


def test_links_submodules_and_large_files_are_refused(repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    commit = other.commit(1, x=b"1")
    repository.git("submodule", "--quiet", "add", str(other.folder), "sub")
    (repository.folder / "sym").symlink_to("large")
    repository.commit(1, large=b"1" * 1001, fits=b"1" * 1000)
    found = read(repository.folder)
    problems = {path: file.problem for path, file in found.items() if file.problem}
    assert problems == {"large": "too_large", "sub": "submodule", "sym": "link"}
    assert found["sub"].detail == f"at commit {commit}"
    assert found["large"].size == 1001
    assert all((file.data is None) == (file.problem is not None) for file in found.values())


def test_more_files_than_one_batch_are_read_in_order(repository: Repository) -> None:
    for index in range(700):
        repository.write(f"d/{index}", b"line\n" * index)
    repository.commit(1)
    found = read(repository.folder, max_file_bytes=10_000)
    assert all(found[f"d/{index}"].data == b"line\n" * index for index in range(700))


def test_a_missing_object_is_reported_and_the_others_are_read(repository: Repository) -> None:
    repository.commit(1, a=b"here", b=b"lost")
    blob = repository.git("rev-parse", "HEAD:b")
    (repository.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    found = read(repository.folder)
    assert (found["a"].data, found["b"].problem, found["b"].data) == (b"here", "missing_object", None)
    assert found["b"].detail == f"blob {blob}"


def test_incomplete_history_gives_no_times(repository: Repository) -> None:
    first = repository.commit(1, a=b"1")
    repository.commit(2, b=b"1")
    (repository.folder / ".git/objects" / first[:2] / first[2:]).unlink()
    assert {path: file.commit_time for path, file in read(repository.folder).items()} == {"a": None, "b": None}


@pytest.mark.parametrize(
    "date", ["", "-5 +0000", "253402300800 +0000", "99999999999999999999 +0000", "soon", "1577836800000 +0000"]
)
def test_a_commit_without_a_date_costs_only_the_date(repository: Repository, date: str) -> None:
    first = repository.commit(1, a=b"1", b=b"1")
    repository.write("b", b"2")
    repository.git("add", "-A")
    lines = [f"tree {repository.git('write-tree')}", f"parent {first}", "author A <a@b.c> 1 +0000"]
    (repository.folder / ".git" / "odd").write_text("\n".join([*lines, f"committer A <a@b.c> {date}", "", "odd\n"]))
    odd = repository.git("hash-object", "-t", "commit", "-w", "--literally", ".git/odd")
    repository.git("update-ref", "refs/heads/main", odd)
    found = read(repository.folder)
    assert {path: (file.data, file.commit_time) for path, file in found.items()} == {
        "a": (b"1", day(1)),
        "b": (b"2", None),
    }
    repository.commit(3, b=b"3")
    assert read(repository.folder)["b"].commit_time == day(3)


@pytest.mark.parametrize("form", ["--filter=blob:none", "--filter=tree:0", "--filter=blob:limit=4"])
def test_of_a_partial_clone_what_is_there_is_read(repository: Repository, tmp_path: Path, form: str) -> None:
    (repository.folder / "d").mkdir()
    (repository.folder / "e").mkdir()
    repository.commit(1, **{"d/a": b"1", "e/b": b"2 is larger", "c": b"3"})
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("config", "uploadpack.allowAnySHA1InWant", "true")
    place = tmp_path / 'a part: "1"'
    repository.git("clone", "-q", form, "--sparse", f"file://{repository.folder}", str(place))
    repository.git("-C", str(place), "sparse-checkout", "set", "d")
    found = {path: (file.data, file.problem) for path, file in read(place).items()}
    there = {"c": (b"3", None), "d/a": (b"1", None), "e/b": (None, "missing_object")}
    assert found == there or (form == "--filter=tree:0" and found == {**there, "e": (None, "missing_object")})


def test_a_folder_that_is_missing_is_named_and_the_rest_read(repository: Repository) -> None:
    for folder in ("d", "e", "e/f"):
        (repository.folder / folder).mkdir()
    repository.commit(1, **{"a": b"1", "d/b": b"2", "e/c": b"3", "e/f/g": b"4", "z": b"5"})
    for name in ("HEAD:d", "HEAD:e/f"):
        tree = repository.git("rev-parse", name)
        (repository.folder / ".git/objects" / tree[:2] / tree[2:]).unlink()
    found = {path: (file.data, file.problem) for path, file in read(repository.folder).items()}
    lost = (None, "missing_object")
    assert found == {"a": (b"1", None), "d": lost, "e/c": (b"3", None), "e/f": lost, "z": (b"5", None)}
    assert list(found) == sorted(found)


def damage(repository: Repository, name: str, data: bytes) -> None:
    oid = repository.git("rev-parse", name)
    file = repository.folder / ".git/objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    file.write_bytes(data)


def test_a_damaged_object_counts_as_missing_as_far_as_git_can_tell(repository: Repository) -> None:
    commit = repository.commit(1, a=b"1", b=b"2")
    damage(repository, "HEAD:a", b"damage")
    assert read(repository.folder)["a"].problem == "missing_object"
    assert read(repository.folder)["b"].data == b"2"
    # Its header still tells a size, so that only reading it shows the damage.
    damage(repository, "HEAD:a", zlib.compress(b"blob 1\0" + b"1")[:-2])
    with pytest.raises(RepositoryError, match="expected git cat-file"):
        list(files(repository.folder, commit))


def test_a_damaged_tree_is_an_error(repository: Repository) -> None:
    commit = repository.commit(1, a=b"1")
    damage(repository, "HEAD^{tree}", b"damage")
    with pytest.raises(RepositoryError, match="expected git ls-tree"):
        list(files(repository.folder, commit))


def test_a_reader_that_stops_early_leaves_no_process(repository: Repository) -> None:
    for index in range(300):
        repository.write(str(index), b"x" * 1000)
    commit = repository.commit(1)
    reader = files(repository.folder, commit)
    next(reader)
    reader.close()


def test_bare_repositories_tags_and_branches_are_read(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit(1, a=b"1")
    repository.git("tag", "-am", "first", "v1")
    second = repository.commit(2, a=b"2")
    repository.git("clone", "-q", "--bare", str(repository.folder), str(tmp_path / "bare.git"))
    bare = str(tmp_path / "bare.git")
    assert [resolve(bare, name) for name in (None, "main", "v1", "HEAD~1")] == [second, second, first, first]
    assert read(tmp_path / "bare.git", "v1")["a"].data == b"1"
    assert resolve(f"file://{bare}") == second


def test_what_is_no_repository_or_no_revision_says_so(repository: Repository, tmp_path: Path) -> None:
    repository.commit(1, a=b"1")
    (repository.folder / "inner").mkdir()
    with pytest.raises(UnreachableError, match="expected a git repository"):
        resolve(str(tmp_path / "nowhere"))
    with pytest.raises(RepositoryError, match="expected a commit named HEAD"):
        resolve(str(repository.folder / "inner"))
    (tmp_path / "some.bundle").write_bytes(b"x")
    with pytest.raises(RepositoryError, match="found a file"):
        resolve(str(tmp_path / "some.bundle"))
    with pytest.raises(RepositoryError, match="named nonsense"):
        resolve(str(repository.folder), "nonsense")
    for location, revision in ((str(repository.folder), "--all"), ("--upload-pack=touch x", "HEAD")):
        with pytest.raises(RepositoryError, match="which is neither"):
            resolve(location, revision)


def test_remote_locations_are_told_from_paths() -> None:
    remote = ["https://host/a.git", "ssh://host/a", "git@host:a/b.git", "ext::sh -c true", "git://h/a"]
    assert [is_remote(location) for location in remote] == [True, True, True, False, True]
    assert not any(map(is_remote, ["/a/b", "a/b", "file:///a", "./x@y:z"]))


def test_a_remote_is_cloned_and_the_clone_removed(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit(1, a=b"1")
    repository.git("tag", "-am", "first", "v1")
    second = repository.commit(2, a=b"2")
    repository.git("clone", "-q", "--bare", str(repository.folder), str(tmp_path / "served" / "r.git"))
    repository.git("-C", str(tmp_path / "served" / "r.git"), "update-server-info")
    handler = functools.partial(QuietHandler, directory=str(tmp_path / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/r.git"
        assert [resolve(url, name) for name in (None, "main", "v1", first)] == [second, second, first, first]
        with pytest.raises(RepositoryError, match="the remote does not have"):
            resolve(url, "nowhere")
        with local_copy(url) as clone:
            found = {file.path: (file.data, file.commit_time) for file in files(clone, second)}
        assert found == {"a": (b"2", day(2))} and not clone.exists()
        server.shutdown()


def test_an_unreachable_remote_is_no_content_error() -> None:
    for call in (resolve, lambda location: local_copy(location).__enter__()):
        with pytest.raises(UnreachableError, match="found"):
            call("http://127.0.0.1:9/a.git")


def test_nothing_in_the_repository_is_run(repository: Repository, tmp_path: Path) -> None:
    repository.commit(1, a=b"1", b=b"2")
    trap = tmp_path / "trap"
    command = f"touch {trap}; false"
    for setting in ("core.fsmonitor", "core.sshCommand", "core.pager", "gpg.program", "diff.external", "core.askPass"):
        repository.git("config", setting, command)
    repository.git("config", "log.showSignature", "true")
    repository.git("config", "remote.origin.url", f"ext::sh -c 'touch {trap}'")
    repository.git("config", "remote.origin.promisor", "true")
    repository.git("config", "extensions.partialClone", "origin")
    repository.git("config", "protocol.ext.allow", "always")
    blob = repository.git("rev-parse", "HEAD:b")
    (repository.folder / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert {path: file.problem for path, file in read(repository.folder).items()}.get("a", "absent") is None
    assert not trap.exists()


def test_the_author_is_that_of_the_newest_commit(repository: Repository) -> None:
    repository.commit(1, a=b"1", b=b"1")
    repository.git(
        "-c", "user.name=x", "commit", "-qm", "by another", "--allow-empty", "--author", "J O <Jane@Example.org>"
    )
    repository.write("b", b"2")
    repository.git("add", "-A")
    repository.day = 3
    repository.git("commit", "-qm", "b", "--author", "J <Jane@Example.org>")
    found = read(repository.folder)
    assert {path: file.author for path, file in found.items()} == {"a": "a@b.c", "b": "Jane@Example.org"}
