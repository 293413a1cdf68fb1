"""Changes of histories as seeds, and the rows that recipe `commits` makes of them."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.udfs.recipes.driving import drive
from tests.udfs.recipes.repositories import History
from tests.udfs.recipes.scripts import CASES, seed
from udfs.recipes import bm25, commit_messages, commits, histories
from udfs.recipes.commits import Commits
from udfs.recipes.history_rows import Reading, history_batch
from udfs.removal.names import salted

MESSAGE = "Return the larger of the two numbers"
OLD, NEW = "def pick(a, b):\n    return a\n", "def pick(a, b):\n    return max(a, b)\n"


@pytest.fixture
def repository(tmp_path: Path) -> History:
    return History(tmp_path / "work")


USUAL = Commits()


def found(repository: History, number: int = 10, p: Commits = USUAL) -> list[histories.History]:
    return list(histories.histories(repository.folder, repository.git("rev-parse", "HEAD"), number, p))


def test_a_change_with_what_bears_on_it(repository: History) -> None:
    uses = "from app.pick import pick\n\n\ndef larger_numbers(rows):\n    return [pick(a, b) for a, b in rows]\n"
    others = {f"app/other{n}.py": f"def other{n}():\n    return {n}\n" for n in range(5)}
    repository.commit("begin", {"app/pick.py": OLD, "app/uses.py": uses, **others, "README.md": "pick numbers"})
    commit = repository.commit(
        f"{MESSAGE}\n\nSigned-off-by: Bob <bob@example.org>", {"app/pick.py": NEW}, author="ann@example.org"
    )
    (one,) = found(repository, p=Commits(context=1))
    assert one.fields["message"] == MESSAGE and one.fields["commit"] == commit and one.language == "python"
    (file,) = json.loads(one.fields["files"])
    assert file == {"path": "app/pick.py", "language": "python", "before": OLD, "after": NEW}
    (context,) = json.loads(one.fields["context"])
    assert context["path"] == "app/uses.py" and "pick(a, b)" in context["text"]
    assert set(one.people) == {"ann@example.org", "bob@example.org"}
    ids = {path: {hashlib.sha256(t.encode()).hexdigest() for t in texts} for path, texts in
           (("app/pick.py", (OLD, NEW)), ("app/uses.py", (uses,)))}  # fmt: skip
    assert {f.path: set(f.content_ids) for f in one.files} == ids


def test_who_wrote_what_a_change_shows_stands_beside_it(repository: History) -> None:
    repository.commit("begin", {"a.py": OLD, "b.py": "def two():\n    return pick(1, 2)\n"}, author="first@x.org")
    repository.commit("b is another one", {"b.py": "def two():\n    return pick(2, 2)\n"}, author="second@x.org")
    repository.commit(MESSAGE, {"a.py": NEW}, author="third@x.org")
    one = next(one for one in found(repository) if one.fields["message"] == MESSAGE)
    assert {f.path: set(f.people) for f in one.files} == {
        "a.py": {"first@x.org", "third@x.org"},
        "b.py": {"second@x.org"},
    }


def test_what_is_no_task_is_no_seed(repository: History) -> None:
    repository.commit("begin", {"a.py": OLD, "data.csv": "1\n", "lib.py": "x = 1\n"})
    repository.commit("Merge branch x into main and more words", {"a.py": OLD + "# 1\n"})
    repository.commit("short", {"a.py": OLD + "# 2\n"})
    repository.commit("A robot says many words here", {"a.py": OLD + "# 3\n"}, author="49699333+dependabot[bot]@x.y")
    repository.commit("A table of numbers is no program", {"data.csv": "2\n"})
    repository.commit("Only white space moves in this one", {"lib.py": "x  =  1\n\n"})
    repository.commit("Bytes that nobody can read at all", {"lib.py": b"\x00\x01\x02"})
    repository.commit("A file that is taken away again", {"lib.py": None})
    repository.commit("A new file without any that was there", {"new.py": NEW})
    assert found(repository) == []
    repository.commit(MESSAGE, {"a.py": NEW, "new.py": OLD})
    assert [one.fields["message"] for one in found(repository)] == [MESSAGE]
    assert found(repository, p=Commits(most_files=1)) == [] and found(repository, p=Commits(most_lines=1)) == []


def test_draws_are_a_hash_of_commits_so_that_a_longer_history_keeps_them(repository: History) -> None:
    repository.commit("begin", {"a.py": "a = 0\n"})
    for number in range(12):
        repository.commit(f"Make the number of this file {'x' * (number + 2)} now", {"a.py": f"a = {number + 1}\n"})
    before = found(repository, 5)
    assert len(before) == 5 and before == found(repository, 20)[:5]
    repository.commit("Make the number of this file another one", {"a.py": "a = 100\n"})
    assert len({one.fields["commit"] for one in found(repository, 6)} & {o.fields["commit"] for o in before}) >= 5


def test_nobody_s_address_and_no_password_stands_in_a_seed(repository: History) -> None:
    secret = "ghp_" + "x7Yq2Lm9Rt4Kp8Wz3Vn6Bc1Df5Gh0Js2Qa9E"
    repository.commit("begin", {"a.py": f'TOKEN = "{secret}"\nN = 1\n'})
    repository.commit(
        "Count two things as carl.smith@corp.com asked for\n\nReviewed-by: D <dora@corp.com>",
        {"a.py": f'TOKEN = "{secret}"\nN = 2\n'},
    )
    (one,) = found(repository)
    said = json.dumps(dict(one.fields))
    assert secret not in said and "carl.smith" not in said and "dora" not in said and "dora@corp.com" in one.people


@pytest.mark.parametrize(
    ("message", "kept", "people"),
    [
        ("Fix it\n\nWhy: because\n\nCo-authored-by: A <a@b.c>\nChange-Id: I1", "Fix it\n\nWhy: because", ("a@b.c",)),
        ("Signed-off-by: A <A@b.c>", "", ("a@b.c",)),
        ("Read key: value lines\n\nname: x\nother: y", "Read key: value lines\n\nname: x\nother: y", ()),
        ("One\r\n\r\nTwo", "One\n\nTwo", ()),
    ],
)
def test_trailers_are_no_part_of_a_message(message: str, kept: str, people: tuple[str, ...]) -> None:
    assert commit_messages.told(message) == (kept, people)


@pytest.mark.parametrize("message", ["Revert the last change of it", "v1.2.3 is out for all", "Bump a from b to c",
                                     "fixup! the other one there", "WIP on the new parser now"])  # fmt: skip
def test_messages_that_ask_for_nothing(message: str) -> None:
    assert not commit_messages.is_task(message, "a@b.c", 3, 100)


@pytest.mark.parametrize(
    "message",
    [
        *("Merge branch 'main' into topic of mine", "Merge pull request #3 from a/b", "Merge x into main and more"),
        *("Release 1.2.3 of the library", "Prepare for release of the next one", "Bump lodash from 4.1.0 to 4.2.0"),
        *("Bump version to the next one", "Release v2.0", "Automatic update of all files", "Reverts the change of it"),
        *("release: core 1.4.0 is out", "Update README with a picture", "chore(deps): update the lock file"),
    ],
)
def test_messages_of_tools_and_releases(message: str) -> None:
    assert not commit_messages.is_task(message, "a@b.c", 2, 100)


@pytest.mark.parametrize(
    "message",
    [
        *("Merge two sorted lists in place", "Release the lock when the thread ends", "Bump the timeout of slow tests"),
        *("Automatically retry what was reset", "Sync the cache before it is read", "Version numbers compare by parts"),
        *("Importing a module twice is harmless", "Releases are listed newest first", "Automatic retries have a bound"),
        *("Merge the two loops into one", "Merge branches of the tree that are equal"),
        *("Merging of configs keeps the order", "Reversion of strings works for emoji"),
    ],
)
def test_tasks_that_begin_as_a_tool_would(message: str) -> None:
    assert commit_messages.is_task(message, "a@b.c", 3, 100)


@given(st.lists(st.text("ab ", max_size=12), max_size=6), st.text("ab ", max_size=12))
def test_bm25_ranks_shared_words_above_none(documents: list[str], query: str) -> None:
    counted = [bm25.words(text) for text in documents]
    asked = bm25.words(query)
    found = bm25.scores(asked, counted)
    assert [score > 0 for score in found] == [bool(asked.keys() & c.keys()) for c in counted]


def test_names_are_words() -> None:
    expected = {"read", "file", "now", "readfile", "http", "server", "httpserver"}
    assert bm25.words("readFile_now HTTPServer x é").keys() == expected


@given(st.text("ab\n", max_size=60), st.integers(0, 30))
def test_a_window_is_whole_lines_within_its_size(text: str, most: int) -> None:
    shown = histories.window(text, {"aa": 1, "ab": 1}, most)
    assert len(shown) < max(most, 1) + 1 and (not shown or f"\n{shown}\n" in f"\n{text}\n")


def test_rows_have_both_scores_and_the_root_of_their_product() -> None:
    case = CASES["commits"]
    done = drive(commits.RECIPE, case.seed, case.script, case.settings)
    text, conversation = done.rows
    assert (text.target, conversation.target) == ("code_changes", "instructions")
    assert text.scores["score"] == pytest.approx(math.sqrt(4 * 1)) and text.scores["lines"] == 2
    assert text.parts["diff"] == "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a = 0\n+a = 1\n"
    asked, answer = conversation.messages
    assert "import a" in asked["content"] and "a = 0" in asked["content"] and "a = 1" not in asked["content"]
    assert text.parts["diff"].strip() in answer["content"]


def test_without_a_judge_no_model_is_asked() -> None:
    case = CASES["commits"]
    done = drive(commits.RECIPE, case.seed, {}, Commits(judge=False, form="files"))
    assert "a = 1" in done.rows[1].messages[1]["content"] and "score" not in done.rows[0].scores
    assert commits.times(Commits(judge=False)) == {"code": 0.0, "message": 0.0}


def test_a_program_that_was_broken_by_its_change_is_dropped() -> None:
    files = [{"path": "a.py", "language": "python", "before": "a = 0\n", "after": "a = (\n"}]
    done = drive(commits.RECIPE, seed({"message": "m", "files": json.dumps(files)}), {}, Commits(judge=False))
    assert done.why == "syntax_error"


@given(st.text("a\n\x0c\u2028", max_size=12), st.text("a\n\x0c\u2028", max_size=12))
def test_a_diff_counts_what_it_takes_out_and_puts_in(before: str, after: str) -> None:
    file = {"path": "a", "language": "", "before": before, "after": after}
    assert (commits.changed_lines([file]) == 0) == (before == after) == (commits.diff(file) == "")


def test_rows_of_a_batch_name_everybody_by_a_salted_hash_and_say_what_cannot_be_read(
    repository: History, tmp_path: Path
) -> None:
    repository.commit("begin", {"a.py": OLD})
    commit = repository.commit(MESSAGE, {"a.py": NEW})
    about = {"source_id": "s", "unit": "u", "repo_id": "r", "repo": "o/n", "licence": "MIT", "revision": commit}
    places = [str(repository.folder), str(tmp_path / "nowhere"), str(repository.folder)]
    rows = [about | {"location": place} for place in places]
    rows[2]["revision"] = "0" * 40
    reading = Reading(5, Commits(), "salt")
    out = [row for b in history_batch(reading, pa.RecordBatch.from_pylist(rows)) for row in b.to_pylist()]
    assert [row["reason"] for row in out] == [None, "unreachable", "damaged"]
    assert out[0]["files"][0]["authors"] == [salted("author", "ann@example.org", "salt")] and out[0]["licence"] == "MIT"
    assert (
        reading.version() != Reading(6, Commits(), "salt").version() != Reading(6, Commits(context=1), "salt").version()
    )
