"""What commits changed, read from real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.udfs.recipes.repositories import History
from udfs.reading.git_changes import Change, changes
from udfs.reading.git_command import RepositoryError
from udfs.reading.git_objects import objects


@pytest.fixture
def repository(tmp_path: Path) -> History:
    return History(tmp_path / "work")


def read(repository: History, most: int = 3) -> list[Change]:
    return list(changes(repository.folder, repository.git("rev-parse", "HEAD"), most))


def test_a_commit_says_its_message_its_parent_and_both_objects_of_each_path(repository: History) -> None:
    first = repository.commit("Begin", {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    second = repository.commit("Two lines\n\n:and a colon\n/and a slash", {"a.py": "a = 2\n", "c d\n.py": "c = 1\n"})
    newest, oldest = read(repository)
    assert (newest.commit, newest.parent, oldest.commit, oldest.parent) == (second, first, first, "")
    assert newest.message == "Two lines\n\n:and a colon\n/and a slash" and newest.author == "ann@example.org"
    assert [t.path for t in newest.touched] == [b"a.py", b"c d\n.py"]
    assert newest.touched[1].before == "" and newest.touched[0].before == oldest.touched[0].after
    with objects(repository.folder) as get:
        assert get(newest.touched[0].after, 100) == b"a = 2\n"
        assert get(newest.touched[0].after, 5) is None and get("0" * 40, 5) is None
        assert get(newest.touched[0].before, 100) == b"a = 1\n"  # and what was too long did not shift the next


@pytest.mark.parametrize("message", ["", "\x01", "é" * 3000])
def test_messages_of_any_kind(repository: History, message: str) -> None:
    repository.commit("first", {"a": "1"})
    repository.commit(message, {"a": "2"})
    assert [c.message for c in read(repository)] == [message.strip(), "first"]


def test_merges_deletions_links_and_large_commits(repository: History) -> None:
    repository.commit("first", {"a": "1", "gone": "2"})
    repository.git("checkout", "-qb", "side")
    repository.commit("on the side", {"b": "1"})
    repository.git("checkout", "-q", "main")
    repository.commit("takes one away", {"gone": None})
    (repository.folder / "link").symlink_to("a")
    repository.commit("a link", {})
    repository.git("merge", "-q", "--no-ff", "-m", "together", "side")
    repository.commit("many", {f"f{n}": str(n) for n in range(4)})
    repository.commit("nothing", {})
    found = {c.message: c for c in read(repository)}
    assert found.keys() == {"first", "on the side", "takes one away", "a link"}
    assert found["takes one away"].touched[0].after == ""
    assert found["a link"].touched[0] == (b"link", "", "")
    assert len(read(repository, 4)) == 5


def test_a_damaged_history_is_said(repository: History) -> None:
    commit = repository.commit("first", {"a": "1"})
    (repository.folder / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
    with pytest.raises(RepositoryError, match="work"):
        list(changes(repository.folder, commit, 3))


def test_a_shallow_clone_gives_what_it_has(repository: History, tmp_path: Path) -> None:
    repository.commit("first", {"a": "1"})
    commit = repository.commit("second", {"a": "2"})
    repository.git("clone", "-q", "--bare", "--depth", "1", f"file://{repository.folder}", str(tmp_path / "shallow"))
    (only,) = changes(tmp_path / "shallow", commit, 3)
    assert only.message == "second"
